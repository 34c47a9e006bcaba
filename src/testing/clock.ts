/** Time that tests hold in their hands. */
import { setImmediate as nextTurn } from 'node:timers/promises';

/** What keeps the time: XState's `Clock`, with a reading. `SimulatedClock` of `xstate` is one, too. */
export interface TimeSource {
  now(): number;
  setTimeout(callback: () => void, delayMs: number): unknown;
  clearTimeout(timer: unknown): void;
}

/** The time of this machine. */
export const realTime: TimeSource = {
  now: () => Date.now(),
  setTimeout: (callback, delayMs) => setTimeout(callback, delayMs),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
};

interface Timer {
  id: number;
  dueAtMs: number;
  callback: () => void;
}

/** How many turns of the event loop what a timer has started gets before time goes on. */
const turnsPerTimer = 4;

/** A clock that stands until it is told to go on. It goes from timer to timer, so that what one starts is not skipped. */
export class TestClock implements TimeSource {
  #nowMs: number;
  #nextId = 1;
  readonly #timers = new Map<number, Timer>();

  /** `startMs` is what it shows first. */
  constructor(startMs = 0) {
    this.#nowMs = startMs;
  }

  /** The time in milliseconds. */
  now(): number {
    return this.#nowMs;
  }

  /** Calls back once when the time has come. */
  setTimeout(callback: () => void, delayMs: number): number {
    const id = this.#nextId;
    this.#nextId += 1;
    this.#timers.set(id, { id, dueAtMs: this.#nowMs + Math.max(0, delayMs), callback });
    return id;
  }

  /** Forgets a timer. */
  clearTimeout(timer: unknown): void {
    this.#timers.delete(timer as number);
  }

  /** How long until the next timer is due; `null` when there is none. */
  nextDueInMs(): number | null {
    const next = this.#next();
    return next === null ? null : Math.max(0, next.dueAtMs - this.#nowMs);
  }

  /**
   * Lets that much time pass: each timer runs at its time, and `settle` is awaited after it, so that what it has started can
   * start timers of its own. By default a few turns of the event loop.
   */
  async advance(durationMs: number, settle: () => Promise<void> = settleTurns): Promise<void> {
    const endMs = this.#nowMs + durationMs;
    await settle();
    for (;;) {
      const next = this.#next();
      if (next === null || next.dueAtMs > endMs) break;
      this.#nowMs = Math.max(this.#nowMs, next.dueAtMs);
      this.#timers.delete(next.id);
      next.callback();
      await settle();
    }
    this.#nowMs = Math.max(this.#nowMs, endMs);
  }

  #next(): Timer | null {
    let first: Timer | null = null;
    for (const timer of this.#timers.values()) {
      if (first === null || timer.dueAtMs < first.dueAtMs) first = timer;
    }
    return first;
  }
}

async function settleTurns(): Promise<void> {
  for (let turn = 0; turn < turnsPerTimer; turn += 1) await nextTurn();
}
