/** Dispatches to a worker that keeps no process warm. */
import { setTimeout as pause } from 'node:timers/promises';
import type { BenchWorker } from '../bench-worker.ts';
import { gone } from '../bench-worker.ts';
import { type RunScene, sample, type Scene, settleMs, withWorker } from './scene.ts';

const jobsPerWorker = 4;
/** Longer than a worker takes to tell that it has room again: those that tell it only now and then do so every 2.5 s. */
const betweenJobsMs = 3_000;

/** A few jobs, each after the end of the one before; the first one is not counted. */
export const runCold: RunScene = async (scene) => {
  const jobs = scene.isShort ? 1 : jobsPerWorker;
  await withWorker(scene, { numIdleProcesses: 0, loadLimit: 'none' }, async (worker) => {
    await worker.available();
    await pause(settleMs);
    await runJob({ ...scene, record: () => {} }, worker);
    for (let count = 0; count < jobs; count += 1) await runJob(scene, worker);
  });
};

async function runJob(scene: Scene, worker: BenchWorker): Promise<void> {
  const { server } = scene;
  const job = { room: '', pid: 0 };
  await sample(scene, async () => {
    const { room, at } = await server.dispatch();
    const connected = await worker.factAbout('connected', room);
    Object.assign(job, { room, pid: connected.pid });
    return { 'cold-connected': connected.at - at };
  });
  await Promise.all([server.deleteRoom(job.room), gone(job.pid)]);
  await pause(betweenJobsMs);
}
