/** A machine with everything that a picture has to show. */
import { createMachine } from 'xstate';

/** Traffic lights: parallel regions, history, final states, timers, an actor. */
export const lights = createMachine({
  id: 'lights',
  initial: 'green',
  states: {
    green: {
      description: 'Cars go.',
      invoke: { src: 'countCars', onDone: 'yellow', onError: { target: 'yellow', guard: 'isDay' } },
      on: { 'car.came': { actions: 'count' } },
    },
    yellow: { after: { 500: 'red' } },
    red: {
      type: 'parallel',
      states: {
        cars: {
          initial: 'stop',
          states: { stop: { on: { go: 'gone' } }, gone: { type: 'final' } },
        },
        people: {
          initial: 'walk',
          states: {
            walk: { always: { guard: 'isNight', target: 'wait' } },
            wait: { type: 'final' },
            before: { type: 'history' },
          },
        },
      },
      onDone: 'green',
    },
  },
  on: { power: '.red.people.before' },
});
