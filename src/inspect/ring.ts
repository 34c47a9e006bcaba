import type { Entry } from './entry.ts';

/** How much a ring holds. */
export interface RingLimits {
  messages: number;
  /** Characters of their texts. */
  length: number;
}

/** The last messages of a stream; what falls out is handed on. */
export class Ring {
  readonly #limits: RingLimits;
  readonly #onEvicted: (entry: Entry) => void;
  #entries: Entry[] = [];
  #first = 0;
  #length = 0;

  constructor(limits: RingLimits, onEvicted: (entry: Entry) => void) {
    this.#limits = limits;
    this.#onEvicted = onEvicted;
  }

  /** Adds a message. */
  add(entry: Entry): void {
    this.#entries.push(entry);
    this.#length += entry.text.length;
    while (this.#isFull()) this.#evict();
  }

  /** The messages, in order. */
  entries(): Entry[] {
    return this.#entries.slice(this.#first);
  }

  #isFull(): boolean {
    const { messages, length } = this.#limits;
    const count = this.#entries.length - this.#first;
    return count > messages || (this.#length > length && count > 1);
  }

  #evict(): void {
    const entry = this.#entries[this.#first];
    if (entry === undefined) return;
    this.#first += 1;
    this.#length -= entry.text.length;
    this.#onEvicted(entry);
    // Moving the array for each message would cost more than all the rest.
    if (this.#first < 1_024) return;
    this.#entries = this.#entries.slice(this.#first);
    this.#first = 0;
  }
}
