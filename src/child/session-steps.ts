/** The actors of the session machines: what they name, done in a real room with the user's code. */
import type { Logger } from 'pino';
import { fromCallback, fromPromise, type EventObject } from 'xstate';
import type { CloseReason } from '../../machines/messages.ts';
import { sessionCloseMachine } from '../../machines/session-close/session-close.machine.ts';
import type { CloseCause } from '../../machines/session-close/session-close.types.ts';
import { sessionMachine } from '../../machines/session/session.machine.ts';
import type { Participant } from '../../machines/session/session.types.ts';
import type { AgentDefinition } from './agent-definition.ts';
import { MachineRun } from './agent-machine.ts';
import { FunctionRun, type EntryRun } from './entry-run.ts';
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
  const entry = entryRun(parts);
  return sessionMachine.provide({
    actors: {
      entry: entry.logic,
      room: fromCallback<EventObject, { linked: Participant | null }>(({ input, sendBack }) =>
        parts.connection.watch(input.linked, sendBack),
      ),
      sessionClose: sessionCloseMachine.provide({ actors: closeActors(parts, entry) }),
    },
  });
}

function entryRun({ agent, ctx, listeners }: SessionParts): EntryRun {
  const parts = { ctx, listeners };
  return agent.session === undefined
    ? new FunctionRun(agent, parts)
    : new MachineRun(agent.session, parts);
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
