/** A machine with everything that a model has to do without: an invoke, timers, a child, a raised event. */
import {
  assign,
  enqueueActions,
  fromPromise,
  raise,
  sendTo,
  setup,
  type ActorRefFrom,
} from 'xstate';

const motor = fromPromise<void, { direction: string }>(() => new Promise(() => {}));

/** A door that opens for those who have a card. */
export const doorMachine = setup({
  types: {
    context: {} as { opened: number; log: ActorRefFrom<typeof motor> | null; direction: string },
    events: {} as
      | { type: 'card.shown'; valid: boolean }
      | { type: 'door.blocked' }
      | { type: 'alarm.rang' },
  },
  actors: { motor },
  guards: { isValid: (_, params: { valid: boolean }) => params.valid },
  actions: {
    countOpening: assign({ opened: ({ context }) => context.opened + 1 }),
    startLog: assign({ log: ({ spawn }) => spawn('motor', { input: { direction: 'none' } }) }),
    tellMotor: sendTo('motor', { type: 'faster' }),
    ring: enqueueActions(({ enqueue }) => {
      enqueue.sendTo('motor', { type: 'stop' });
      enqueue.raise({ type: 'alarm.rang' });
      enqueue.raise({ type: 'door.blocked' }, { delay: 5 });
      enqueue.assign({ direction: 'none' });
    }),
    wait: raise({ type: 'door.blocked' }, { delay: 1_000 }),
  },
  delays: { openTime: 5_000 },
}).createMachine({
  id: 'door',
  context: { opened: 0, log: null, direction: '' },
  initial: 'closed',
  states: {
    closed: {
      on: {
        'card.shown': [
          { guard: { type: 'isValid', params: ({ event }) => event }, target: 'opening' },
          { actions: 'startLog' },
        ],
      },
    },
    opening: {
      entry: 'tellMotor',
      invoke: {
        id: 'motor',
        src: 'motor',
        input: { direction: 'open' },
        onDone: { target: 'open', actions: 'countOpening' },
        onError: 'stuck',
      },
    },
    open: {
      entry: 'wait',
      after: { openTime: 'closed' },
      on: { 'door.blocked': { actions: 'ring' }, 'alarm.rang': 'stuck' },
    },
    stuck: { type: 'final' },
  },
});

/** Both cards. */
export const cards = { 'card.shown': [{ valid: true }, { valid: false }] };
