import { expect, test } from 'vitest';
import { noiseIn } from './noise.ts';

const second = { elapsedMs: 1_000, cores: 2, stolenMs: 0 };

test('a sample is quiet as long as others use little', () => {
  expect(noiseIn({ ...second, busyMs: 1_900, ownMs: 1_800 })).toBeNull();
});

test('what others use, or the host takes, is told', () => {
  expect(noiseIn({ ...second, busyMs: 1_000, ownMs: 600 })).toBe(
    'other programs used 20 % of the machine',
  );
  expect(noiseIn({ ...second, busyMs: 600, ownMs: 600, stolenMs: 100 })).toBe(
    'the host gave 5 % of the machine to others',
  );
});

test('a few ticks in a short sample say nothing', () => {
  expect(noiseIn({ ...second, elapsedMs: 100, busyMs: 90, ownMs: 40 })).toBeNull();
});
