/** Which worker is asked: by the last load that each has reported, not by the jobs it has. */
import type { WorkerConnection, WorkerKey } from './worker-connection.ts';

/** Whether the server asks anyone at all: someone must be below the target. A load that is no number counts as full. */
export function hasCapacity(workers: readonly WorkerConnection[], targetLoad: number): boolean {
  // Loads come as 32-bit numbers: 0.7 is a little less there, and just as full.
  const target = Math.fround(targetLoad);
  const room = workers
    .filter(({ isFull }) => !isFull)
    .reduce((sum, { load }) => sum + Math.max(0, target - load), 0);
  return room > 0;
}

/** One of the workers, the likelier the less load it has; `null` when none has any room. */
export function pickWorker(
  workers: readonly WorkerConnection[],
  random: () => number,
): WorkerConnection | null {
  const weighed = workers
    .filter(({ isFull }) => !isFull)
    .map((worker) => ({ worker, weight: Math.max(0, 1 - worker.load) }))
    .filter(({ weight }) => weight > 0);
  let rest = random() * weighed.reduce((sum, { weight }) => sum + weight, 0);
  for (const { worker, weight } of weighed) {
    rest -= weight;
    if (rest < 0) return worker;
  }
  return weighed.at(-1)?.worker ?? null;
}

/** Whether a worker is one of those that a dispatch means. */
export function hasKey({ key }: WorkerConnection, wanted: WorkerKey): boolean {
  return (
    key !== null &&
    key.agentName === wanted.agentName &&
    key.namespace === wanted.namespace &&
    key.jobType === wanted.jobType &&
    key.deployment === wanted.deployment
  );
}
