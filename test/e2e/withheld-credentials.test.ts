/** With `credentials: 'withhold'` a job process knows no key, and its room is deleted all the same. */
import { readFileSync } from 'node:fs';
import { platform } from 'node:os';
import { DisconnectReason } from '@livekit/rtc-node';
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';
import { ended, newRoom, pidOf, Stage, type StageWorker } from '../support/stage.ts';

const stage = new Stage(inject('liveKit'));
const other = newRoom();
let worker: StageWorker;

beforeAll(async () => {
  await stage.rooms.createRoom({ name: other });
  worker = await stage.startWorker('has-no-key');
});
afterEach(() => stage.clearCallers());
afterAll(async () => {
  await stage.clear();
  await stage.rooms.deleteRoom(other);
});

/** A caller in a room, and an agent that has tried to delete another one. */
async function call() {
  const room = newRoom();
  const caller = await stage.join(room, 'caller');
  const job = await stage.call(worker, { room, metadata: other });
  const tried = await worker.program.waitForLog(
    'The try',
    ({ msg, jobId }) => msg === 'tried' && jobId === job.jobId,
  );
  return { room, caller, job, tried };
}

test('a job process knows no key, and no other room than its own can be deleted', async () => {
  const { job, tried } = await call();
  expect(tried).toMatchObject({
    knows: ['acceptArguments', 'job', 'url', 'token', 'workerId'],
    refused: { code: 'GR_OPTION_INVALID', details: { room: other, own: job.room } },
  });
  expect(await stage.rooms.listRooms([other])).toHaveLength(1);
  if (platform() !== 'linux') return;
  const { apiKey, apiSecret } = stage.server;
  const environment = readFileSync(`/proc/${await pidOf(worker, job)}/environ`, 'utf8');
  expect(environment).toContain('LIVEKIT_URL=');
  for (const secret of [apiSecret, `=${apiKey}\0`, 'LIVEKIT_API_']) {
    expect(environment).not.toContain(secret);
  }
});

test('ctx.deleteRoom() deletes its room, and each request is answered', async () => {
  const { room, caller, job } = await call();
  await stage.tell(room, 'deleteRoom');
  expect(await caller.waitForDisconnect()).toBe(DisconnectReason.ROOM_DELETED);
  await worker.program.waitForLog(
    'The answers',
    ({ msg, jobId }) => msg === 'both requests are answered' && jobId === job.jobId,
  );
  expect(await ended(worker, job)).toMatchObject({
    end: 'succeeded',
    session: { reason: 'room-deleted' },
  });
  expect(await stage.rooms.listRooms([room])).toEqual([]);
});

test('ctx.endSession() deletes its room', async () => {
  const { room, caller, job } = await call();
  await stage.tell(room, 'endSession');
  expect(await caller.waitForDisconnect()).toBe(DisconnectReason.ROOM_DELETED);
  expect(await ended(worker, job)).toMatchObject({
    end: 'succeeded',
    session: { reason: 'session-ended', detail: 'goodbye' },
  });
  expect(await stage.rooms.listRooms([room])).toEqual([]);
  expect(worker.program.events).not.toContain('job.warning');
});
