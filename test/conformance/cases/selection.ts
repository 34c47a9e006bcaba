/** C24 to C38: which worker is asked. */
import { JobType, WorkerStatus } from '@livekit/protocol';
import { expect } from 'vitest';
import type { ConformanceCase } from '../case.ts';
import type { RawWorker } from '../raw-worker.ts';
import type { Offered, Scene } from '../scene.ts';
import { within } from '../../support/work-per-core.ts';

/** Long enough for an offer that is to come: it comes after 200 ms. */
const offerWaitMs = 1_200;

/** Dispatches to each of the workers, and tells which of them were asked. */
async function asked(scene: Scene, workers: readonly RawWorker[]): Promise<boolean[]> {
  const before = workers.map((worker) => worker.all('availability').length);
  await Promise.all(workers.map((worker) => scene.dispatch(worker)));
  await scene.stage.elapse(offerWaitMs);
  return workers.map((worker, index) => worker.all('availability').length > before[index]!);
}

/** Registers workers of different names with these loads and statuses. */
function statuses(scene: Scene, specs: readonly { load?: number; isFull?: boolean }[]) {
  return Promise.all(specs.map((spec, index) => scene.worker(spec, `agent${index}`)));
}

const offersOf = (worker: RawWorker) => worker.all('availability').length;
const jobsOf = (worker: RawWorker) => worker.all('availability').map(({ job }) => job!.id);

/** A dispatch that a worker is asked about while the other is not: who is which. */
async function firstAsked(scene: Scene, [one, two]: readonly [RawWorker, RawWorker]) {
  const { dispatchId, room, at } = await scene.dispatch(one);
  const { worker: first, offer }: Offered = await scene.offered([one, two], dispatchId);
  return { dispatchId, room, at, first, other: first === one ? two : one, offer };
}

const silentPair = {
  one: { group: 'pair', answers: 'nobody' },
  two: { group: 'pair', answers: 'nobody' },
} as const;

export const selectionCases: ConformanceCase[] = [
  {
    id: 'C24',
    title: 'a worker that has said nothing of itself is asked, 200 ms after the dispatch',
    run: async (scene) => {
      const worker = await scene.worker();
      const { dispatchId, at } = await scene.dispatch(worker);
      await scene.offered([worker], dispatchId);
      const offered = await worker.nextReceived('availability');
      expect(offered.at - at).toBeGreaterThanOrEqual(150);
      expect(offered.at - at).toBeLessThan(within(1_000));
    },
  },
  {
    id: 'C25',
    title: 'below a load of 0.7 a worker is asked, from 0.7 on it is not',
    run: async (scene) => {
      const workers = await statuses(scene, [{ load: 0.69 }, { load: 0.7 }, { load: 0.99 }]);
      expect(await asked(scene, workers)).toEqual([true, false, false]);
    },
  },
  {
    id: 'C26',
    title: 'a full worker is not asked, whatever its load',
    run: async (scene) => {
      const workers = await statuses(scene, [{ isFull: true, load: 0 }]);
      expect(await asked(scene, workers)).toEqual([false]);
    },
  },
  {
    id: 'C27',
    title: 'full stays full when an update says only the load',
    run: async (scene) => {
      const [worker] = await statuses(scene, [{ isFull: true, load: 0 }]);
      worker!.update({ load: 0.1 });
      await worker!.barrier();
      expect(await asked(scene, [worker!])).toEqual([false]);
    },
  },
  {
    id: 'C28',
    title: 'an update without a load sets it to 0',
    run: async (scene) => {
      const [worker] = await statuses(scene, [{ load: 0.9 }]);
      worker!.update({ status: WorkerStatus.WS_AVAILABLE });
      await worker!.barrier();
      expect(await asked(scene, [worker!])).toEqual([true]);
    },
  },
  {
    id: 'C29',
    title: 'a load that is no number, or infinite, counts as full',
    run: async (scene) => {
      const workers = await statuses(scene, [{ load: Number.NaN }, { load: Infinity }]);
      expect(await asked(scene, workers)).toEqual([false, false]);
    },
  },
  {
    id: 'C30',
    title: 'two workers share the jobs by what their loads leave',
    isAlone: true,
    isWarm: true,
    remark:
      'Chance is in it: seeded on the embedded server, and sixty dispatches on the real one, so that it hardly ever decides.',
    workers: {
      busy: { group: 'pair', load: 0.9 },
      idle: { group: 'pair', load: 0.5 },
    },
    run: async (scene, { busy, idle }) => {
      const room = scene.newRoom();
      for (let round = 0; round < 60; round += 1) await scene.dispatch(busy!, { room });
      await scene.eventually(
        'an offer of each',
        async () => offersOf(busy!) + offersOf(idle!) === 60,
      );
      // One in six is expected.
      expect(offersOf(busy!)).toBeGreaterThanOrEqual(1);
      expect(offersOf(busy!)).toBeLessThanOrEqual(25);
    },
  },
  {
    id: 'C31',
    title: 'a job that one worker rejects goes to the other, with the same id',
    isWarm: true,
    workers: {
      rejecting: { group: 'pair', answers: 'reject' },
      accepting: { group: 'pair' },
    },
    run: async (scene, { rejecting, accepting }) => {
      for (let round = 0; round < 8; round += 1) {
        const { dispatchId } = await scene.dispatch(accepting!);
        await scene.assigned(accepting!, dispatchId);
      }
      const rejected = jobsOf(rejecting!);
      expect(new Set(rejected).size).toBe(rejected.length);
      expect(jobsOf(accepting!)).toEqual(expect.arrayContaining(rejected));
      expect(rejected.length).toBeGreaterThan(0);
      expect(rejecting!.all('assignment')).toEqual([]);
    },
  },
  {
    id: 'C32',
    title: 'each worker is asked once, then the job is given up',
    isWarm: true,
    workers: {
      one: { group: 'pair', answers: 'reject' },
      two: { group: 'pair', answers: 'reject' },
    },
    run: async (scene, { one, two }) => {
      const dispatched = await scene.dispatch(one!);
      await scene.stage.elapse(3_500);
      expect([offersOf(one!), offersOf(two!)]).toEqual([1, 1]);
      expect((await scene.get(dispatched))?.state?.jobs).toEqual([]);
    },
  },
  {
    id: 'C33',
    title: 'when a worker does not answer, no other is asked',
    isWarm: true,
    workers: silentPair,
    run: async (scene, { one, two }) => {
      const { other, ...dispatched } = await firstAsked(scene, [one!, two!]);
      await scene.stage.elapse(6_000);
      expect(offersOf(other)).toBe(0);
      expect((await scene.get(dispatched))?.state?.jobs).toEqual([]);
    },
  },
  {
    id: 'C34',
    title: 'when a worker that is asked loses its connection, the other is asked at once',
    isWarm: true,
    workers: silentPair,
    run: async (scene, { one, two }) => {
      const { first, other, dispatchId, at } = await firstAsked(scene, [one!, two!]);
      other.answer = (job) => other.respond(job, 'accept');
      first.socket.terminate();
      await scene.assigned(other, dispatchId, 2_000);
      expect((await other.nextReceived('assignment')).at - at).toBeLessThan(within(1_500));
    },
  },
  {
    id: 'C35',
    title: 'deployments match exactly; the empty one is one of them',
    run: async (scene) => {
      const workers = [
        await scene.worker({ group: 'agent' }, 'plain'),
        await scene.worker({ group: 'agent', deployment: 'staging' }, 'staging'),
      ];
      const counts = [];
      for (const deployment of ['', 'staging', 'canary']) {
        await scene.dispatch(workers[0]!, { deployment });
        await scene.stage.elapse(offerWaitMs);
        counts.push(workers.map((worker) => offersOf(worker)));
      }
      expect(counts).toEqual([
        [1, 0],
        [1, 1],
        [1, 1],
      ]);
    },
  },
  {
    id: 'C36',
    title: 'each namespace of a name gets a job of its own',
    isAlone: true,
    run: async (scene) => {
      const workers: RawWorker[] = [];
      for (const namespace of ['ns1', 'ns2', undefined]) {
        const spec = { group: 'agent', ...(namespace !== undefined && { namespace }) };
        workers.push(await scene.worker(spec, `of-${namespace}`));
      }
      await scene.dispatch(workers[0]!);
      await scene.eventually('three offers', async () =>
        workers.every((worker) => offersOf(worker) === 1),
      );
      expect(new Set(workers.flatMap((worker) => jobsOf(worker))).size).toBe(3);
    },
  },
  {
    id: 'C37',
    title: 'with a target load of 1 a worker is asked below 1',
    server: 'full-target',
    run: async (scene) => {
      const workers = await statuses(scene, [{ load: 0.99 }, { load: 1 }]);
      expect(await asked(scene, workers)).toEqual([true, false]);
    },
  },
  {
    id: 'C38',
    title: 'sixty dispatches at once are sixty offers to one worker',
    isAlone: true,
    isWarm: true,
    workers: { worker: { load: 0, type: JobType.JT_ROOM } },
    run: async (scene, { worker }) => {
      const room = scene.newRoom();
      await Promise.all(Array.from({ length: 60 }, () => scene.dispatch(worker!, { room })));
      await scene.eventually('sixty offers', async () => offersOf(worker!) === 60);
    },
  },
];
