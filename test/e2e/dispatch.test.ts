/** How jobs come to a worker, what they bring, and how the agent shows in the room. */
import { JobType, ParticipantInfo_Kind, RoomAgentDispatch } from '@livekit/protocol';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { WorkerPermissions } from '../../src/permissions.ts';
import { ended, newRoom, Stage, type StageWorker } from '../support/stage.ts';

const stage = new Stage(inject('liveKit'));

afterEach(() => stage.clearCallers());
afterAll(() => stage.clear());

/** What the agent tells-its-job has logged of a job. */
async function told({ program }: StageWorker, jobId: string) {
  return program.waitForLog(
    `What the agent knows of ${jobId}`,
    (line) => line.msg === 'my job' && line['jobId'] === jobId,
  );
}

describe('a job comes by', () => {
  let worker: StageWorker;
  beforeAll(async () => {
    worker = await stage.startWorker('tells-its-job');
  });

  test('explicit dispatch, with its metadata, and prewarm has run', async () => {
    const room = newRoom();
    const caller = await stage.join(room, 'caller');
    const job = await stage.call(worker, { room, metadata: '{"language":"cs"}' });
    const agent = await caller.waitForParticipant(job.identity);
    expect(agent.info.kind).toBe(ParticipantInfo_Kind.AGENT);
    expect(job.identity).toBe(`agent-${job.jobId}`);
    expect(agent.attributes).toMatchObject({ 'lk.agent.name': worker.agentName });

    const { job: known, userData, pid } = await told(worker, job.jobId);
    expect(known).toEqual({
      dispatchId: job.dispatchId,
      agentName: worker.agentName,
      metadata: '{"language":"cs"}',
      attributes: {},
      room,
    });
    expect(userData).toEqual({ prepared: `by prewarm in ${pid}` });
  });

  test('dispatch in the token of the first participant, with metadata and attributes', async () => {
    const room = newRoom();
    const dispatch = new RoomAgentDispatch({
      agentName: worker.agentName,
      metadata: 'from the token',
      attributes: { plan: 'gold' },
    });
    await stage.join(room, 'caller', { roomConfig: { agents: [dispatch] } });
    const job = await stage.connected(worker, (event) => event.room === room);
    const { job: known } = await told(worker, job.jobId);
    expect(known).toMatchObject({ metadata: 'from the token', attributes: { plan: 'gold' } });
    expect(await stage.whoIsIn(room)).toEqual([job.identity, 'caller'].toSorted());
  });

  test('automatic dispatch, when the worker has no agent name', async () => {
    const nameless = await stage.startWorker('tells-its-job', { options: { agentName: '' } });
    const room = newRoom();
    await stage.join(room, 'caller');
    const job = await stage.connected(nameless, (event) => event.room === room);
    const { job: known } = await told(nameless, job.jobId);
    expect(known).toMatchObject({ agentName: '', metadata: '', room });
    await stage.endWorker(nameless);
  });
});

test('requestFunc accepts under a name, an identity, metadata and attributes', async () => {
  const worker = await stage.startWorker('accepts-as-mabel');
  const job = await stage.call(worker);
  const attributes = { voice: 'alto', 'lk.agent.name': worker.agentName };
  const mabel = { name: 'Mabel', identity: `mabel-${job.jobId}`, metadata: `for ${job.room}` };

  const { accepted, self } = await told(worker, job.jobId);
  expect(accepted).toEqual({ ...mabel, attributes });
  expect(self).toMatchObject({ ...mabel, attributes });
  const {
    identity,
    name,
    metadata,
    attributes: seen,
  } = await stage.participant(job.room, mabel.identity);
  expect({ identity, name, metadata }).toEqual(mabel);
  expect(seen).toMatchObject(attributes);
});

describe('permissions', () => {
  /** A job of a worker with these permissions, and what the agent may do in its room. */
  async function callWith(permissions: WorkerPermissions) {
    const worker = await stage.startWorker('obeys', { options: { permissions } });
    const job = await stage.call(worker);
    const { permission } = await stage.participant(job.room, job.identity);
    return { worker, job, permission };
  }

  test('are all given by default, but for those that are to be asked for', async () => {
    const { worker, permission } = await callWith(new WorkerPermissions());
    expect(permission).toMatchObject({
      canPublish: true,
      canSubscribe: true,
      canPublishData: true,
      canUpdateMetadata: true,
      canSubscribeMetrics: false,
      hidden: false,
      agent: true,
    });
    await stage.endWorker(worker);
  });

  test('that the worker does not ask for are not given', async () => {
    const { worker, permission } = await callWith(
      new WorkerPermissions(false, false, false, false),
    );
    expect(permission).toMatchObject({
      canPublish: false,
      canSubscribe: false,
      canPublishData: false,
      canUpdateMetadata: false,
      agent: true,
    });
    await stage.endWorker(worker);
  });

  test('hide the agent from the others', async () => {
    const { worker, job, permission } = await callWith(
      new WorkerPermissions(true, true, true, true, [], true),
    );
    expect(permission).toMatchObject({ hidden: true });
    await stage.join(job.room, 'other');
    // Who joins is told at once of all who are in the room already.
    const caller = await stage.join(job.room, 'caller');
    expect([...caller.room.remoteParticipants.keys()]).toEqual(['other']);
    await stage.endWorker(worker);
  });
});

describe('the three job types', () => {
  let worker: StageWorker;
  beforeAll(async () => {
    const agentName = newRoom();
    const registrations = [JobType.JT_ROOM, JobType.JT_PUBLISHER, JobType.JT_PARTICIPANT].map(
      (serverType) => ({ agentName, serverType }),
    );
    worker = await stage.startWorker('tells-its-job', { options: { registrations } });
  });

  /** The job of that room and participant. */
  async function jobFor(room: string, participant: string | undefined, but: string[] = []) {
    const { jobId } = await worker.program.waitForLog(
      `A job for ${participant} in ${room}`,
      ({ msg, job, jobId: id }) => {
        const known = job as { participant?: string; room?: string } | undefined;
        return (
          msg === 'my job' &&
          known?.room === room &&
          known.participant === participant &&
          !but.includes(String(id))
        );
      },
    );
    return { jobId: String(jobId) };
  }

  test('each comes for its own cause, and ends with its own participant', async () => {
    const room = newRoom();
    const caller = await stage.join(room, 'caller');
    await stage.join(room, 'other');
    await stage.dispatch(worker.agentName, { room });
    const roomJob = await jobFor(room, undefined);
    const first = await jobFor(room, 'caller');
    await caller.publishTone({ durationMs: 100 });
    const second = await jobFor(room, 'caller', [first.jobId]);
    const otherJob = await jobFor(room, 'other');

    await caller.leave();
    for (const job of [first, second]) {
      expect(await ended(worker, job)).toMatchObject({
        end: 'succeeded',
        session: { reason: 'participant-left', detail: 'caller' },
      });
    }
    const over = worker.program.log.items.filter(({ event }) => event === 'job.ended');
    expect(over.map(({ jobId }) => String(jobId)).toSorted()).toEqual(
      [first.jobId, second.jobId].toSorted(),
    );
    expect(await stage.whoIsIn(room)).toEqual(
      [`agent-${roomJob.jobId}`, `agent-${otherJob.jobId}`, 'other'].toSorted(),
    );
  });
});
