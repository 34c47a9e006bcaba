/** The session with its real actors over a room and a link in memory. */
import type { AnyActor, AnyMachineSnapshot } from 'xstate';
import { sessionMachine } from '../../../machines/session/session.machine.ts';
import { caller, ended } from './session-values.ts';
import type { Proof } from './proof.ts';
import { failChild, type Happenings, realMachine, Witness } from './real-machine.ts';
import { connect, sessionInput, startRealSession } from './real-session.ts';

const failure = { code: 'GR_UNCAUGHT_ERROR', message: 'no luck' } as const;
/** LiveKit's number for a room that was deleted. */
const roomDeleted = 5;

interface Regions {
  entry: string;
  room: { away?: string; present?: string } | string;
  link: string;
  course: unknown;
}

function regions({ value }: AnyMachineSnapshot): Regions | null {
  return typeof value === 'object' ? value['active'] : null;
}

/** The cases of an event while the agent is in a state of its room. */
function whileRoom(state: RegExp, cases: object[]) {
  return (snapshot: AnyMachineSnapshot) =>
    state.test(JSON.stringify(regions(snapshot)?.room ?? ''))
      ? (cases as Record<string, unknown>[])
      : [];
}

const raised = Object.fromEntries(
  ['entry.returned', 'entry.failed', 'linked.gone'].map((type) => [type, []]),
);

/** What a session is proven with. */
export const session: Proof = {
  name: 'session',
  machine: sessionMachine,
  world:
    '`entry`, room connection, job context and session close, inline; the room and the link are in memory.',
  doubles: [
    '`xstate.error.actor.room`: what happens in a room is told in events that do not throw',
    '`xstate.error.actor.close`: a session close passes over every step that fails',
  ],
  inputs: [sessionInput],
  events: {
    ...raised,
    'room.connecting': whileRoom(/unconnected/, [{}]),
    'room.connected': whileRoom(/away/, [
      { roomSid: 'RM_1', identity: 'agent', isLinkedHere: true },
      { roomSid: 'RM_1', identity: 'agent', isLinkedHere: false },
      { roomSid: 'RM_2', identity: 'agent', isLinkedHere: false },
    ]),
    'room.connectFailed': whileRoom(/connecting/, [{ failure }]),
    'room.reconnecting': whileRoom(/present/, [{}]),
    'room.reconnected': whileRoom(/reconnecting/, [{}]),
    'room.disconnected': [{ reason: 'room-deleted', detail: '' }],
    'room.participantJoined': whileRoom(/present/, [caller]),
    'room.participantLeft': whileRoom(/present/, [caller]),
    'agent.shutdown': [{ detail: 'bye' }],
    'agent.endSession': [{ detail: 'bye' }],
    'link.drained': [{ deadlineMs: null }],
    'link.closed': [{ reason: 'worker-closing', detail: '' }],
    'process.crashed': [{ failure }],
    'process.signalled': [{ signal: 'SIGTERM' }],
    'close.warned': [{ step: 'entry', failure }],
    'close.reporting': [{ outcome: ended }],
    'xstate.error.actor.entry': [{ error: new Error('no luck') }],
    'xstate.error.actor.room': ({ context }) =>
      context.cause === null ? [{ error: new Error('a bug in this actor') }] : [],
    'xstate.error.actor.close': [{ error: new Error('a bug in this actor') }],
  },
  key: ({ value, context }) =>
    JSON.stringify([value, context.cause?.reason, context.hasReported, context.hasConnected]),
  start: (inspect) => {
    const witness = new Witness();
    const real = startRealSession((event) => {
      inspect(event);
      witness.inspect(event);
    });
    witness.actor = real.actor;
    real.actor.start();
    return realMachine({
      witness,
      actor: real.actor,
      clock: real.clock,
      happenings: happenings(real),
      stop: () => {},
    });
  },
};

function happenings(real: ReturnType<typeof startRealSession>): Happenings {
  const { actor, clock, gates, room, connection, ctx } = real;
  const closeActor = (): AnyActor =>
    (actor.getSnapshot() as AnyMachineSnapshot).children['close'] as AnyActor;
  return {
    'room.connecting': () => connect(connection),
    'room.connected': ({ roomSid, isLinkedHere }) => {
      room.sid = Promise.resolve(String(roomSid));
      if (isLinkedHere === true) room.join(caller.identity, { sid: caller.sid });
      room.succeed();
    },
    'room.connectFailed': () => room.refuse('no such room'),
    'room.reconnecting': () => void room.emit('reconnecting'),
    'room.reconnected': () => void room.emit('reconnected'),
    'room.disconnected': () => room.drop(roomDeleted),
    'room.participantJoined': () => void room.join(caller.identity, { sid: caller.sid }),
    'room.participantLeft': () => void room.emit('participantDisconnected', caller),
    'agent.shutdown': () => ctx.shutdown('bye'),
    'agent.endSession': () => ctx.endSession('bye'),
    'close.warned': () =>
      clock.fire(closeActor(), 'xstate.after.step.sessionClose.closing.ending.settlingEntry'),
    'close.reporting': () =>
      clock.fire(closeActor(), 'xstate.after.ending.sessionClose.closing.ending'),
    'xstate.done.actor.entry': () => gates.entry.resolve(),
    'xstate.error.actor.entry': () => gates.entry.reject(new Error('no luck')),
    'xstate.error.actor.room': () => failChild(actor, 'room'),
    'xstate.done.actor.close': () =>
      clock.fire(closeActor(), 'xstate.after.total.sessionClose.closing'),
    'xstate.error.actor.close': () => failChild(actor, 'close'),
  };
}
