import { describe, expect, test } from 'vitest';
import { Plan } from './actions.ts';
import { type Fact, Invariants } from './invariants.ts';

type Untimed = Fact extends infer One
  ? One extends Fact
    ? Omit<One, 'at'> & { at?: number }
    : 0
  : 0;

const footprint = { rssBytes: 100_000_000, heapBytes: 20_000_000, handles: 40 };
const settled = (change: Partial<typeof footprint> = {}): Untimed => ({
  type: 'settled',
  footprint: { ...footprint, ...change },
});
const opened: Untimed = { type: 'opened', connection: 'A' };
const free = { type: 'told', connection: 'A', isAvailable: true, jobCount: 0 } as const;

/** One job, from the request to its end. */
const job = (id: string, pid = 100): Untimed[] => [
  { type: 'asked', connection: 'A', jobId: id },
  { type: 'admitted', job: `A/${id}` },
  { type: 'answered', connection: 'A', jobId: id },
  { type: 'accepted', job: `A/${id}` },
  { type: 'started', job: `A/${id}`, pid },
  { type: 'ended', job: `A/${id}`, end: 'succeeded' },
];

/** What is violated in a history; a fact without a time comes 1 ms after the one before. */
function check(...facts: Untimed[]): string[] {
  const invariants = new Invariants({ maxJobs: 2, answerMs: 2_500, processMs: 1_000, warmUp: 1 });
  let at = 0;
  for (const fact of facts) {
    at = fact.at ?? at + 1;
    invariants.take({ ...fact, at });
  }
  return invariants.violations;
}

describe('the invariants', () => {
  test('hold in a history without a flaw', () => {
    const history = [opened, ...job('1'), ...job('2'), free, settled()];
    expect(
      check(...history, { type: 'running', pids: [] }, ...job('3'), settled(), {
        type: 'finished',
        exit: 'exit code 0',
        left: [],
      }),
    ).toEqual([]);
  });

  test.each<[string, Untimed[], RegExp]>([
    [
      'a third job at once',
      ['1', '2', '3'].map((id) => ({ type: 'accepted', job: `A/${id}` })),
      /^3 jobs at once$/,
    ],
    [
      'a second answer',
      [opened, ...job('1'), { type: 'answered', connection: 'A', jobId: '1' }],
      /^1 was answered twice/,
    ],
    ['an answer that nobody asked for', [opened, ...job('1').slice(2, 3)], /without a request/],
    [
      'a request that is not answered',
      [opened, ...job('1').slice(0, 1), { ...free, at: 2_600 }],
      /^1 on A was not answered in 2500 ms$/,
    ],
    [
      'a second outcome',
      [opened, ...job('1'), { type: 'ended', job: 'A/1', end: 'failed' }],
      /^A\/1 is ended after its end$/,
    ],
    ['a job without an outcome', [opened, free, ...job('1').slice(1, 2), settled()], /no outcome/],
    [
      'a process that outlives its job',
      [opened, ...job('1'), { type: 'running', pids: [100], at: 1_100 }],
      /^process 100 outlives its job A\/1$/,
    ],
    [
      'a status that is not the truth',
      [opened, { ...free, jobCount: 1 }, settled()],
      /^nothing runs, but the server was told .*"jobCount":1/,
    ],
    [
      'a worker that never says that it is free',
      [opened, { ...free, isAvailable: false }, settled()],
      /^nothing runs, but/,
    ],
    ['a worker that is not connected', [settled()], /^nothing runs, but the server was told \[\]$/],
    ['another exit code', [{ type: 'finished', exit: 'exit code 1', left: [] }], /exit code 1$/],
    [
      'what is left',
      [{ type: 'finished', exit: 'exit code 0', left: ['sh'] }],
      /^left behind: sh$/,
    ],
  ])('do not hold: %s', (_what, history, violation) => {
    const violations = check(...history);
    expect(violations).toEqual([expect.stringMatching(violation)]);
  });

  test.each([
    ['memory', { rssBytes: footprint.rssBytes + 9 * 1024 * 1024 }, /memory grew by 9437184 bytes/],
    ['heap', { heapBytes: footprint.heapBytes + 1_100_000 }, /heap grew by 1100000 bytes/],
    ['handles', { handles: 43 }, /holds 3 handles more/],
  ])('do not hold when the %s grows', (_what, change, violation) => {
    const flat = [settled(), settled(), settled()];
    expect(check(opened, free, ...flat, settled())).toEqual([]);
    expect(check(opened, free, ...flat, settled(change))).toEqual([
      expect.stringMatching(violation),
    ]);
    // The first one does not count: the worker warms up.
    expect(
      check(opened, free, settled(), settled(change), settled(change), settled(change)),
    ).toEqual([]);
  });

  test('allow 1 MiB for each hundred jobs', () => {
    const jobs = Array.from({ length: 200 }, (_, index) => job(`${index}`, index)).flat();
    const grown = settled({ heapBytes: footprint.heapBytes + 3_000_000 });
    const steady = [opened, free, settled(), settled(), settled()];
    expect(check(...steady, ...jobs, grown)).toEqual([]);
    expect(check(...steady, grown)).toHaveLength(1);
  });

  test('a process that takes the number of one that is gone is not mistaken for it', () => {
    const running = (at: number, ...pids: number[]): Untimed => ({ type: 'running', pids, at });
    expect(check(opened, ...job('1'), running(500), running(9_000, 100))).toEqual([]);
  });

  test('a connection that closes takes its requests and its status along', () => {
    const closed: Untimed = { type: 'closed', connection: 'A' };
    expect(check(opened, ...job('1').slice(0, 1), closed, { ...opened, at: 9_000 })).toEqual([]);
  });
});

describe('a plan', () => {
  const steps = (seed: number) => {
    const plan = new Plan(seed);
    return Array.from({ length: 500 }, () => plan.next());
  };

  test('is the same for the same seed, and another for another', () => {
    expect(steps(7)).toEqual(steps(7));
    expect(steps(7)).not.toEqual(steps(8));
  });

  test('holds every kind of action', () => {
    expect(new Set(steps(7).map(({ action }) => action.type)).size).toBe(7);
  });
});
