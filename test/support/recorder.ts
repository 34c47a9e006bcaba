/** Keeps what happened and lets a test wait for something that happens or has happened already. */

/** How long to wait, and for what, for the message of a failure. */
export interface WaitOptions {
  /** @defaultValue 10 000 ms */
  timeoutMs?: number;
  /** Looks only at what came after the first `from` items. */
  from?: number;
}

/** A list that can be waited on. */
export class Recorder<Item> {
  readonly items: Item[] = [];
  readonly #watchers = new Set<(item: Item) => void>();
  readonly #describe: (items: readonly Item[]) => string;

  /** `describe` tells what came instead, for the message when a wait times out. */
  constructor(describe: (items: readonly Item[]) => string = () => '') {
    this.#describe = describe;
  }

  /** Adds an item and tells who waits. */
  add(item: Item): void {
    this.items.push(item);
    for (const watcher of this.#watchers) watcher(item);
  }

  /** The first item that matches, be it here already or still to come. */
  waitFor(
    what: string,
    matches: (item: Item) => boolean,
    { timeoutMs = 10_000, from = 0 }: WaitOptions = {},
  ): Promise<Item> {
    const early = this.items.slice(from).find((item) => matches(item));
    if (early !== undefined) return Promise.resolve(early);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#watchers.delete(watcher);
        reject(
          new Error(
            `${what} did not come within ${timeoutMs} ms. ${this.#describe(this.items)}`.trim(),
          ),
        );
      }, timeoutMs);
      const watcher = (item: Item) => {
        if (!matches(item)) return;
        clearTimeout(timer);
        this.#watchers.delete(watcher);
        resolve(item);
      };
      this.#watchers.add(watcher);
    });
  }
}
