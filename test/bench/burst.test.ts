import { expect, test } from 'vitest';
import { fatesOf, isWell } from './scenes/burst.ts';

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

test('fates are read from the log of the server, also those that it does not name', () => {
  const dispatches = ['a', 'b', 'c', 'd', 'e'].map((room) => ({ room, at: 1_000 }));
  const line = (at: number, msg: string, fields: Record<string, unknown>) => ({ at, msg, fields });
  const failed = { agentName: 'bench', error: 'no response from servers' };
  const lines = [
    line(1_204, 'assigned job to worker', { room: 'a' }),
    line(1_204, 'no worker available to handle job', { room: 'b' }),
    line(1_205, 'failed to send job request', { ...failed, error: 'no capacity' }),
    line(1_205, 'assigned job to worker', { room: 'c' }),
    line(1_300, 'participant active', { room: 'a' }),
    line(2_001, 'failed to send job request', { ...failed, agentName: '' }),
    line(2_002, 'failed to send job request', failed),
  ];
  expect(fatesOf(dispatches, lines)).toEqual([
    { assignedMs: 204, joinedMs: 300, refusedMs: null },
    { ...fate, refusedMs: 204 },
    { ...fate, assignedMs: 205 },
    { ...fate, refusedMs: 1_002 },
    fate,
  ]);
});
