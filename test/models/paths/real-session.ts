/** A session with its real room connection, context and steps; the room and the link are in memory, the user's code waits. */
import { pino } from 'pino';
import { type AnyActor, createActor, type InspectionEvent } from 'xstate';
import type { sessionMachine } from '../../../machines/session/session.machine.ts';
import type { SessionEvent } from '../../../machines/session/session.types.ts';
import { AutoSubscribe } from '../../../src/child/auto-subscribe.ts';
import { JobContext } from '../../../src/child/job-context.ts';
import { JobProcess } from '../../../src/child/job-process.ts';
import { RoomConnection } from '../../../src/child/room-connection.ts';
import { RoomDeletion } from '../../../src/child/room-deletion.ts';
import { SessionDirectory } from '../../../src/child/session-directory.ts';
import { SessionListeners } from '../../../src/child/session-listeners.ts';
import { provideSession } from '../../../src/child/session-steps.ts';
import { plainJob } from '../../../src/child/plain-job.ts';
import { FakeRoom } from '../../child/fake-room.ts';
import { makeJob } from '../../machines/fakes.ts';
import { order } from '../../machines/job-process/harness.ts';
import { caller, limits } from '../../machines/session/harness.ts';
import { deferred } from '../../machines/settling.ts';
import { failable, ManualClock } from './real-machine.ts';

/** What a session of these paths is started with. */
export const sessionInput = { jobId: 'AJ_1', roomSid: 'RM_1', linked: caller, limits };

/** Where the user's code, the room and the worker may be waited for. */
function makeGates() {
  return {
    entry: deferred(),
    sessionEnd: deferred(),
    leave: deferred(),
    callbacks: deferred(),
    flush: deferred(),
    dispose: deferred(),
  };
}

/** Starts a session whose user code waits at gates. */
export function startRealSession(inspect: (event: InspectionEvent) => void) {
  const gates = makeGates();
  for (const { promise } of Object.values(gates)) promise.catch(() => undefined);
  const clock = new ManualClock();
  const room = new FakeRoom();
  room.disconnect = () => gates.leave.promise;
  const logger = Object.assign(pino({ level: 'silent' }), {
    flush: (done?: (error?: Error) => void) => void whenSettled(gates.flush.promise, done),
  });
  const controller = new AbortController();
  const address = { url: 'ws://localhost', token: 't', name: 'r' };
  const connection = new RoomConnection(room.asRoom(), address, controller.signal);
  // Every session of these tests asks the worker once at most.
  const send = (): boolean => true;
  const deletion = new RoomDeletion({
    url: 'ws://localhost',
    jobRoom: 'r',
    credentials: null,
    send,
  });
  const directory = new SessionDirectory('AJ_1');
  const listeners = new SessionListeners(logger);
  const tell = (event: SessionEvent): void => actor.send(event);
  const ctx: JobContext = new JobContext({
    proc: new JobProcess(),
    info: {
      acceptArguments: order.accept,
      job: plainJob(makeJob()),
      url: address.url,
      token: 't',
      workerId: 'AW_1',
    },
    connection,
    deletion,
    directory,
    listeners,
    logger,
    signal: controller.signal,
    inspect: () => undefined,
    shutdown: (detail) => tell({ type: 'agent.shutdown', detail }),
    endSession: (detail) => tell({ type: 'agent.endSession', detail }),
  });
  ctx.addShutdownCallback(() => gates.callbacks.promise);
  const agent = { entry: () => gates.entry.promise, onSessionEnd: () => gates.sessionEnd.promise };
  const dispose = (): Promise<void> => gates.dispose.promise;
  const machine = withDoubles(
    provideSession({
      agent,
      ctx,
      connection,
      deletion,
      directory,
      listeners,
      controller,
      logger,
      dispose,
    }),
  );
  const actor: AnyActor = createActor(machine, { clock, inspect, input: sessionInput });
  return { actor, clock, gates, room, connection, deletion, ctx };
}

async function whenSettled(promise: Promise<void>, done?: (error?: Error) => void): Promise<void> {
  try {
    await promise;
  } catch (error) {
    done?.(error as Error);
    return;
  }
  done?.();
}

/** Connects as an agent does; the room decides when it is done. */
export function connect(connection: RoomConnection): void {
  connection.connect({ autoSubscribe: AutoSubscribe.SUBSCRIBE_ALL }).catch(() => undefined);
}

/** The real actors, with those that may have to fail made so that they can. */
function withDoubles(machine: typeof sessionMachine): typeof sessionMachine {
  const { room, sessionClose } = machine.implementations.actors as unknown as Actors;
  const { settleEntry, settleConnect } = sessionClose.implementations.actors as unknown as Steps;
  const close = sessionClose.provide({
    actors: { settleEntry: failable(settleEntry), settleConnect: failable(settleConnect) },
  });
  return machine.provide({ actors: { room: failable(room), sessionClose: failable(close) } });
}

type Provided = NonNullable<NonNullable<Parameters<typeof sessionMachine.provide>[0]['actors']>>;
type Actors = Required<Pick<Provided, 'room' | 'sessionClose'>>;
type CloseProvided = NonNullable<
  NonNullable<Parameters<Actors['sessionClose']['provide']>[0]['actors']>
>;
type Steps = Required<Pick<CloseProvided, 'settleEntry' | 'settleConnect'>>;
