/** Machines that are agents. */
import { assign, emit, fromPromise, setup, type AnyActorRef } from 'xstate';
import type { SessionLogicInput } from '../../src/child/agent-definition.ts';
import type { RoomSessionEvent } from '../../src/child/room-events.ts';
import { startSession, turn } from './machine-session.ts';

/** A session that has ended well. */
export const ended = (reason: string) => ({ outcome: 'succeeded', reason, warnings: [] });
const connect = fromPromise<void, SessionLogicInput>(({ input }) => input.ctx.connect());
/** Runs until it is stopped or the session ends. */
export const untilAborted = fromPromise<void, SessionLogicInput>(
  ({ input: { ctx } }) =>
    new Promise((_, reject) =>
      ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason as Error)),
    ),
);

/** What the machines of these tests are made of. */
export const base = setup({
  types: {
    context: {} as SessionLogicInput & { seen: unknown[] },
    events: {} as RoomSessionEvent | { type: 'finish' } | { type: 'throw' },
    input: {} as SessionLogicInput,
    emitted: {} as { type: 'greeted'; identity: string },
  },
  actors: { connect, untilAborted },
  actions: {
    note: assign(({ context, event }) => ({ seen: [...context.seen, event] })),
    fail: () => {
      throw new TypeError('no such tool');
    },
  },
  guards: {
    breaks: () => {
      throw new TypeError('no such tool');
    },
  },
});
/** What they remember. */
export const context = ({ input }: { input: SessionLogicInput }) => ({ ...input, seen: [] });

/** Connects, waits for a caller, and talks until somebody ends it. */
const call = base.createMachine({
  id: 'call',
  context,
  initial: 'connecting',
  on: { finish: '.done' },
  states: {
    connecting: {
      invoke: { src: 'connect', input: ({ context: { ctx } }) => ({ ctx }), onDone: 'waiting' },
    },
    waiting: {
      on: {
        'room.participantConnected': {
          target: 'talking',
          actions: emit(({ event }) => ({ type: 'greeted', identity: event.identity })),
        },
      },
    },
    talking: {
      on: {
        'room.dataReceived': { actions: 'note' },
        'session.draining': { actions: 'note' },
        'session.closing': { target: 'done', actions: 'note' },
      },
    },
    done: { type: 'final' },
  },
});

/** A session whose machine talks to a caller who was there before. */
export async function talking(watch?: (actor: AnyActorRef) => void) {
  const session = startSession({ session: call }, { watch });
  session.room.join('alice');
  await turn();
  const greeted: unknown[] = [];
  session.machine.on('greeted', (event) => greeted.push(event));
  session.room.succeed();
  await turn();
  const seen = () =>
    (session.machine.getSnapshot() as { context: { seen: unknown[] } }).context.seen;
  return { ...session, greeted, seen };
}
