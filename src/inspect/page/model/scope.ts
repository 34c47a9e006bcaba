/** The entries that a list shows, found once and then kept up with the log. */
import type { Entry, Log } from './log.ts';

/** Indices of the entries that fit. */
export class Scope {
  readonly #log: Log;
  readonly #fits: (entry: Entry) => boolean;
  #indices: number[] = [];
  #seen = 0;

  constructor(log: Log, fits: (entry: Entry) => boolean) {
    this.#log = log;
    this.#fits = fits;
  }

  /** The indices, oldest first, after a look at what came since the last call. */
  get indices(): readonly number[] {
    const { first, end } = this.#log;
    const [oldest] = this.#indices;
    if (oldest !== undefined && oldest < first) {
      this.#indices = this.#indices.slice(this.positionOf(first));
    }
    for (let index = Math.max(this.#seen, first); index < end; index += 1) {
      const entry = this.#log.at(index);
      if (entry !== undefined && this.#fits(entry)) this.#indices.push(index);
    }
    this.#seen = end;
    return this.#indices;
  }

  /** Where in the list the first entry with at least that index is. */
  positionOf(index: number): number {
    let [low, high] = [0, this.#indices.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#indices[middle] ?? Infinity) < index) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
