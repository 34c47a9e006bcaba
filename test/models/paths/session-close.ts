/** The session close with its real steps, in a real session. */
import type { AnyActor, AnyMachineSnapshot } from 'xstate';
import { sessionCloseMachine } from '../../../machines/session-close/session-close.machine.ts';
import type { CloseReport } from '../../../machines/session-close/session-close.types.ts';
import { listener } from '../../machines/fakes.ts';
import { limits } from '../../machines/session/harness.ts';
import type { Proof } from './proof.ts';
import { failChild, type Happenings, realMachine, Witness } from './real-machine.ts';
import { connect, startRealSession } from './real-session.ts';
import { ended } from './session-values.ts';

const session = listener<CloseReport>().ref;
const outcome = (reason: string) => ({ ...ended, reason });
const error = { error: new Error('no luck') };
const steps = [
  'settleEntry',
  'endSession',
  'settleConnect',
  'deleteRoom',
  'leaveRoom',
  'runCallbacks',
  'flushLogs',
  'disposeNative',
];

/** What a session close is proven with: the agent leaves, ends the session for all, or its worker is gone. */
export const sessionClose: Proof = {
  name: 'session-close',
  machine: sessionCloseMachine,
  world:
    'The steps of a session inside of one: `entry`, `onSessionEnd`, room, shutdown callbacks, log, native library.',
  doubles: [
    '`xstate.error.actor.settleEntry`: what `entry` throws is told by `entry` itself, and passed over here',
    '`xstate.error.actor.settleConnect`: a connect that fails is told by the room, and passed over here',
  ],
  inputs: [
    { outcome: outcome('agent-ended'), limits, hasLink: true, session },
    { outcome: outcome('session-ended'), limits, hasLink: true, session },
    { outcome: outcome('orphaned'), limits, hasLink: false, session },
  ],
  events: Object.fromEntries(steps.map((step) => [`xstate.error.actor.${step}`, [error]])),
  key: ({ value, context }) => JSON.stringify([value, context.hasLink]),
  start: (inspect, _path, input) => {
    const witness = new Witness();
    const real = startRealSession((event) => {
      inspect(event);
      witness.inspect(event);
    });
    const { actor: parent, room, connection, ctx } = real;
    parent.start();
    // A connect is under way, and there is a room to leave.
    connect(connection);
    room.isConnected = true;
    begin(ctx, parent, (input as { outcome: { reason: string } }).outcome.reason);
    const actor = (parent.getSnapshot() as AnyMachineSnapshot).children['close'] as AnyActor;
    witness.actor = actor;
    return realMachine({
      witness,
      actor,
      clock: real.clock,
      happenings: happenings(real, actor),
      stop: () => void parent.stop(),
    });
  },
};

type Real = ReturnType<typeof startRealSession>;

function begin(ctx: Real['ctx'], parent: AnyActor, reason: string): void {
  if (reason === 'agent-ended') ctx.shutdown('bye');
  else if (reason === 'session-ended') ctx.endSession('bye');
  else parent.send({ type: 'link.lost' });
}

function happenings({ actor: parent, gates, room, deletion }: Real, actor: AnyActor): Happenings {
  const both = (step: string, gate: { resolve(): void; reject(error: unknown): void }) => ({
    [`xstate.done.actor.${step}`]: () => gate.resolve(),
    [`xstate.error.actor.${step}`]: () => gate.reject(new Error('no luck')),
  });
  return {
    'link.outcomeReported': () => parent.send({ type: 'link.outcomeReported' }),
    'link.lost': () => parent.send({ type: 'link.lost' }),
    'xstate.done.actor.settleEntry': () => gates.entry.resolve(),
    'xstate.error.actor.settleEntry': () => failChild(actor, 'settleEntry'),
    ...both('endSession', gates.sessionEnd),
    'xstate.done.actor.settleConnect': () => room.refuse('it is over'),
    'xstate.error.actor.settleConnect': () => failChild(actor, 'settleConnect'),
    'xstate.done.actor.deleteRoom': () => deletion.settle(1, null),
    'xstate.error.actor.deleteRoom': () =>
      deletion.settle(1, { code: 'GR_STEP_FAILED', message: 'no luck' }),
    ...both('leaveRoom', gates.leave),
    ...both('runCallbacks', gates.callbacks),
    ...both('flushLogs', gates.flush),
    ...both('disposeNative', gates.dispose),
  };
}
