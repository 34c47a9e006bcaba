/** The actors of the session machines: what they name, done in a real room with the user's code. */
import type { Logger } from 'pino';
import { fromCallback, fromPromise, type EventObject } from 'xstate';
import type { CloseReason } from '../../machines/messages.ts';
import { sessionCloseMachine } from '../../machines/session-close/session-close.machine.ts';
import type { CloseCause } from '../../machines/session-close/session-close.types.ts';
import { sessionMachine } from '../../machines/session/session.machine.ts';
import type { Participant } from '../../machines/session/session.types.ts';
import type { AgentDefinition } from './agent-definition.ts';
import { runInJobContext } from './job-context-storage.ts';
import type { JobContext, ShutdownCallback } from './job-context.ts';
import type { RoomConnection } from './room-connection.ts';
import type { RoomDeletion } from './room-deletion.ts';
import type { SessionDirectory } from './session-directory.ts';
import type { SessionListeners } from './session-listeners.ts';

/** What the steps of a session work on. */
export interface SessionParts {
  agent: AgentDefinition;
  ctx: JobContext;
  connection: RoomConnection;
  deletion: RoomDeletion;
  directory: SessionDirectory;
  listeners: SessionListeners;
  /** Aborted when the session ends. */
  controller: AbortController;
  logger: Logger;
  /** Ends the threads of the native library. */
  dispose: () => Promise<void>;
}

/** The session machine with everything it needs put in: the only `.provide()` in a job process. */
export function provideSession(parts: SessionParts): typeof sessionMachine {
  const entry = new EntryRun(parts);
  return sessionMachine.provide({
    actors: {
      entry: fromPromise<unknown>(() => entry.start()),
      room: fromCallback<EventObject, { linked: Participant | null }>(({ input, sendBack }) =>
        parts.connection.watch(input.linked, sendBack),
      ),
      sessionClose: sessionCloseMachine.provide({ actors: closeActors(parts, entry) }),
    },
  });
}

type Step = (cause: CloseCause) => unknown;

const step = (run: Step) => fromPromise<unknown, CloseCause>(async ({ input }) => run(input));

function closeActors(parts: SessionParts, entry: EntryRun) {
  const { agent, ctx, connection, deletion, directory, logger } = parts;
  return {
    settleEntry: step((cause) => {
      parts.controller.abort(new SessionEndedError(cause));
      runInJobContext(ctx, () => parts.listeners.tell('shutdown', cause));
      return entry.settled();
    }),
    endSession: step(() => runInJobContext(ctx, () => agent.onSessionEnd?.(ctx))),
    settleConnect: step(() => connection.settled()),
    deleteRoom: step(() => deletion.delete()),
    leaveRoom: step(() => connection.leave()),
    runCallbacks: step((cause) =>
      runInJobContext(ctx, () => runCallbacks(ctx.shutdownCallbacks, cause, logger)),
    ),
    flushLogs: step(() => flushed(logger)),
    disposeNative: step(async () => {
      directory.remove();
      await parts.dispose();
    }),
  };
}

/** The reason of `ctx.signal`. Its name is that of every abort, so that it can be told from real errors. */
class SessionEndedError extends Error {
  override readonly name = 'AbortError';
  readonly reason: CloseReason;

  constructor({ reason, detail }: CloseCause) {
    super(`The session ends: ${reason}${detail === '' ? '' : ` (${detail})`}.`);
    this.reason = reason;
  }
}

/** One run of `entry`. */
class EntryRun {
  readonly #parts: SessionParts;
  #run: Promise<void> = Promise.resolve();

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  /** Calls `entry`; one that stops because it was told to has not failed. */
  start(): Promise<void> {
    const { agent, ctx, controller } = this.#parts;
    this.#run = runInJobContext(ctx, async () => {
      // XState starts the actors of a machine before its first actions: let the worker hear that the session has started,
      // or it takes an entry that blocks or exits at once for a launch that failed, and tries it on other processes.
      await Promise.resolve();
      try {
        await agent.entry(ctx);
      } catch (error) {
        if (!isAbort(error, controller.signal)) throw error;
      }
    });
    return this.#run;
  }

  /** Resolves when `entry` is over, well or not. */
  async settled(): Promise<void> {
    await this.#run.catch(() => {});
  }
}

function isAbort(error: unknown, signal: AbortSignal): boolean {
  if (!signal.aborted) return false;
  return error === signal.reason || (error instanceof Error && error.name === 'AbortError');
}

async function runCallbacks(
  callbacks: readonly ShutdownCallback[],
  { reason, detail }: CloseCause,
  logger: Logger,
): Promise<void> {
  const results = await Promise.allSettled(
    callbacks.map(async (callback) => callback(reason, detail)),
  );
  const errors = results.flatMap((result) =>
    result.status === 'rejected' ? [result.reason as unknown] : [],
  );
  if (errors.length === 0) return;
  for (const error of errors) logger.error({ err: error }, 'shutdown callback failed');
  const texts = errors.map((error) => (error instanceof Error ? error.message : String(error)));
  throw new Error(
    `${errors.length} of ${callbacks.length} shutdown callbacks failed: ${texts.join('; ')}`,
  );
}

function flushed(logger: Logger): Promise<void> {
  return new Promise((resolve, reject) => {
    logger.flush((error) => (error ? reject(error) : resolve()));
  });
}
