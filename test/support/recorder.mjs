/** Keeps what happened, and lets others wait for something that happens or has happened already. */

/**
 * How long to wait, and from where to look.
 * @typedef {object} WaitOptions
 * @property {number} [timeoutMs] 10 000 ms unless given.
 * @property {number} [from] Looks only at what came after the first `from` items.
 */

/**
 * A list that can be waited on.
 * @template Item
 */
export class Recorder {
  /** @type {Item[]} */
  items = [];
  /** @type {Set<(item: Item) => void>} */
  #watchers = new Set();
  #describe;

  /** @param {(items: readonly Item[]) => string} [describe] Tells what came instead, for the message of a wait in vain. */
  constructor(describe = () => '') {
    this.#describe = describe;
  }

  /**
   * Adds an item and tells who waits.
   * @param {Item} item
   */
  add(item) {
    this.items.push(item);
    for (const watcher of this.#watchers) watcher(item);
  }

  /**
   * Calls back for every item from now on.
   * @param {(item: Item) => void} watcher
   */
  watch(watcher) {
    this.#watchers.add(watcher);
  }

  /**
   * The first item that matches, be it here already or still to come.
   * @param {string} what For the message of a wait in vain: "<what> did not come within …".
   * @param {(item: Item) => boolean} matches
   * @param {WaitOptions} [options]
   * @returns {Promise<Item>}
   */
  waitFor(what, matches, { timeoutMs = 10_000, from = 0 } = {}) {
    const early = this.items.slice(from).find((item) => matches(item));
    if (early !== undefined) return Promise.resolve(early);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#watchers.delete(watcher);
        const seen = this.#describe(this.items);
        reject(new Error(`${what} did not come within ${timeoutMs} ms. ${seen}`.trim()));
      }, timeoutMs);
      const watcher = (/** @type {Item} */ item) => {
        if (!matches(item)) return;
        clearTimeout(timer);
        this.#watchers.delete(watcher);
        resolve(item);
      };
      this.#watchers.add(watcher);
    });
  }
}
