/** A session that runs a machine of the user's, with a room and a worker in memory. */
import { pino } from 'pino';
import { createActor, waitFor, type AnyActorRef, type AnyMachineSnapshot } from 'xstate';
import type { SessionEmitted } from '../../machines/session/session.types.ts';
import type { AgentDefinition } from '../../src/child/agent-definition.ts';
import { JobContext } from '../../src/child/job-context.ts';
import { JobProcess } from '../../src/child/job-process.ts';
import { plainJob } from '../../src/child/plain-job.ts';
import { RoomConnection } from '../../src/child/room-connection.ts';
import { RoomDeletion } from '../../src/child/room-deletion.ts';
import { SessionDirectory } from '../../src/child/session-directory.ts';
import { SessionListeners } from '../../src/child/session-listeners.ts';
import { provideSession } from '../../src/child/session-steps.ts';
import { makeJob } from '../machines/fakes.ts';
import { limits } from '../machines/session/harness.ts';
import { FakeRoom } from './fake-room.ts';

/** Runs what is ready, and what it makes ready. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface SessionOptions {
  entryGraceMs?: number;
  /** Gets the session before it starts. */
  watch?: ((actor: AnyActorRef) => void) | undefined;
}

/** Starts a session; the worker confirms its outcome at once. */
export function startSession(
  agent: AgentDefinition,
  { entryGraceMs = 5_000, watch }: SessionOptions = {},
) {
  const room = new FakeRoom();
  const controller = new AbortController();
  const logger = pino({ level: 'silent' });
  const address = { url: 'ws://localhost', token: 'the-token', name: 'lobby' };
  const connection = new RoomConnection(room.asRoom(), address, controller.signal);
  const send = (): boolean => true;
  const deletion = new RoomDeletion({ ...address, jobRoom: 'lobby', credentials: null, send });
  const directory = new SessionDirectory('AJ_1');
  const listeners = new SessionListeners(logger);
  const ctx: JobContext = new JobContext({
    proc: new JobProcess(),
    info: {
      acceptArguments: { name: '', identity: 'agent-AJ_1', metadata: '' },
      job: plainJob(makeJob()),
      ...address,
      workerId: 'AW_1',
    },
    connection,
    deletion,
    directory,
    listeners,
    inspect: () => {},
    logger,
    signal: controller.signal,
    shutdown: (detail) => queueMicrotask(() => actor.send({ type: 'agent.shutdown', detail })),
    endSession: () => {},
  });
  const dispose = async (): Promise<void> => {};
  const parts = { agent, ctx, connection, deletion, directory, listeners, controller, logger };
  const actor = createActor(provideSession({ ...parts, dispose }), {
    input: { jobId: 'AJ_1', roomSid: '', linked: null, limits: { ...limits, entryGraceMs } },
  });
  const emitted: SessionEmitted[] = [];
  actor.on('*', (event) => {
    emitted.push(event);
    if (event.type === 'session.outcome') actor.send({ type: 'link.outcomeReported' });
  });
  actor.subscribe({ error: () => {} });
  watch?.(actor);
  actor.start();
  /** The user's machine. */
  const machine = actor.getSnapshot().children['entry'] as AnyActorRef;
  return {
    actor,
    ctx,
    room,
    listeners,
    emitted,
    machine,
    state: () => (machine.getSnapshot() as AnyMachineSnapshot).value,
    close: () => actor.send({ type: 'link.closed', reason: 'terminated', detail: 'bye' }),
    /** How the session ended. */
    output: async () =>
      (await waitFor(actor, ({ status }) => status === 'done', { timeout: 10_000 })).output,
  };
}
