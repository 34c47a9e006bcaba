/** C92 to C102: workers that are gone, and servers that go. */
import { JobStatus } from '@livekit/protocol';
import { expect } from 'vitest';
import type { ConformanceCase } from '../case.ts';
import type { RawWorker } from '../raw-worker.ts';
import type { Scene } from '../scene.ts';

const noProcess = 'It has no process of its own: `close()` ends it.';
const noRedis = 'Several nodes find each other by Redis.';
const pair = { lost: { group: 'pair' }, other: { group: 'pair', isFull: true, load: 1 } };

/** A job whose worker has lost its connection while the agent is in the room. */
async function orphaned(scene: Scene, { lost, other }: Record<string, RawWorker>) {
  const job = await scene.run(lost!);
  const agent = await scene.enter(job);
  other!.update({ status: 0, load: 0 });
  await other!.barrier();
  lost!.socket.terminate();
  await scene.stage.until('The close', lost!.closed, 2_000);
  await scene.stage.elapse(500);
  return { job, agent, other: other! };
}

/** Whether the agent is still in its room. */
async function isIn({ rooms }: Scene, { room, identity }: { room: string; identity: string }) {
  return (await rooms.listParticipants(room)).some((one) => one.identity === identity);
}

async function expectProcessEnd({ stage }: Scene, workers: readonly RawWorker[], withinMs: number) {
  await stage.until('The end of the server', stage.ended, withinMs);
  for (const { closed } of workers) expect((await closed).code).toBe(1006);
}

export const lossCases: ConformanceCase[] = [
  {
    id: 'C92',
    title:
      'a worker that loses its connection loses nothing else: the agent stays, nobody is asked',
    isWarm: true,
    workers: pair,
    run: async (scene, workers) => {
      const { job, other } = await orphaned(scene, workers);
      expect(await isIn(scene, job)).toBe(true);
      const listed = (await scene.get(job))?.state?.jobs[0]?.state?.status;
      expect(listed).toBe(JobStatus.JS_RUNNING);
      expect(other.all('availability')).toEqual([]);
    },
  },
  {
    id: 'C93',
    title: 'deleteDispatch then reaches nobody, and the agent stays',
    isWarm: true,
    workers: pair,
    run: async (scene, workers) => {
      const { job, other } = await orphaned(scene, workers);
      await scene.dispatches.deleteDispatch(job.dispatchId, job.room);
      await scene.stage.elapse(3_500);
      expect(other.all('termination')).toEqual([]);
      expect(await isIn(scene, job)).toBe(true);
    },
  },
  {
    id: 'C94',
    title: 'another connection cannot speak for the job',
    isWarm: true,
    workers: pair,
    run: async (scene, workers) => {
      const { job, agent, other } = await orphaned(scene, workers);
      other.migrate([job.jobId]);
      other.updateJob(job.jobId, JobStatus.JS_FAILED);
      await other.barrier();
      expect(await isIn(scene, job)).toBe(true);
      await agent.leave();
      await scene.stage.elapse(500);
      expect(other.all('termination')).toEqual([]);
    },
  },
  {
    id: 'C95',
    title: 'an end that is reported in the tick of the assignment',
    isWarm: true,
    workers: { worker: {} },
    remark:
      'The real server may not have stored the job yet and then drops the report (one in ten): a termination may come there. On the embedded server none does, as on 1.13.11.',
    run: async (scene, { worker }) => {
      worker!.received.watch((item) => {
        if (item.case === 'assignment') worker!.updateJob(item.value.job!.id, JobStatus.JS_FAILED);
      });
      const job = await scene.run(worker!);
      await scene.dispatches.deleteDispatch(job.dispatchId, job.room);
      await scene.stage.elapse(1_000);
      const most = scene.stage.name === 'embedded' ? 0 : 1;
      expect(scene.terminations(worker!, job.jobId)).toBeLessThanOrEqual(most);
    },
  },
  {
    id: 'C96',
    title: 'a status that is no end leaves the job running',
    isWarm: true,
    workers: { worker: {} },
    run: async (scene, { worker }) => {
      for (const status of [JobStatus.JS_PENDING, JobStatus.JS_RUNNING, 7 as JobStatus]) {
        const job = await scene.run(worker!);
        worker!.updateJob(job.jobId, status);
        await worker!.barrier();
        await scene.dispatches.deleteDispatch(job.dispatchId, job.room);
        await scene.terminated(worker!, job.jobId);
      }
    },
  },
  {
    id: 'C97',
    title: 'SIGTERM with nobody in a room: the server ends at once',
    isAlone: true,
    not: { embedded: noProcess },
    run: async (scene) => {
      const worker = await scene.worker();
      scene.stage.signal('SIGTERM');
      await expectProcessEnd(scene, [worker], 2_000);
    },
  },
  {
    id: 'C98',
    title: 'SIGTERM with an agent in a room: all goes on until it leaves',
    isAlone: true,
    not: { embedded: noProcess },
    run: async (scene) => {
      const worker = await scene.worker();
      const agent = await scene.enter(await scene.run(worker, { isListed: false }));
      scene.stage.signal('SIGTERM');
      await scene.stage.elapse(500);
      const late = await scene.worker({}, 'late');
      const room = scene.newRoom();
      await scene.rooms.createRoom({ name: room });
      const { dispatchId } = await scene.dispatch(late, { room });
      await scene.assigned(late, dispatchId);
      const alice = await scene.join(room, 'alice');
      await Promise.all([alice.leave(), agent.leave()]);
      await expectProcessEnd(scene, [worker, late], 6_500);
    },
  },
  {
    id: 'C99',
    title: 'a second SIGTERM: the server ends at once, without a word',
    isAlone: true,
    not: { embedded: noProcess },
    run: async (scene) => {
      const worker = await scene.worker();
      const job = await scene.run(worker, { isListed: false });
      await scene.enter(job);
      scene.stage.signal('SIGTERM');
      await scene.stage.elapse(500);
      scene.stage.signal('SIGTERM');
      await expectProcessEnd(scene, [worker], 2_000);
      expect(worker.all('termination')).toEqual([]);
    },
  },
  {
    id: 'C100',
    title: 'a worker on another node',
    not: { embedded: 'It is one node.', 'livekit-server': noRedis },
    run: async () => {},
  },
  {
    id: 'C101',
    title: 'a better node whose workers reject',
    not: { embedded: 'It is one node.', 'livekit-server': noRedis },
    run: async () => {},
  },
  {
    id: 'C102',
    title: 'a worker that gets a message of a later version goes on',
    not: {
      embedded:
        "It is about the worker, not the server: `own-worker.test.ts` shows it for Greenroom's.",
      'livekit-server': 'It never sends one.',
    },
    run: async () => {},
  },
];
