/** The signals by which a program is asked to end. */
import { constants } from 'node:os';

/** Those that a worker answers itself. */
export const endSignals = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const;

/** A signal by which a program is asked to end. */
export type EndSignal = (typeof endSignals)[number];

/**
 * Ctrl-C reaches every process of a terminal, and `npm start` passes it on to its child as well: the same signal again
 * within this time is the same request.
 */
const echoMs = 100;

/** Keeps signals from ending the process. Those that come before anyone listens are kept. */
export class SignalTrap {
  #early: EndSignal[] = [];
  #listener: ((signal: EndSignal) => void) | null = null;
  readonly #lastAt = new Map<EndSignal, number>();

  constructor() {
    for (const signal of endSignals) process.on(signal, () => this.#receive(signal));
  }

  /** Calls `listener` for each signal, those that came before included. */
  listen(listener: (signal: EndSignal) => void): void {
    this.#listener = listener;
    for (const signal of this.#early.splice(0)) listener(signal);
  }

  #receive(signal: EndSignal): void {
    const now = performance.now();
    const lastAt = this.#lastAt.get(signal);
    this.#lastAt.set(signal, now);
    if (lastAt !== undefined && now - lastAt < echoMs) return;
    if (this.#listener === null) this.#early.push(signal);
    else this.#listener(signal);
  }
}

/** The exit code of a program that a signal has ended, as shells know it: 130 for SIGINT, 143 for SIGTERM. */
export function exitCodeOf(signal: EndSignal): number {
  return 128 + constants.signals[signal];
}
