/** The mutation check finds what it is to find, and a sample of the machines' mutants is caught. */
import { describe, expect, it } from 'vitest';
import type { Order } from './host.ts';
import { tryAll } from './hosts.ts';
import { mutate, mutationsOf } from './mutations.ts';
import { survivors } from './survivors.ts';
import { mutantsOf, targets } from './targets.ts';

/** Every so many mutants one is tried. */
const SAMPLE = 40;

const literal = () => ({
  id: 'lamp',
  invoke: { src: 'power', onError: 'off' },
  states: {
    off: { entry: 'darken', on: { pressed: [{ guard: 'hasPower', target: 'on' }, 'off'] } },
    on: { after: { limit: { target: 'off', actions: [{ type: 'note' }, 'tell'] } } },
  },
});

describe('the mutations of a machine', () => {
  it('take out each transition, guard and action', () => {
    expect(mutationsOf(literal()).map(({ name }) => name)).toEqual([
      'lamp power onError → off: the transition',
      'lamp.off entry: action darken',
      'lamp.off on pressed [hasPower] → on: the transition',
      'lamp.off on pressed [hasPower] → on: the guard',
      'lamp.off on pressed → off: the transition',
      'lamp.on after limit → off: the transition',
      'lamp.on after limit → off: action note',
      'lamp.on after limit → off: action tell',
    ]);
  });

  it('change one thing', () => {
    const [, , transition, guard] = mutationsOf(literal());
    const one = literal();
    mutate(one, transition!);
    expect(one.states.off.on.pressed).toEqual(['off']);
    const other = literal();
    mutate(other, guard!);
    expect(other.states.off.on.pressed).toEqual([{ target: 'on' }, 'off']);
  });
});

describe('a sample of the mutants', () => {
  it(
    'is caught by the quick tests, and the machines as they are pass',
    { timeout: 120_000 },
    async () => {
      const orders = targets.flatMap((target): Order[] => {
        const indices = mutantsOf(target).flatMap(({ name }, index) =>
          index % SAMPLE === 0 && !(name in survivors) ? [index] : [],
        );
        return [null, ...indices].map((index) => ({ target: target.name, index }));
      });
      const surprises: string[] = [];
      await tryAll(orders, ({ target, index }, { caught }) => {
        if ((index === null) === (caught === null)) return;
        surprises.push(`${target} ${index}: ${caught === null ? 'survived' : caught.reason}`);
      });
      expect(surprises).toEqual([]);
    },
  );

  it('has reasons for mutants that exist only', () => {
    const names = targets.flatMap((target) => mutantsOf(target).map(({ name }) => name));
    expect(Object.keys(survivors).filter((name) => !names.includes(name))).toEqual([]);
  });
});
