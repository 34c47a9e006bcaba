/** A session whose entry, room, link and closing steps the test plays. */
import { createActor, fromCallback, fromPromise, SimulatedClock } from 'xstate';
import { sessionCloseMachine } from '../../../machines/session-close/session-close.machine.ts';
import type { CloseCause } from '../../../machines/session-close/session-close.types.ts';
import { sessionMachine } from '../../../machines/session/session.machine.ts';
import type {
  Participant,
  RoomEvent,
  SessionEmitted,
  SessionInput,
} from '../../../machines/session/session.types.ts';
import { deferred, settled } from '../settling.ts';
import { createCoverage } from '../../../src/testing/model/coverage.ts';

export const coverage = createCoverage(sessionMachine);

export const limits = {
  totalMs: 60_000,
  entryGraceMs: 15_000,
  sessionEndMs: 20_000,
  reportMs: 500,
  leaveMs: 5_000,
  callbacksMs: 10_000,
  flushMs: 1_000,
  disposeMs: 2_000,
  terminationMs: 1_000,
  unconnectedWarnMs: 10_000,
  orphanMs: 25_000,
};

export const caller: Participant = { identity: 'caller', sid: 'PA_caller' };

/** Every step of the close is done at once, but for those that the test holds. */
function closing(held: string[], steps: string[]) {
  const step = (name: string) =>
    fromPromise<unknown, CloseCause>(async () => {
      steps.push(name);
      if (held.includes(name)) await new Promise(() => {});
    });
  return sessionCloseMachine.provide({
    actors: {
      settleEntry: step('settleEntry'),
      endSession: step('endSession'),
      settleConnect: step('settleConnect'),
      deleteRoom: step('deleteRoom'),
      leaveRoom: step('leaveRoom'),
      runCallbacks: step('runCallbacks'),
      flushLogs: step('flushLogs'),
      disposeNative: step('disposeNative'),
    },
  });
}

/** Starts a session. `hold` names steps of the close that never end by themselves. */
export function startSession(
  options: Partial<SessionInput> & { hold?: string[]; brokenRoom?: Error } = {},
) {
  const { hold = [], brokenRoom, ...input } = options;
  const clock = new SimulatedClock();
  const entry = deferred();
  const steps: string[] = [];
  const emitted: SessionEmitted[] = [];
  const roomInputs: { linked: Participant | null }[] = [];
  const machine = sessionMachine.provide({
    actors: {
      entry: fromPromise<unknown>(() => entry.promise),
      room: fromCallback(({ input: roomInput }) => {
        roomInputs.push(roomInput);
        if (brokenRoom !== undefined) throw brokenRoom;
      }),
      sessionClose: closing(hold, steps),
    },
  });
  const actor = createActor(machine, {
    clock,
    inspect: coverage.inspect,
    input: { jobId: 'AJ_1', roomSid: 'RM_1', linked: null, limits, ...input },
  });
  actor.on('*', (event) => emitted.push(event));
  actor.start();

  const session = {
    actor,
    clock,
    emitted,
    steps,
    roomInputs,
    types: () => emitted.map(({ type }) => type),
    room(...events: RoomEvent[]) {
      for (const event of events) actor.send(event);
    },
    async connect(change: { roomSid?: string; isLinkedHere?: boolean } = {}) {
      session.room(
        { type: 'room.connecting' },
        {
          type: 'room.connected',
          roomSid: 'RM_1',
          identity: 'agent-AJ_1',
          isLinkedHere: false,
          ...change,
        },
      );
      await settled();
    },
    async entryReturns() {
      entry.resolve();
      await settled();
    },
    async entryThrows(error: unknown) {
      entry.reject(error);
      await settled();
    },
    /** The worker confirms the outcome, and the close runs to its end. */
    async confirm() {
      await settled();
      actor.send({ type: 'link.outcomeReported' });
      await settled();
    },
    value: () => actor.getSnapshot().value as Record<string, Record<string, unknown>>,
    course: () => session.value()['active']?.['course'],
    output: () => actor.getSnapshot().output,
    cause: () => actor.getSnapshot().context.cause,
  };
  return session;
}
