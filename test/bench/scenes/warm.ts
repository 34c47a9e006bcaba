/** Dispatches one after the other to a worker with two warm processes, someone in each room before the agent. */
import { setTimeout as pause } from 'node:timers/promises';
import { newRoom, says } from '../bench-server.ts';
import { type BenchWorker, gone, reaped } from '../bench-worker.ts';
import { ownCpuMs, treeCpuMs } from '../process-usage.ts';
import { type RunScene, sample, type Scene, settleMs, usual, withWorker } from './scene.ts';

/** Jobs of one worker whose whole cycle is measured, and those in which one waits to see the agent. */
const jobs = { cycles: 4, sightings: 2 };

/** A few cycles, then a few sightings; the first job of a worker is not counted. */
export const runWarm: RunScene = async (scene) => {
  const { cycles, sightings } = scene.isShort ? { cycles: 1, sightings: 1 } : jobs;
  await withWorker(scene, usual, async (worker) => {
    await worker.fact('warm', 2);
    await worker.available();
    await pause(settleMs);
    await runCycle({ ...scene, record: () => {} }, worker);
    for (let count = 0; count < cycles; count += 1) await runCycle(scene, worker);
    for (let count = 0; count < sightings; count += 1) await runSighting(scene, worker);
  });
};

/** From a dispatch until the pool is full again and the job's process has ended: nobody waits for anything else. */
async function runCycle(scene: Scene, worker: BenchWorker): Promise<void> {
  const { server } = scene;
  const room = newRoom();
  const observer = await server.observe(room);
  await sample(scene, async () => {
    const warm = worker.facts('warm').length;
    const cpu = { tree: treeCpuMs(worker.pid), own: ownCpuMs(worker.pid) };
    const { times, pid, connectedAt } = await dispatchTo(scene, worker, room);
    const refilled = await worker.fact('warm', warm + 1);
    const [deletedAt, goneAt] = await Promise.all([server.deleteRoom(room), gone(pid)]);
    await reaped(pid);
    return {
      ...times,
      'joined-refilled': Math.max(0, refilled.at - connectedAt),
      'deleted-gone': goneAt - deletedAt,
      'job-cpu': treeCpuMs(worker.pid) - cpu.tree,
      'worker-cpu': ownCpuMs(worker.pid) - cpu.own,
    };
  });
  await observer.leave();
  await pause(settleMs);
}

/** Until the agent is seen, which may take seconds; then until its slot is free. */
async function runSighting(scene: Scene, worker: BenchWorker): Promise<void> {
  const { candidate, server } = scene;
  const room = newRoom();
  const observer = await server.observe(room);
  const warm = worker.facts('warm').length;
  await sample(scene, async () => {
    const { times, connectedAt } = await dispatchTo(scene, worker, room);
    const seenAt = await observer.seen();
    return { ...times, 'connected-seen': Math.max(0, seenAt - connectedAt) };
  });
  await worker.fact('warm', warm + 1);
  const { pid } = await worker.factAbout('connected', room);
  await sample(scene, async () => {
    const [deletedAt, freeAt] = await Promise.all([
      server.deleteRoom(room),
      candidate.hasHttp ? worker.activeJobs(0) : null,
      gone(pid),
    ]);
    return freeAt === null ? {} : { 'deleted-free': freeAt - deletedAt };
  });
  await observer.leave();
  await pause(settleMs);
}

/** Dispatches, and answers how long it took to be assigned, called and connected. */
async function dispatchTo({ server }: Scene, worker: BenchWorker, room: string) {
  const { at } = await server.dispatch(room);
  const connected = await worker.factAbout('connected', room);
  const entry = await worker.factAbout('entry', room);
  const assigned = await server.line(says.assigned, (fields) => fields['room'] === room);
  return {
    pid: connected.pid,
    connectedAt: connected.at,
    times: {
      'warm-assigned': assigned.at - at,
      'warm-entry': entry.at - at,
      'warm-connected': connected.at - at,
      'entry-connected': connected.at - entry.at,
    },
  };
}
