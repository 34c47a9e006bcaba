// A machine of yours, and the thing that it stands for.
import { assign, fromPromise, setup } from 'xstate';

export const kettleMachine = setup({
  actors: {
    // Stands in for the heater: whoever runs the machine puts the real one in with .provide().
    heat: fromPromise(async () => {}),
  },
  guards: { hasWater: ({ context }) => context.cups > 0 },
  actions: {
    fill: assign({ cups: (_, /** @type {{ cups: number }} */ { cups }) => cups }),
    empty: assign({ cups: 0 }),
  },
  delays: { keepWarm: 600_000 },
}).createMachine({
  id: 'kettle',
  context: { cups: 0 },
  initial: 'off',
  states: {
    off: {
      on: {
        fill: {
          actions: { type: 'fill', params: ({ event }) => ({ cups: Number(event['cups']) }) },
        },
        pressed: { guard: 'hasWater', target: 'heating' },
      },
    },
    heating: {
      invoke: { id: 'heater', src: 'heat', onDone: 'hot', onError: 'off' },
      on: { pressed: 'off' },
    },
    hot: {
      on: { poured: { target: 'off', actions: 'empty' } },
      after: { keepWarm: 'off' },
    },
  },
});
