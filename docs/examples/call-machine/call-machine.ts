/** A call as a machine: it meets one caller, answers what it is asked, and says goodbye. */
import type { RoomSessionEvent, SessionLogicInput } from 'greenroom';
import { assign, fromPromise, setup } from 'xstate';

export const callMachine = setup({
  types: {
    input: {} as SessionLogicInput,
    context: {} as SessionLogicInput & { caller: string },
    events: {} as RoomSessionEvent,
  },
  actors: {
    connect: fromPromise<void, SessionLogicInput>(({ input }) => input.ctx.connect()),
    say: fromPromise<void, SessionLogicInput & { text: string }>(async ({ input }) => {
      const words = new TextEncoder().encode(input.text);
      await input.ctx.agent?.publishData(words, { reliable: true, topic: 'desk' });
    }),
  },
  guards: {
    isCaller: ({ context }, params: { identity: string }) => params.identity === context.caller,
    isQuestion: (_, params: { topic: string }) => params.topic === 'question',
  },
  actions: {
    meet: assign((_, params: { identity: string }) => ({ caller: params.identity })),
    hangUp: ({ context }, params: { why: string }) => context.ctx.shutdown(params.why),
  },
  delays: { patience: 30_000, absence: 1_000 },
}).createMachine({
  id: 'call',
  context: ({ input }) => ({ ctx: input.ctx, caller: '' }),
  initial: 'connecting',
  states: {
    connecting: {
      invoke: {
        src: 'connect',
        input: ({ context }) => ({ ctx: context.ctx }),
        onDone: 'waiting',
      },
    },
    waiting: {
      description: 'Whoever was in the room before is announced as well.',
      on: {
        'room.participantConnected': {
          target: 'greeting',
          actions: { type: 'meet', params: ({ event }) => event },
        },
        'session.closing': 'over',
      },
      after: {
        patience: { target: 'over', actions: { type: 'hangUp', params: { why: 'nobody came' } } },
      },
    },
    greeting: {
      invoke: {
        src: 'say',
        input: ({ context }) => ({ ctx: context.ctx, text: `Good evening, ${context.caller}` }),
        onDone: 'listening',
      },
      on: { 'session.closing': 'goodbye' },
    },
    listening: {
      on: {
        'room.dataReceived': {
          guard: { type: 'isQuestion', params: ({ event }) => event },
          target: 'answering',
        },
        'room.participantDisconnected': {
          guard: { type: 'isCaller', params: ({ event }) => event },
          target: 'away',
        },
        'session.closing': 'goodbye',
      },
    },
    answering: {
      invoke: {
        src: 'say',
        input: ({ context }) => ({ ctx: context.ctx, text: 'Down the hall, to the left.' }),
        onDone: 'listening',
      },
      on: { 'session.closing': 'goodbye' },
    },
    away: {
      description: "When the agent's connection is renewed, everyone leaves and comes back.",
      on: {
        'room.participantConnected': {
          guard: { type: 'isCaller', params: ({ event }) => event },
          target: 'listening',
        },
        'session.closing': 'over',
      },
      after: {
        absence: {
          target: 'over',
          actions: { type: 'hangUp', params: { why: 'the caller left' } },
        },
      },
    },
    goodbye: {
      description: 'The agent is in the room until this is over.',
      invoke: {
        src: 'say',
        input: ({ context }) => ({ ctx: context.ctx, text: 'Goodbye' }),
        onDone: 'over',
        onError: 'over',
      },
    },
    over: { type: 'final' },
  },
});
