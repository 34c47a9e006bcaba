/** A worker starts and is stopped again. */
import { setTimeout as pause } from 'node:timers/promises';
import { treeCpuMs } from '../process-usage.ts';
import { type RunScene, sample, settleMs, usual, withWorker } from './scene.ts';

/** Starts a worker, waits until two job processes are warm, and stops it. */
export const runStart: RunScene = async (scene) => {
  let stoppedMs = 0;
  await sample(scene, async () => {
    const values = { registered: 0, acceptable: 0, twoWarm: 0, cpu: 0 };
    stoppedMs = await withWorker(scene, { ...usual, loadLimit: 'default' }, async (worker) => {
      const second = await worker.fact('warm', 2);
      const registered = await worker.registered();
      values.cpu = treeCpuMs(worker.pid);
      const first = await worker.fact('warm');
      const available = await worker.available();
      const since = (...times: number[]): number => Math.max(...times) - worker.startedAt;
      values.registered = since(registered);
      values.acceptable = since(registered, available, first.at);
      values.twoWarm = since(registered, second.at);
      await pause(settleMs);
    });
    return {
      'start-registered': values.registered,
      'start-acceptable': values.acceptable,
      'start-two-warm': values.twoWarm,
      'start-cpu': values.cpu,
      'stop-idle': stoppedMs,
    };
  });
};
