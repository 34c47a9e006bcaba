/** An XState app that knows nothing of Greenroom: parallel regions, history, timers, a child. */
import { createBrowserInspector } from '@statelyai/inspect';
import { createActor, setup } from 'xstate';

const car = setup({}).createMachine({
  id: 'car',
  initial: 'driving',
  states: { driving: { on: { brake: 'standing' } }, standing: { on: { go: 'driving' } } },
});

const lights = setup({
  types: { events: {} as { type: 'next' } | { type: 'power' } | { type: 'park' } },
  actors: { car },
}).createMachine({
  id: 'lights',
  initial: 'green',
  invoke: { src: 'car', id: 'car' },
  on: { power: '.dark' },
  states: {
    green: { description: 'Cars go.', on: { next: 'yellow' } },
    yellow: { on: { next: 'red' } },
    red: {
      type: 'parallel',
      on: { next: 'green' },
      states: {
        cars: {
          initial: 'stop',
          states: { stop: { on: { park: 'parked' } }, parked: { type: 'final' } },
        },
        people: { initial: 'walk', states: { walk: {}, before: { type: 'history' } } },
      },
    },
    dark: { on: { power: { target: 'red' } } },
  },
});

const asked = new URLSearchParams(location.search);
const url = asked.get('inspector') ?? '';
const iframe = asked.has('framed')
  ? document.body.appendChild(document.createElement('iframe'))
  : null;
const { inspect } = createBrowserInspector({ url, iframe });
const actor = createActor(lights, { inspect }).start();
document.querySelector('#next')?.addEventListener('click', () => actor.send({ type: 'next' }));
