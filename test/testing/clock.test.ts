/** The clock that tests turn. */
import { createActor, createMachine, SimulatedClock } from 'xstate';
import { expect, it } from 'vitest';
import { TestClock, type TimeSource } from '../../src/testing/index.ts';

it('runs timers at their times, also those that a timer starts', async () => {
  const clock = new TestClock(1_000);
  const seen: [string, number][] = [];
  const note = (name: string) => void seen.push([name, clock.now()]);
  clock.setTimeout(() => {
    note('first');
    clock.setTimeout(() => note('second'), 10);
  }, 20);
  clock.setTimeout(() => note('late'), 40);
  await clock.advance(35);
  expect(seen).toEqual([
    ['first', 1_020],
    ['second', 1_030],
  ]);
  expect(clock.now()).toBe(1_035);
  expect(clock.nextDueInMs()).toBe(5);
});

it('runs what a timer starts later, in a promise', async () => {
  const clock = new TestClock();
  const waits = async () => {
    await new Promise<void>((resolve) => void clock.setTimeout(resolve, 10));
    await new Promise<void>((resolve) => void clock.setTimeout(resolve, 10));
    return clock.now();
  };
  const waited = waits();
  await clock.advance(25);
  expect(await waited).toBe(20);
});

it('forgets a timer that was cleared', async () => {
  const clock = new TestClock();
  const timer = clock.setTimeout(() => expect.unreachable(), 10);
  clock.clearTimeout(timer);
  await clock.advance(20);
  expect(clock.nextDueInMs()).toBeNull();
});

it('is not the only one: that of XState fits, too', () => {
  const clock: TimeSource = new SimulatedClock();
  expect(clock.now()).toBe(0);
});

it('keeps the time of actors', async () => {
  const clock = new TestClock();
  const machine = createMachine({
    initial: 'early',
    states: { early: { after: { 50: 'late' } }, late: { after: { 50: 'last' } }, last: {} },
  });
  const actor = createActor(machine, { clock }).start();
  await clock.advance(99);
  expect(actor.getSnapshot().value).toBe('late');
  await clock.advance(1);
  expect(actor.getSnapshot().value).toBe('last');
});
