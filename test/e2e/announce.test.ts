/** Who is in a room hears of an agent as soon as it has joined, unless the option `announce` is off. */
import { afterAll, afterEach, expect, inject, test } from 'vitest';
import { newRoom, Stage, type StageWorker } from '../support/stage.ts';

const stage = new Stage(inject('liveKit'));
const rounds = 6;

afterEach(() => stage.clearCallers());
afterAll(() => stage.clear());

/**
 * Lets the agent of `quiet` join, then that of `loud`, and tells of whom the caller has heard once it
 * hears of the later one. The server's next batch tells of both: of the later one alone it tells only when something makes it.
 */
async function hearsOf(quiet: StageWorker, loud: StageWorker): Promise<'loud' | 'both'> {
  const room = newRoom();
  const caller = await stage.join(room, 'caller');
  const first = await stage.call(quiet, { room, metadata: 'join' });
  const second = await stage.call(loud, { room, metadata: 'join' });
  const agent = await caller.waitForParticipant(second.identity);
  // The server answers after what it has told before: a batch would be here with all that is in it.
  const present = await stage.whoIsIn(room);
  expect(present).toEqual([first.identity, second.identity, 'caller'].toSorted());
  expect(Object.keys(agent.attributes)).not.toContain('greenroom.announced');
  return caller.room.remoteParticipants.has(first.identity) ? 'both' : 'loud';
}

test('the later one of two agents is heard of first when only it is announced', async () => {
  const [quiet, loud] = await Promise.all([
    stage.startWorker('stays', { options: { announce: false } }),
    stage.startWorker('stays', { options: { announce: true } }),
  ]);
  // A batch may come between the two: then it says nothing, and is tried again.
  for (let round = 0; round < rounds; round += 1) {
    if ((await hearsOf(quiet, loud)) === 'loud') return;
  }
  expect.fail(`In none of ${rounds} rooms was the announced agent heard of before the other one.`);
});
