import { expect, test } from 'vitest';
import { median, percentile, type Sample, summarize } from './statistics.ts';

const quiet = (...values: number[]): Sample[] => values.map((value) => ({ value, noise: null }));
const noisy = (...values: number[]): Sample[] => values.map((value) => ({ value, noise: 'load' }));

test('the median is the middle one, or the mean of the two in the middle', () => {
  expect(median([1, 2, 30])).toBe(2);
  expect(median([1, 2, 4, 30])).toBe(3);
});

test('a percentile is the nearest rank; with few samples the maximum', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
  expect(percentile(hundred, 95)).toBe(95);
  expect(percentile(hundred, 99)).toBe(99);
  expect(percentile(hundred.slice(0, 19), 95)).toBe(19);
  expect(percentile(hundred.slice(0, 20), 95)).toBe(19);
});

test('noisy samples are left out', () => {
  expect(summarize([...quiet(3, 1, 2), ...noisy(900, 901)])).toEqual({
    median: 2,
    p95: 3,
    min: 1,
    count: 3,
    noisy: 2,
    isNoisy: false,
  });
});

test('when most are noisy all are used, and the numbers are marked', () => {
  expect(summarize([...quiet(1), ...noisy(8, 9)])).toEqual({
    median: 8,
    p95: 9,
    min: 1,
    count: 3,
    noisy: 2,
    isNoisy: true,
  });
  expect(summarize([])).toBeNull();
});
