/** Memory of a worker at rest, and with ten jobs. */
import { setTimeout as pause } from 'node:timers/promises';
import type { BenchWorker } from '../bench-worker.ts';
import { gone } from '../bench-worker.ts';
import { type Memory, memoryOf, treeOf } from '../process-usage.ts';
import { type RunScene, sample, usual, withWorker } from './scene.ts';

const jobs = 10;
const bytesPerMiB = 1024 ** 2;
/** Whatever was only needed to start has been given back by then. */
const restMs = 2_000;

/** Looks at the processes when two are warm, and again when ten jobs are in their rooms. */
export const runMemory: RunScene = async (scene) => {
  const { server } = scene;
  await withWorker(scene, usual, async (worker) => {
    await worker.fact('warm', 2);
    await worker.available();
    await sample(scene, async () => {
      await pause(restMs);
      const idle = look(worker);
      const rooms: string[] = [];
      for (let count = 0; count < jobs; count += 1) {
        const { room } = await server.dispatch();
        await worker.factAbout('connected', room);
        rooms.push(room);
      }
      await worker.fact('warm', usual.numIdleProcesses + jobs);
      await pause(restMs);
      const busy = look(worker);
      const { warm } = idle;
      const running = worker.facts('connected').map(({ pid }) => memoryOf(pid));
      await Promise.all(rooms.map((room) => server.deleteRoom(room)));
      await Promise.all(worker.facts('connected').map(({ pid }) => gone(pid)));
      return {
        'idle-worker-pss': idle.worker.pssBytes / bytesPerMiB,
        'idle-helpers-pss': sum(idle.helpers, 'pssBytes') / bytesPerMiB,
        'idle-warm-pss': sum(warm, 'pssBytes') / warm.length / bytesPerMiB,
        'idle-warm-private': sum(warm, 'privateBytes') / warm.length / bytesPerMiB,
        'job-pss': sum(running, 'pssBytes') / running.length / bytesPerMiB,
        'ten-jobs-pss': busy.totalPssBytes / bytesPerMiB,
      };
    });
  });
};

/** Job processes have told a fact; whatever else the worker has started is a helper. */
function look(worker: BenchWorker) {
  const jobPids = new Set(worker.facts('warm').map(({ pid }) => pid));
  const [own = worker.pid, ...others] = treeOf(worker.pid);
  const helpers = others.filter((pid) => !jobPids.has(pid)).map((pid) => memoryOf(pid));
  const warm = others.filter((pid) => jobPids.has(pid)).map((pid) => memoryOf(pid));
  const workerMemory = memoryOf(own);
  const totalPssBytes = sum([workerMemory, ...helpers, ...warm], 'pssBytes');
  return { worker: workerMemory, helpers, warm, totalPssBytes };
}

function sum(memories: readonly Memory[], what: keyof Memory): number {
  return memories.reduce((total, memory) => total + memory[what], 0);
}
