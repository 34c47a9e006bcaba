import { describe, expect, it } from 'vitest';
import { boolean, constant, record } from 'fast-check';
import { propertyTest, randomWalks, WalkFailure } from '../../../src/testing/model/index.ts';
import { doorMachine } from './door.ts';

const events = [
  record({ type: constant('card.shown'), valid: boolean() }),
  { type: 'door.blocked' },
  { type: 'xstate.done.actor.motor' },
  { type: 'xstate.after.openTime.door.open' },
];

const failureOf = (promise: Promise<void>): Promise<WalkFailure> =>
  promise.then(
    () => expect.fail('It should have failed.'),
    (error: unknown) => error as WalkFailure,
  );

describe('propertyTest', () => {
  it('passes when the invariant holds', async () => {
    let steps = 0;
    await propertyTest(doorMachine, {
      events,
      seed: 1,
      invariant: ({ snapshot, previous }) => {
        steps += 1;
        expect(snapshot.context.opened).toBeGreaterThanOrEqual(previous.context.opened as number);
      },
    });
    expect(steps).toBeGreaterThan(300);
  });

  it('shrinks what fails to the events that it takes', async () => {
    const failure = await failureOf(
      propertyTest(doorMachine, {
        events,
        seed: 1,
        invariant: ({ snapshot }) => {
          if (snapshot.context.opened > 1) throw new Error('opened twice');
        },
      }),
    );
    expect(failure).toBeInstanceOf(WalkFailure);
    expect(failure.message).toBe(
      [
        'opened twice',
        'The events it takes (seed 1):',
        '  card.shown {"valid":true}',
        '  xstate.done.actor.motor',
        '  xstate.after.openTime.door.open',
        '  card.shown {"valid":true}',
        '  xstate.done.actor.motor',
      ].join('\n'),
    );
    expect(failure.events).toHaveLength(5);
  });

  it('takes a system along', async () => {
    const failure = await failureOf(
      propertyTest(doorMachine, {
        events,
        seed: 1,
        sut: () => ({
          send: ({ type }) => {
            if (type === 'door.blocked') throw new Error('blocked');
          },
        }),
      }),
    );
    expect(failure.events.map(({ type }) => type)).toEqual([
      'card.shown',
      'xstate.done.actor.motor',
      'door.blocked',
    ]);
  });
});

describe('randomWalks', () => {
  it('checks at the end, too', async () => {
    const start = () => {
      let count = 0;
      return {
        send: () => void (count += 1),
        stop: () => {
          if (count > 2) throw new Error(`${count} are too many`);
        },
      };
    };
    const failure = await failureOf(randomWalks([{ type: 'more' }], start, { seed: 2 }));
    expect(failure.message).toBe(
      '3 are too many\nThe events it takes (seed 2):\n  more\n  more\n  more',
    );
  });
});
