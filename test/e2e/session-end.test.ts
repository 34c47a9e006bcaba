/** Every way a session ends in order: the reason reaches the callbacks, the log and the exit code, and nothing is left. */
import { DisconnectReason } from '@livekit/rtc-node';
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';
import type { CloseReason } from '../../machines/messages.ts';
import { expectNoneLeft } from '../support/processes.ts';
import { ended, newRoom, pidOf, Stage, type StageJob, type StageWorker } from '../support/stage.ts';

const stage = new Stage(inject('liveKit'));
let worker: StageWorker;

beforeAll(async () => {
  worker = await stage.startWorker('obeys');
});
afterEach(() => stage.clearCallers());
afterAll(() => stage.clear());

/** A caller in a room, and the agent, whom the caller sees. */
async function call() {
  const room = newRoom();
  const caller = await stage.join(room, 'caller');
  const job = await stage.call(worker, { room });
  await caller.waitForParticipant(job.identity);
  return { room, caller, job };
}

/** The job ends for this reason; its callbacks have run with it, and its process is gone. */
async function expectEnd(
  job: StageJob,
  reason: CloseReason,
  { detail = '', end = 'succeeded', code = 0 } = {},
) {
  const { program } = worker;
  expect(await ended(worker, job)).toMatchObject({ end, session: { reason, detail } });
  const callback = await program.waitForLog(
    'The shutdown callback',
    (line) => line.msg === 'shutdown callback' && line['jobId'] === job.jobId,
  );
  const pid = await pidOf(worker, job);
  expect(callback).toMatchObject({ pid, reason, detail });
  const exit = await program.waitForEvent('process.exited', ({ jobPid }) => jobPid === pid);
  expect(exit).toMatchObject({ code, signal: null });
  await expectNoneLeft([pid]);
  expect(await stage.whoIsIn(job.room)).not.toContain(job.identity);
}

test('when the last caller leaves, the room closes and the session with it', async () => {
  const { room, caller, job } = await call();
  await caller.leave();
  await expectEnd(job, 'room-closed', { detail: 'ROOM_CLOSED' });
  expect(await stage.rooms.listRooms([room])).toEqual([]);
});

test('by ctx.shutdown(): the agent leaves, the caller stays', async () => {
  const { room, caller, job } = await call();
  await stage.tell(room, 'shutdown');
  await caller.waitForLeave(job.identity);
  await expectEnd(job, 'agent-ended', { detail: 'done' });
  expect(await stage.whoIsIn(room)).toEqual(['caller']);
});

test('by ctx.endSession(): the room is deleted', async () => {
  const { room, caller, job } = await call();
  await stage.tell(room, 'endSession');
  expect(await caller.waitForDisconnect()).toBe(DisconnectReason.ROOM_DELETED);
  await expectEnd(job, 'session-ended', { detail: 'goodbye' });
  expect(await stage.rooms.listRooms([room])).toEqual([]);
});

test('by ctx.deleteRoom()', async () => {
  const { room, caller, job } = await call();
  await stage.tell(room, 'deleteRoom');
  expect(await caller.waitForDisconnect()).toBe(DisconnectReason.ROOM_DELETED);
  await expectEnd(job, 'room-deleted', { detail: 'ROOM_DELETED' });
  expect(await stage.rooms.listRooms([room])).toEqual([]);
});

test('when the agent leaves the room by itself', async () => {
  const { room, job } = await call();
  await stage.tell(room, 'leave');
  await expectEnd(job, 'agent-ended', { detail: 'CLIENT_INITIATED' });
});

test('when its dispatch is deleted', async () => {
  const { room, job } = await call();
  await stage.dispatches.deleteDispatch(job.dispatchId, room);
  // The server knows of a job up to 5 s after its dispatch.
  await expectEnd(job, 'terminated');
});

test('when the agent is removed from the room', async () => {
  const { room, job } = await call();
  await stage.rooms.removeParticipant(room, job.identity);
  await expectEnd(job, 'participant-removed', { detail: 'PARTICIPANT_REMOVED' });
});

test('when somebody else joins under the identity of the agent', async () => {
  const { room, job } = await call();
  const usurper = await stage.join(room, job.identity);
  expect(await ended(worker, job)).toMatchObject({
    end: 'failed',
    session: { reason: 'duplicate-identity' },
  });
  await expectNoneLeft([await pidOf(worker, job)]);
  // The one who took the identity is still there.
  expect(await stage.whoIsIn(room)).toEqual([job.identity, 'caller'].toSorted());
  await usurper.leave();
});
