/** The rules for a correct worker that show in a room of a real server. */
import { setTimeout as pause } from 'node:timers/promises';
import { JobType } from '@livekit/protocol';
import { expect, vi } from 'vitest';
import { startCaseServer } from '../support/case-server.ts';
import { fault, type FaultRecord, section } from '../support/fault.ts';
import { makeGate } from '../support/gate.ts';
import { LibraryWorker } from '../support/library-worker.ts';
import { newRoom, Stage } from '../support/stage.ts';

type Options = ConstructorParameters<typeof LibraryWorker>[2];

async function start(record: FaultRecord, options: Options = {}) {
  const server = await startCaseServer(record);
  const stage = new Stage(server);
  record.after(() => stage.clear());
  const agentName = 'agent';
  const worker = await LibraryWorker.start(record, server, {
    agent: 'obeys',
    agentName,
    ...options,
  });
  return { server, stage, agentName, worker, room: newRoom() };
}

/** A caller, and an agent in the caller's room. */
async function call(record: FaultRecord) {
  const started = await start(record);
  const { stage, worker, room, agentName } = started;
  const caller = await stage.join(room, 'caller');
  const { dispatchId } = await stage.dispatch(agentName, { room });
  const { jobId, identity } = await worker.next('job.connected');
  return { ...started, caller, jobId, identity, dispatchId };
}

section.concurrent('Server and network', () => {
  fault(
    'R6 looks before it ends a job whose agent joins anew',
    { within: 10_000 },
    async (record) => {
      const { server, stage, worker, room, identity, jobId, dispatchId } = await call(record);
      const { sid } = await stage.participant(room, identity);
      // The server knows of a job up to 5 s after its dispatch; only then does it terminate it.
      await vi.waitFor(
        async () => {
          const dispatch = await stage.dispatches.getDispatch(dispatchId, room);
          expect(dispatch?.state?.jobs).toHaveLength(1);
        },
        { timeout: 7_000, interval: 50 },
      );
      record.start();
      await stage.tell(room, 'reconnect');
      await worker.next('job.reconnecting');
      await server.output.waitFor(
        'The JobTermination',
        (line) => line.includes(jobId) && line.includes('agent worker left the room'),
      );
      // The session waits 1 s for a reason to end, which is not to come.
      await pause(1_200);
      expect(worker.all('job.closing')).toEqual([]);
      expect((await stage.participant(room, identity)).sid).not.toBe(sid);
      await stage.tell(room, 'shutdown');
      const { session } = await worker.ended(jobId);
      record('the session goes on, until it ends by itself');
      expect(session).toMatchObject({ reason: 'agent-ended', detail: 'done' });
    },
  );

  fault('R7 has the reason for an end from the room', { within: 2_000 }, async (record) => {
    const { stage, worker, room, jobId } = await call(record);
    record.start();
    await stage.rooms.deleteRoom(room);
    const { session, end } = await worker.ended(jobId);
    record(`room deleted: the job has ${end} (${session?.reason})`);
    expect(session?.reason).toBe('room-deleted');
  });

  fault(
    'R9 leaves a room that is not the one it was hired for',
    { within: 5_000 },
    async (record) => {
      const decision = makeGate();
      const { stage, worker, room, agentName } = await start(record, {
        requestFunc: async (request) => {
          await decision.opened;
          await request.accept();
        },
      });
      await stage.rooms.createRoom({ name: room });
      await stage.dispatch(agentName, { room });
      const { jobId } = await worker.next('job.requested');
      record.start();
      await stage.rooms.deleteRoom(room);
      decision.open();
      const { session, end } = await worker.ended(jobId);
      record(
        `room deleted before it joined: left at once, the job has ${end} (${session?.reason})`,
      );
      expect(session?.reason).toBe('wrong-room');
      expect(await stage.whoIsIn(room)).toEqual([]);
    },
  );

  // The server takes up to 3 s to tell of a participant without tracks.
  fault('R10 ends with the participant it was hired for', { within: 5_000 }, async (record) => {
    const { stage, worker, room, agentName } = await start(record, {
      serverType: JobType.JT_PARTICIPANT,
    });
    const caller = await stage.join(room, 'caller');
    await stage.join(room, 'other');
    await stage.dispatch(agentName, { room });
    const first = await worker.next('job.connected');
    await worker.next('job.connected', ({ jobId }) => jobId !== first.jobId);
    record.start();
    await caller.leave();
    const { session, end } = await worker.next('job.ended');
    record(`the job of that participant has ${end} (${session?.reason})`);
    expect(session).toMatchObject({ reason: 'participant-left', detail: 'caller' });
    expect(worker.handle.activeJobs).toHaveLength(1);
  });
});
