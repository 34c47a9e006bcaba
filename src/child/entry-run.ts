/** One run of what the user wrote for a job: the actor `entry` of the session. */
import { fromPromise, type AnyActorLogic } from 'xstate';
import type { EntryAgent } from './agent-definition.ts';
import { runInJobContext } from './job-context-storage.ts';
import type { JobContext } from './job-context.ts';
import type { SessionListeners } from './session-listeners.ts';

/** What a run of `entry` works on. */
export interface EntryParts {
  ctx: JobContext;
  listeners: SessionListeners;
}

/** A function or a machine of the user's. */
export interface EntryRun {
  readonly logic: AnyActorLogic;
  /** Resolves when it is over, well or not. The session is closing: `ctx.signal` is aborted. */
  settled(): Promise<void>;
}

/** A run of the function `entry`. */
export class FunctionRun implements EntryRun {
  readonly logic: AnyActorLogic = fromPromise<unknown>(() => this.#start());
  readonly #agent: EntryAgent;
  readonly #ctx: JobContext;
  #run: Promise<void> = Promise.resolve();

  constructor(agent: EntryAgent, { ctx }: EntryParts) {
    this.#agent = agent;
    this.#ctx = ctx;
  }

  async settled(): Promise<void> {
    await this.#run.catch(() => {});
  }

  #start(): Promise<void> {
    const ctx = this.#ctx;
    this.#run = runInJobContext(ctx, async () => {
      // XState starts the actors of a machine before its first actions: let the worker hear that the session has started,
      // or it takes an entry that blocks or exits at once for a launch that failed, and tries it on other processes.
      await Promise.resolve();
      try {
        await this.#agent.entry(ctx);
      } catch (error) {
        if (!isAbort(error, ctx.signal)) throw error;
      }
    });
    return this.#run;
  }
}

/** True for the error of something that stopped because it was told to: that is no failure. */
export function isAbort(error: unknown, signal: AbortSignal): boolean {
  if (!signal.aborted) return false;
  return error === signal.reason || (error instanceof Error && error.name === 'AbortError');
}
