/** Waiting by the server's clock, all of it given up when the server closes. */
import type { TimeSource } from '../clock.ts';

/** Timers of one server, or of one of its connections. */
export class Timers {
  readonly #clock: TimeSource;
  readonly #pending = new Set<unknown>();
  #isStopped = false;

  constructor(clock: TimeSource) {
    this.#clock = clock;
  }

  /** Reads the clock. */
  now(): number {
    return this.#clock.now();
  }

  /** Calls back once; the returned function gives it up. */
  after(delayMs: number, callback: () => void): () => void {
    if (this.#isStopped) return () => {};
    const timer = this.#clock.setTimeout(() => {
      this.#pending.delete(timer);
      callback();
    }, delayMs);
    this.#pending.add(timer);
    return () => {
      this.#pending.delete(timer);
      this.#clock.clearTimeout(timer);
    };
  }

  /** Resolves when the time is over: at once when there is none to wait. */
  wait(delayMs: number): Promise<void> {
    if (delayMs <= 0) return Promise.resolve();
    return new Promise((resolve) => void this.after(delayMs, resolve));
  }

  /** Gives up all that is pending, and all that is still asked for. */
  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#pending) this.#clock.clearTimeout(timer);
    this.#pending.clear();
  }
}
