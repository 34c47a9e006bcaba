import { expect, test } from 'vitest';
import { figures } from './figures.ts';
import type { BenchResults } from './results.ts';
import type { Sample } from './statistics.ts';
import { pageMistakes, performancePage, performancePageName, terminalTable } from './table.ts';

const quiet = (...values: number[]): Sample[] => values.map((value) => ({ value, noise: null }));

const results: BenchResults = {
  isShort: false,
  machine: { cores: 2, cpu: 'a processor', memoryGiB: 24, node: '20.20.2', system: 'linux 6.1' },
  candidates: { greenroom: 'Greenroom', 'agents-js': '@livekit/agents 1.9.0', floor: 'floor' },
  missing: { 'agents-py': 'no Python 3.10 or newer' },
  mishaps: [{ scene: 'cold', candidate: 'agents-js', message: 'it was late' }],
  samples: {
    'warm-connected': {
      greenroom: quiet(300, 310, 305),
      'agents-js': [...quiet(370), { value: 900, noise: 'load' }, { value: 901, noise: 'load' }],
    },
    'deleted-gone': { greenroom: quiet(31, 35) },
    'warm-assigned': { greenroom: quiet(203) },
  },
};

/** The cells of the row of a figure. */
function cells(table: string, title: string): string[] {
  const line = table.split('\n').find((each) => each.startsWith(title)) ?? '';
  return line.split(/ {2,}/);
}

test('a row has medians, ratios, the bound and whether it is met', () => {
  const table = terminalTable(results);
  expect(table).toContain('2 cores (a processor), 24 GiB, linux 6.1, Node 20.20.2.');
  expect(cells(table, 'warm: dispatch → connect() back')).toEqual([
    'warm: dispatch → connect() back',
    '305 / 310 ms',
    '900 / 901 ms ~',
    '–',
    '–',
    '0.34×',
    '–',
    '≤ 0.83 × agents-js = 747, ≤ 1.06 × agents-py, ≤ 1 × agents-py from Node 24 on',
    'yes',
  ]);
  expect(cells(table, 'room deleted → process gone').slice(-2)).toEqual(['≤ 30 ms', '**no**']);
  expect(cells(table, 'warm: dispatch → assigned').slice(-2)).toEqual(['–', '–']);
});

test('a bound that the floor misses as well is told from one that can be met', () => {
  const of = (floor: Sample[]) =>
    terminalTable({ ...results, samples: { 'deleted-gone': { greenroom: quiet(31), floor } } });
  const met = (table: string) => cells(table, 'room deleted → process gone').at(-1);
  expect(met(of(quiet(30.5)))).toBe('**no**, nor does the floor');
  expect(met(of(quiet(30)))).toBe('**no**');
});

test('what takes the time of the floor is told of a bound that it misses as well', () => {
  const of = (greenroom: Sample[], floor: Sample[]) =>
    terminalTable({
      ...results,
      samples: { 'cold-connected': { greenroom, floor, 'agents-js': quiet(1_000) } },
    });
  const told = 'cold: dispatch → connect() back: as for the warm one';
  expect(of(quiet(370), quiet(350))).toContain(told);
  expect(of(quiet(370), quiet(320))).not.toContain(told);
  expect(of(quiet(320), quiet(350))).not.toContain(told);
});

test('who is missing or has failed is named', () => {
  const table = terminalTable(results);
  expect(table).toContain('agents-py was not measured: no Python 3.10 or newer.');
  expect(table).toContain('agents-js failed in the scene cold: it was late');
  expect(table).toContain('9 samples, 2 of them noisy');
});

test('a short run judges nothing', () => {
  const table = terminalTable({ ...results, isShort: true });
  expect(table).not.toContain('**no**');
  expect(table).not.toContain('yes');
  expect(table).toContain('judges nothing');
});

test('the page defines every figure, before the first run as well', () => {
  expect(pageMistakes(performancePage(results))).toEqual([]);
  expect(pageMistakes(performancePage(null))).toEqual([]);
  expect(pageMistakes('')).toHaveLength(figures.length);
});

test('the oldest Node that is supported has the main page, each later one a page of its own', () => {
  const later = { ...results, machine: { ...results.machine, node: '24.21.0' } };
  expect(performancePageName(results.machine)).toBe('performance.md');
  expect(performancePageName(later.machine)).toBe('performance-on-node-24.md');
  expect(performancePage(later)).toMatch(/^# Performance on Node 24\n/);
  expect(pageMistakes(performancePage(later))).toEqual([]);
});
