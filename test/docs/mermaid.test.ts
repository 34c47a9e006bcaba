/** The pictures of machines: what is left out of those that are not drawn to the last level. */
import { createMachine } from 'xstate';
import { expect, it } from 'vitest';
import { toMermaid } from '../../src/diagram/mermaid.ts';

const machine = createMachine({
  id: 'door',
  initial: 'open',
  states: {
    open: {
      initial: 'wide',
      on: { push: '.ajar', close: 'shut' },
      states: { wide: {}, ajar: { on: { pull: 'wide', slam: '#door.shut' } } },
    },
    shut: { on: { push: 'open.ajar', burn: 'gone' } },
    gone: { type: 'final' },
  },
});

it('draws every state and every transition', () => {
  expect(toMermaid(machine)).toBe(`stateDiagram-v2
  [*] --> open
  state "open" as open {
    [*] --> open_wide
    state "any of these" as open_any
    state "wide" as open_wide
    state "ajar" as open_ajar
  }
  state "shut" as shut
  state "gone" as gone
  gone --> [*]
  open_any --> open_ajar : push
  open --> shut : close
  open_ajar --> open_wide : pull
  open_ajar --> shut : slam
  shut --> open_ajar : push
  shut --> gone : burn
`);
});

it('draws states closed from a depth on, with what leads out of them and into them', () => {
  expect(toMermaid(machine, { depth: 1 })).toBe(`stateDiagram-v2
  [*] --> open
  state "open" as open
  state "shut" as shut
  state "gone" as gone
  gone --> [*]
  open --> shut : close
  open --> shut : slam
  shut --> open : push
  shut --> gone : burn
`);
});
