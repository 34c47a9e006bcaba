/** What a scene is: one life of a worker in which some figures are measured. */
import { watchNoise } from '../noise.ts';
import { type BenchSurroundings, BenchWorker } from '../bench-worker.ts';
import type { Candidate, WorkerSettings } from '../candidates.ts';
import type { FigureName } from '../figures.ts';

/** What a scene works with. */
export interface Scene extends BenchSurroundings {
  candidate: Candidate;
  /** Few samples, short waits: for a look at whether everything works. */
  isShort: boolean;
  record: (figure: FigureName, value: number, noise: string | null) => void;
}

/** Measures, and records what it has measured. */
export type RunScene = (scene: Scene) => Promise<void>;

/** Two warm processes, and no job refused because this machine is busy. */
export const usual: WorkerSettings = { numIdleProcesses: 2, loadLimit: 'none' };

/** After this a worker that was just started or has just ended a job is at rest. No event tells of it. */
export const settleMs = 500;

/** A worker for the time of `work`; answers how long it took to stop. */
export async function withWorker(
  { candidate, ...surroundings }: Scene,
  settings: WorkerSettings,
  work: (worker: BenchWorker) => Promise<void>,
): Promise<number> {
  const worker = await BenchWorker.start(candidate, settings, surroundings);
  let stoppedMs = 0;
  try {
    await work(worker);
  } finally {
    stoppedMs = await worker.stop();
  }
  return stoppedMs;
}

/** Records everything that `measure` answers, with the noise of the time that it took. */
export async function sample(
  { record }: Scene,
  measure: () => Promise<Partial<Record<FigureName, number>>>,
): Promise<void> {
  const noise = watchNoise();
  const values = await measure();
  const heard = noise();
  for (const [figure, value] of Object.entries(values)) record(figure as FigureName, value, heard);
}
