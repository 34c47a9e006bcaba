import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type SampleLoadDependencies, defineSampleLoad } from '../../src/actors/sample-load.ts';
import { type Supervised, runUnderParent } from '../support/run-under-parent.ts';

const loadSource = { activeJobs: ['AJ_1', 'AJ_2'] };
const running: Supervised[] = [];

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  for (const actor of running.splice(0)) actor.stop();
  vi.useRealTimers();
});

function start(more: Partial<SampleLoadDependencies>): Supervised {
  const actor = runUnderParent(
    defineSampleLoad({ loadFunc: null, loadSource, periodMs: 2500, ...more }),
  );
  running.push(actor);
  return actor;
}

/** The events of the time that passes. */
async function pass(actor: Supervised, ms: number): Promise<unknown[]> {
  const before = actor.events.length;
  await vi.advanceTimersByTimeAsync(ms);
  return actor.events.slice(before).map((event) => {
    return event.type === 'load.failed' ? event['failure'].message : event['load'];
  });
}

describe('the measure of the machine', () => {
  it('is told after the first period and then in every period', async () => {
    const loads = [0.1, 0.2, 0.3];
    const actor = start({ makeMachineLoad: () => ({ sample: () => loads.shift() ?? 0 }) });
    expect(await pass(actor, 2499)).toEqual([]);
    expect(await pass(actor, 1)).toEqual([0.1]);
    expect(await pass(actor, 2499)).toEqual([]);
    expect(await pass(actor, 1)).toEqual([0.2]);
    expect(await pass(actor, 2500)).toEqual([0.3]);
  });

  it('that cannot be taken is told once', async () => {
    const actor = start({ makeMachineLoad: () => ({ sample: () => null }) });
    expect(await pass(actor, 10_500)).toEqual([expect.stringContaining('give a loadFunc')]);
    expect(actor.events[0]).toMatchObject({
      type: 'load.failed',
      failure: { code: 'GR_LOAD_FAILED' },
    });
  });

  it('is the real one by default', async () => {
    const actor = start({});
    expect(await pass(actor, 2500)).toEqual([expect.any(Number)]);
  });
});

describe('loadFunc', () => {
  it('is given the worker, and may be async', async () => {
    const loadFunc = vi.fn<NonNullable<SampleLoadDependencies['loadFunc']>>((worker) =>
      Promise.resolve(worker.activeJobs.length / 10),
    );
    const actor = start({ loadFunc });
    expect(await pass(actor, 500)).toEqual([0.2]);
    expect(loadFunc).toHaveBeenCalledExactlyOnceWith(loadSource);
  });

  it('that fails is told at each change, and again after it worked', async () => {
    const answers: (() => number)[] = [
      () => 0.5,
      () => {
        throw new Error('no sensor');
      },
      () => {
        throw new Error('no sensor');
      },
      () => NaN,
      () => 0.6,
      () => NaN,
    ];
    const actor = start({ loadFunc: () => answers.shift()!() });
    const nan =
      'loadFunc returned NaN (number); it must return a load from 0, idle, to 1, full. The last load is kept.';
    expect(await pass(actor, 500 + 5 * 2500)).toEqual([0.5, 'no sensor', nan, 0.6, nan]);
  });

  it.each([
    [Infinity, 'Infinity (number)'],
    [-0.1, '-0.1 (number)'],
    ['0.5', '"0.5" (string)'],
    [undefined, 'undefined'],
  ])('that returns %s is told', async (answer, described) => {
    const actor = start({ loadFunc: () => answer as number });
    expect(await pass(actor, 500)).toEqual([
      expect.stringContaining(`loadFunc returned ${described}`),
    ]);
  });

  it('that takes longer than the period is told once, and its late answers do not count', async () => {
    const loadFunc = vi.fn<NonNullable<SampleLoadDependencies['loadFunc']>>(
      () => new Promise((resolve) => setTimeout(() => resolve(0.9), 3000)),
    );
    const actor = start({ loadFunc });
    expect(await pass(actor, 500 + 2500)).toEqual([
      'loadFunc takes longer than the 2500 ms between two samples; the last load is kept.',
    ]);
    expect(await pass(actor, 20_000)).toEqual([]);
    // Never two at a time: one call for every two periods.
    expect(loadFunc).toHaveBeenCalledTimes(5);
    loadFunc.mockImplementation(() => 0.4);
    await pass(actor, 2500);
    expect(await pass(actor, 2500)).toEqual([0.4]);
  });
});

describe('the end', () => {
  it('ends the samples, also the one under way', async () => {
    let answer!: (load: number) => void;
    const actor = start({
      loadFunc: () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    });
    await pass(actor, 500);
    actor.stop();
    answer(0.5);
    expect(await pass(actor, 10_000)).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('can come before the first sample', () => {
    start({}).stop();
    expect(vi.getTimerCount()).toBe(0);
  });
});
