/** A worker that has nothing to do. */
import { setTimeout as pause } from 'node:timers/promises';
import { now } from '../clock.ts';
import { treeCpuMs } from '../process-usage.ts';
import { type RunScene, sample, withWorker } from './scene.ts';

const warm = 4;
const restMs = 2_000;
const windowMs = { full: 20_000, short: 3_000 };

/** Counts the CPU time of some seconds. */
export const runIdle: RunScene = async (scene) => {
  const lookMs = scene.isShort ? windowMs.short : windowMs.full;
  await withWorker(scene, { numIdleProcesses: warm, loadLimit: 'default' }, async (worker) => {
    await worker.fact('warm', warm);
    await worker.available();
    await pause(restMs);
    await sample(scene, async () => {
      const started = now();
      const before = treeCpuMs(worker.pid);
      await pause(lookMs);
      const used = treeCpuMs(worker.pid) - before;
      return { 'idle-cpu': (used / (now() - started)) * 100 };
    });
  });
};
