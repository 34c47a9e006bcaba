import type { Logger } from 'pino';
import type { CloseReason } from '../../machines/messages.ts';

/** What `ctx.on()` tells of. */
export interface SessionEvents {
  /** The worker drains: the session may run on, until `deadlineMs` from now, or without an end (`null`). A drain that is called off is not told. */
  drain: { deadlineMs: number | null };
  /** The session ends, and why. `detail` is the text given to `ctx.shutdown()`, or what an error said. */
  shutdown: { reason: CloseReason; detail: string };
}

/** A function that is told of a session event. */
export type SessionListener<Name extends keyof SessionEvents> = (
  event: SessionEvents[Name],
) => unknown;

/** The listeners of a session. What they throw is logged and hurts nobody else. */
export class SessionListeners {
  readonly #logger: Logger;
  readonly #listeners: { [Name in keyof SessionEvents]: Set<SessionListener<Name>> } = {
    drain: new Set(),
    shutdown: new Set(),
  };

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Adds a listener; the returned function removes it. */
  on<Name extends keyof SessionEvents>(name: Name, listener: SessionListener<Name>): () => void {
    this.#listeners[name].add(listener);
    return () => void this.#listeners[name].delete(listener);
  }

  /** Tells all listeners at once. */
  tell<Name extends keyof SessionEvents>(name: Name, event: SessionEvents[Name]): void {
    for (const listener of this.#listeners[name]) {
      this.#call(name, () => listener(event));
    }
  }

  #call(name: string, run: () => unknown): void {
    const failed = (error: unknown) =>
      this.#logger.error({ err: error, listener: name }, 'session listener failed');
    try {
      Promise.resolve(run()).catch(failed);
    } catch (error) {
      failed(error);
    }
  }
}
