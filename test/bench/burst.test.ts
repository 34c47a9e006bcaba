import { expect, test } from 'vitest';
import { isWell } from './scenes/burst.ts';

const fate = { assignedMs: null, joinedMs: null, refusedMs: null };

test.each([
  ['in its room in time', { ...fate, assignedMs: 205, joinedMs: 2_900 }, true],
  ['in its room too late', { ...fate, assignedMs: 205, joinedMs: 3_100 }, false],
  ['refused at once', { ...fate, refusedMs: 210 }, true],
  ['refused after a while', { ...fate, refusedMs: 5_000 }, false],
  ['assigned and lost', { ...fate, assignedMs: 205 }, false],
  ['never heard of', fate, false],
])('a job that was %s', (_, what, isFine) => {
  expect(isWell(what)).toBe(isFine);
});
