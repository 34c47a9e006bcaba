/** C71 to C84, C91: what a worker is told of the end of its jobs. */
import { DisconnectReason, JobStatus, JobType } from '@livekit/protocol';
import { expect } from 'vitest';
import type { ConformanceCase } from '../case.ts';
import type { RawWorker } from '../raw-worker.ts';
import type { RunningJob, Scene } from '../scene.ts';
import { within } from '../../support/work-per-core.ts';

const one = { worker: {} };

/** Time in which a termination would have come. */
const quietMs = 600;

/** A job whose agent is in the room. */
async function joined(scene: Scene, worker: RawWorker, room?: string) {
  const job = await scene.run(worker, room === undefined ? {} : { room });
  const agent = await scene.enter(job);
  return { job, agent };
}

/** Deletes a dispatch; the time at which that was asked for. */
async function deleted(scene: Scene, { dispatchId, room }: RunningJob): Promise<number> {
  const at = scene.stage.now();
  await scene.dispatches.deleteDispatch(dispatchId, room);
  return at;
}

export const terminationCases: ConformanceCase[] = [
  {
    id: 'C71',
    title: 'an agent that leaves by itself is a termination',
    isWarm: true,
    workers: one,
    run: async (scene, { worker }) => {
      const { job, agent } = await joined(scene, worker!);
      const at = scene.stage.now();
      await agent.leave();
      expect((await scene.terminated(worker!, job.jobId)).at - at).toBeLessThan(within(1_000));
      await scene.stage.elapse(quietMs);
      expect(scene.terminations(worker!, job.jobId)).toBe(1);
    },
  },
  {
    id: 'C72',
    title: 'after the worker has reported the end, a leave is none',
    isWarm: true,
    workers: one,
    run: async (scene, { worker }) => {
      const { job, agent } = await joined(scene, worker!);
      worker!.updateJob(job.jobId, JobStatus.JS_SUCCESS);
      await worker!.barrier();
      await agent.leave();
      await scene.stage.elapse(quietMs);
      expect(scene.terminations(worker!, job.jobId)).toBe(0);
    },
  },
  {
    id: 'C73',
    title: 'deleteDispatch terminates at once, and puts an agent that stays out after 3 s',
    isWarm: true,
    workers: one,
    run: async (scene, { worker }) => {
      const { job, agent } = await joined(scene, worker!);
      const at = await deleted(scene, job);
      expect((await scene.terminated(worker!, job.jobId)).at - at).toBeLessThan(within(1_000));
      await scene.gone(job.room, agent);
      expect(scene.stage.now() - at).toBeGreaterThan(2_800);
      expect(scene.stage.now() - at).toBeLessThan(within(4_500));
      expect(await scene.reasonOf(agent)).toBe(DisconnectReason.PARTICIPANT_REMOVED);
      await scene.stage.elapse(quietMs);
      expect(scene.terminations(worker!, job.jobId)).toBe(1);
    },
  },
  {
    id: 'C74',
    title: 'an agent that leaves on the termination is not put out',
    isWarm: true,
    workers: one,
    run: async (scene, { worker }) => {
      const { job, agent } = await joined(scene, worker!);
      await deleted(scene, job);
      await scene.terminated(worker!, job.jobId);
      await agent.leave();
      expect(await scene.reasonOf(agent)).toBe(DisconnectReason.CLIENT_INITIATED);
      await scene.stage.elapse(quietMs);
      expect(scene.terminations(worker!, job.jobId)).toBe(1);
    },
  },
  {
    id: 'C75',
    title: 'the jobs of a dispatch are terminated one after the other',
    isAlone: true,
    isWarm: true,
    workers: {
      first: { group: 'agent', namespace: 'ns1' },
      second: { group: 'agent', namespace: 'ns2' },
      third: { group: 'agent', namespace: 'ns3' },
    },
    run: async (scene, workers) => {
      const all = Object.values(workers);
      const { room, dispatchId } = await scene.dispatch(all[0]!);
      await scene.eventually('three jobs', async () => {
        const jobs = (await scene.get({ room, dispatchId }))?.state?.jobs ?? [];
        return jobs.length === 3;
      });
      for (const worker of all) await scene.enter(await scene.assigned(worker, dispatchId));
      const at = scene.stage.now();
      await scene.dispatches.deleteDispatch(dispatchId, room);
      const terminations = all.map((worker) =>
        worker.nextReceived('termination', { withinMs: 9_000 }),
      );
      const after = (await Promise.all(terminations)).map((termination) => termination.at - at);
      const [first, second, third] = after.toSorted((a, b) => a - b);
      expect(first).toBeLessThan(within(1_000));
      expect(Math.abs(second! - 3_000)).toBeLessThan(within(1_000));
      expect(Math.abs(third! - 6_000)).toBeLessThan(within(1_500));
    },
  },
  {
    id: 'C76',
    title: 'while names are collected, deleteDispatch answers at once and terminates at the end',
    run: async (scene) => {
      const worker = await scene.worker();
      const job = await scene.run(worker, { isListed: false });
      const at = await deleted(scene, job);
      expect(scene.stage.now() - at).toBeLessThan(within(1_000));
      const { at: terminatedAt } = await scene.terminated(worker, job.jobId);
      expect(terminatedAt - at).toBeGreaterThan(3_000);
      expect(terminatedAt - at).toBeLessThan(within(6_000));
    },
  },
  {
    id: 'C77',
    title: 'an agent that joins and leaves while names are collected is no termination',
    run: async (scene) => {
      const worker = await scene.worker();
      const job = await scene.run(worker, { isListed: false });
      const agent = await scene.enter(job);
      await agent.leave();
      await scene.stage.elapse(6_000);
      expect(scene.terminations(worker, job.jobId)).toBe(0);
    },
  },
  {
    id: 'C78',
    title: 'after the worker has reported the end, deleteDispatch lets the agent stay',
    isWarm: true,
    workers: one,
    run: async (scene, { worker }) => {
      const { job } = await joined(scene, worker!);
      worker!.updateJob(job.jobId, JobStatus.JS_SUCCESS);
      await worker!.barrier();
      await deleted(scene, job);
      await scene.stage.elapse(4_000);
      expect(scene.terminations(worker!, job.jobId)).toBe(0);
      expect(await scene.rooms.listParticipants(job.room)).toHaveLength(1);
    },
  },
  {
    id: 'C79',
    title: 'a dispatch that is deleted while a worker is asked: assigned, and terminated at once',
    isWarm: true,
    workers: { worker: { answers: 'nobody' } },
    run: async (scene, { worker }) => {
      const { room, dispatchId } = await scene.dispatch(worker!);
      const { offer } = await scene.offered([worker!], dispatchId);
      await scene.dispatches.deleteDispatch(dispatchId, room);
      worker!.respond(offer.job!, 'accept');
      await scene.assigned(worker!, dispatchId);
      await scene.terminated(worker!, offer.job!.id, 1_500);
    },
  },
  {
    id: 'C80',
    title:
      'a room that is deleted while a worker is asked, or before its agent has joined: no termination',
    isWarm: true,
    workers: { worker: { answers: 'nobody' } },
    run: async (scene, { worker }) => {
      const { room, dispatchId } = await scene.dispatch(worker!);
      const { offer } = await scene.offered([worker!], dispatchId);
      await scene.rooms.deleteRoom(room);
      worker!.respond(offer.job!, 'accept');
      await scene.assigned(worker!, dispatchId);
      worker!.answer = (job) => worker!.respond(job, 'accept');
      const second = await scene.run(worker!);
      await scene.rooms.deleteRoom(second.room);
      await scene.stage.elapse(2_000);
      expect(worker!.all('termination')).toEqual([]);
    },
  },
  {
    id: 'C81',
    title: 'a room that is deleted with the agent in it',
    isWarm: true,
    workers: one,
    run: async (scene, { worker }) => {
      const { job, agent } = await joined(scene, worker!);
      await scene.rooms.deleteRoom(job.room);
      await scene.terminated(worker!, job.jobId);
      expect(await scene.reasonOf(agent)).toBe(DisconnectReason.ROOM_DELETED);
    },
  },
  {
    id: 'C82',
    title: 'a token outlives its room: joining makes a new one',
    isWarm: true,
    workers: one,
    run: async (scene, { worker }) => {
      const job = await scene.run(worker!);
      const [before] = await scene.rooms.listRooms([job.room]);
      await scene.rooms.deleteRoom(job.room);
      await scene.enter(job);
      const [after] = await scene.rooms.listRooms([job.room]);
      expect(after?.sid).not.toBe(before?.sid);
      const listed = await scene.dispatches.listDispatch(job.room);
      expect(listed.map(({ agentName }) => agentName)).toEqual(['']);
    },
  },
  {
    id: 'C83',
    title:
      'the same token joining again puts the first out, with a termination; the second may stay and go',
    isWarm: true,
    workers: one,
    run: async (scene, { worker }) => {
      const { job, agent } = await joined(scene, worker!);
      const again = await scene.enter(job);
      expect(await scene.reasonOf(agent)).toBe(DisconnectReason.DUPLICATE_IDENTITY);
      await scene.terminated(worker!, job.jobId);
      await again.leave();
      await scene.stage.elapse(quietMs);
      expect(scene.terminations(worker!, job.jobId)).toBe(1);
    },
  },
  {
    id: 'C84',
    title: 'an agent that is removed',
    isWarm: true,
    workers: one,
    run: async (scene, { worker }) => {
      const { job, agent } = await joined(scene, worker!);
      await scene.rooms.removeParticipant(job.room, job.identity);
      expect(await scene.reasonOf(agent)).toBe(DisconnectReason.PARTICIPANT_REMOVED);
      await scene.terminated(worker!, job.jobId);
    },
  },
  {
    id: 'C91',
    title: 'the participant that a job is about leaves: no termination',
    isWarm: true,
    workers: { worker: { type: JobType.JT_PARTICIPANT } },
    run: async (scene, { worker }) => {
      const room = scene.newRoom();
      const alice = await scene.join(room, 'alice');
      const { jobId, ...job } = await scene.run(worker!, { room });
      await scene.enter(job);
      await alice.leave();
      await scene.stage.elapse(1_500);
      expect(scene.terminations(worker!, jobId)).toBe(0);
    },
  },
];
