import { describe, expect, it } from 'vitest';
import { createActor, SimulatedClock } from 'xstate';
import {
  createCoverage,
  formatCoverage,
  testPaths,
  toModel,
} from '../../../src/testing/model/index.ts';
import { cards, doorMachine } from './door.ts';

const key = (snapshot: { value: unknown }) => String(snapshot.value);

describe('toModel', () => {
  it('makes plain events of what is invoked and waited for', () => {
    const actor = createActor(toModel(doorMachine), { clock: new SimulatedClock() }).start();
    actor.send({ type: 'card.shown', valid: false });
    expect(actor.getSnapshot().value).toBe('closed');
    actor.send({ type: 'card.shown', valid: true });
    expect(actor.getSnapshot()).toMatchObject({ value: 'opening', children: {} });
    actor.send({ type: 'xstate.done.actor.motor' } as never);
    expect(actor.getSnapshot()).toMatchObject({ value: 'open', context: { opened: 1 } });
    actor.send({ type: 'xstate.after.openTime.door.open' } as never);
    expect(actor.getSnapshot().value).toBe('closed');
  });

  it('keeps what assigns and raises at once, and stands in for what is spawned', () => {
    const clock = new SimulatedClock();
    const actor = createActor(toModel(doorMachine), { clock }).start();
    actor.send({ type: 'card.shown', valid: false });
    expect(actor.getSnapshot().context.log?.getSnapshot().status).toBe('active');
    expect(actor.getSnapshot().children).toEqual({});
    actor.send({ type: 'card.shown', valid: true });
    actor.send({ type: 'xstate.done.actor.motor' } as never);
    clock.increment(10_000);
    expect(actor.getSnapshot().value).toBe('open');
    actor.send({ type: 'door.blocked' });
    expect(actor.getSnapshot()).toMatchObject({ value: 'stuck', context: { direction: 'none' } });
  });
});

describe('testPaths', () => {
  it('reaches every state and every transition by short paths', () => {
    const { paths, missed } = testPaths(doorMachine, { events: cards, key });
    expect(missed).toEqual({ states: [], transitions: [] });
    expect(paths.map(({ description }) => description)).toEqual([
      'card.shown',
      'card.shown → xstate.error.actor.motor',
      'card.shown → xstate.done.actor.motor → door.blocked',
      'card.shown → xstate.done.actor.motor → xstate.after.openTime.door.open',
    ]);
  });

  it('needs fewer when it looks for states only', () => {
    const { paths, missed } = testPaths(doorMachine, { events: cards, coverage: 'states', key });
    expect(missed).toEqual({ states: [], transitions: [] });
    expect(paths).toHaveLength(2);
  });

  it('says what cannot be reached with the events it has', () => {
    const { missed } = testPaths(doorMachine, {
      events: { 'card.shown': [{ valid: false }] },
      key,
    });
    expect(missed.states).toEqual(['door.opening', 'door.open', 'door.stuck']);
    expect(missed.transitions).toContain('door.closed on card.shown [isValid] → door.opening');
  });

  it('says which event lacks a payload', () => {
    const broken = doorMachine.provide({ guards: { isValid: (_, { valid }) => valid.valueOf() } });
    expect(() => testPaths(broken, { key })).toThrow(
      /cannot take card\.shown in "closed".*`events`/s,
    );
  });

  it('takes a system along, and tells after which events it differs', async () => {
    const { paths } = testPaths(doorMachine, { events: cards, key });
    const path = paths.find(({ events }) => events.length === 3);
    const stopped: boolean[] = [];
    const sut = () => ({
      send: () => undefined,
      check: ({ value }: { value: unknown }) => {
        if (value === 'open') throw new Error('The door is not open.');
      },
      stop: () => void stopped.push(true),
    });
    await expect(path?.test(sut)).rejects.toThrow(
      [
        'The door is not open.',
        'After these events, when the model is in "open":',
        '  card.shown {"valid":true}',
        '  xstate.done.actor.motor',
      ].join('\n'),
    );
    expect(stopped).toEqual([true]);
  });

  it('holds an invariant in every state', async () => {
    const { paths } = testPaths(doorMachine, {
      events: cards,
      key,
      invariant: ({ value }) => {
        if (value === 'stuck') throw new Error('never stuck');
      },
    });
    const results = await Promise.allSettled(paths.map((path) => path.test()));
    expect(results.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'rejected',
      'fulfilled',
    ]);
  });
});

describe('createCoverage', () => {
  it('tells what the actors of a machine have reached and missed', () => {
    const coverage = createCoverage(doorMachine);
    const clock = new SimulatedClock();
    const actor = createActor(doorMachine, { clock, inspect: coverage.inspect }).start();
    expect(coverage.report().states.reached).toEqual(['door', 'door.closed']);
    actor.send({ type: 'card.shown', valid: true });
    expect(coverage.report().transitions.reached).toEqual([
      'door.closed on card.shown [isValid] → door.opening',
    ]);
    expect(formatCoverage(coverage.report())).toBe(
      [
        'door: 3 of 5 states, 1 of 7 transitions',
        '  state not reached: door.open',
        '  state not reached: door.stuck',
        '  transition not taken: door.closed on card.shown → (none)',
        '  transition not taken: door.opening on xstate.done.actor.motor → door.open',
        '  transition not taken: door.opening on xstate.error.actor.motor → door.stuck',
        '  transition not taken: door.open on door.blocked → (none)',
        '  transition not taken: door.open on alarm.rang → door.stuck',
        '  transition not taken: door.open on xstate.after.openTime.door.open → door.closed',
      ].join('\n'),
    );
  });
});
