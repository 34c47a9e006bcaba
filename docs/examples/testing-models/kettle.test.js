// Tests that are made from a machine, with node:test.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createCoverage, formatCoverage, propertyTest, testPaths } from 'greenroom/testing';
import { createActor, fromPromise, SimulatedClock } from 'xstate';
import { kettleMachine } from './kettle.js';

const coverage = createCoverage(kettleMachine);

/** The real machine, with a heater and a clock that a path has in its hands. */
function startKettle() {
  const heater = { done: () => {}, broken: (/** @type {Error} */ _error) => {} };
  const heat = fromPromise(async () => {
    /** @type {Promise<void>} */
    const heated = new Promise((resolve, reject) => {
      heater.done = resolve;
      heater.broken = reject;
    });
    await heated;
  });
  const clock = new SimulatedClock();
  const kettle = createActor(kettleMachine.provide({ actors: { heat } }), {
    clock,
    inspect: coverage.inspect,
  }).start();
  /** @type {Record<string, () => void>} */
  const world = {
    'xstate.done.actor.heater': () => heater.done(),
    'xstate.error.actor.heater': () => heater.broken(new Error('no power')),
    'xstate.after.keepWarm.kettle.hot': () => clock.increment(600_000),
  };
  return {
    /** @param {import('xstate').EventObject} event */
    send: async (event) => {
      const happen = world[event.type] ?? (() => kettle.send(event));
      happen();
      await new Promise((resolve) => setImmediate(resolve));
    },
    /** @param {import('xstate').AnyMachineSnapshot} model */
    check: (model) => assert.deepEqual(kettle.getSnapshot().value, model.value),
    stop: () => void kettle.stop(),
  };
}

const events = { fill: [{ cups: 0 }, { cups: 2 }] };

for (const path of testPaths(kettleMachine, { events, sut: startKettle }).paths) {
  void test(path.description, () => path.test());
}

void test('it never heats without water', () =>
  propertyTest(kettleMachine, {
    events: [
      { type: 'fill', cups: 0 },
      { type: 'fill', cups: 2 },
      { type: 'pressed' },
      { type: 'poured' },
      { type: 'xstate.done.actor.heater' },
      { type: 'xstate.error.actor.heater' },
    ],
    invariant: ({ snapshot }) => assert(snapshot.value !== 'heating' || snapshot.context.cups > 0),
  }));

after(() => {
  const { states, transitions } = coverage.missing();
  assert.deepEqual([states, transitions], [[], []], formatCoverage(coverage.report()));
});
