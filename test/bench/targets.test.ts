import { describe, expect, test } from 'vitest';
import { describeTarget, judge, type Target, verdict } from './targets.ts';

const medians = { greenroom: 100, 'agents-js': 500, 'agents-py': 90, floor: 98 };

describe('a target', () => {
  test.each<[Target, number | null, boolean | null]>([
    [{ atMost: 100 }, 100, true],
    [{ atMost: 99 }, 99, false],
    [{ times: 0.2, of: 'agents-js' }, 100, true],
    [{ times: 1.1, of: 'agents-py' }, 99.000_000_000_000_01, false],
    [{ plus: 2, of: 'floor' }, 100, true],
    [{ times: 1, of: 'agents-py', fromNode: 24 }, null, null],
  ])('%j on Node 20', (target, bound, met) => {
    expect(judge(target, medians, 20)).toEqual({ target, bound, met });
  });

  test('for a newer Node is judged there', () => {
    const target = { times: 1, of: 'agents-py', fromNode: 24 } as const;
    expect(judge(target, medians, 24)).toEqual({ target, bound: 90, met: false });
  });

  test('cannot be judged without whom it is measured against, or without ours', () => {
    const target = { times: 0.2, of: 'agents-js' } as const;
    expect(judge(target, { greenroom: 100 }, 20).met).toBeNull();
    expect(judge({ atMost: 1 }, { floor: 1 }, 20).met).toBeNull();
  });

  test('says what it asks for', () => {
    expect(describeTarget({ atMost: 3000 }, 'ms')).toBe('≤ 3000 ms');
    expect(describeTarget({ plus: 2, of: 'floor' }, 'ms')).toBe('≤ floor + 2 ms');
    expect(describeTarget({ times: 1, of: 'agents-py', fromNode: 24 }, 'ms')).toBe(
      '≤ 1 × agents-py from Node 24 on',
    );
  });
});

test('a figure is met when every target that can be judged is', () => {
  const of = (...met: (boolean | null)[]) =>
    met.map((each) => ({ target: { atMost: 1 }, bound: 1, met: each }));
  expect(verdict(of(true, true))).toBe(true);
  expect(verdict(of(true, false))).toBe(false);
  expect(verdict(of(true, null))).toBe(true);
  expect(verdict(of(null))).toBeNull();
  expect(verdict([])).toBeNull();
});
