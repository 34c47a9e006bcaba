/** Three workers do the same at the same time: one without an inspector, one that nobody watches, one that is watched. */
import { setTimeout as pause } from 'node:timers/promises';
import type { FigureName } from '../figures.ts';
import { InspectedWorker } from '../inspected-worker.ts';
import { treeCpuMs } from '../process-usage.ts';
import { type RunScene, sample, type Scene, settleMs } from './scene.ts';

/** The kernel counts in ticks of 10 ms for each process: the longer a sample, the less they matter. */
const cyclesInSample = { full: 6, short: 1 };
const samplesOfWorkers = 4;

/** CPU time of a job cycle in each of the three. */
export interface CycleCpuMs {
  off: number;
  unwatched: number;
  watched: number;
}

/** Some samples of three workers; the first job of each is not counted, but where there is only one. */
export const runInspection: RunScene = async (scene) => {
  const starting = (['off', 'nobody', 'reader'] as const).map((watching) =>
    InspectedWorker.start(scene, watching, 'agent.mjs'),
  );
  const started = await Promise.allSettled(starting);
  const workers = started.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
  try {
    await Promise.all(starting);
    if (!scene.isShort) await Promise.all(workers.map((worker) => worker.runJob()));
    await pause(settleMs);
    const samples = scene.isShort ? 1 : samplesOfWorkers;
    for (let count = 0; count < samples; count += 1) await takeSample(scene, workers);
  } finally {
    await Promise.all(workers.map((worker) => worker.stop()));
  }
};

/** What three CPU times are called. */
export function cycleFigures({
  off,
  unwatched,
  watched,
}: CycleCpuMs): Partial<Record<FigureName, number>> {
  return {
    'inspection-off-cpu': off,
    'inspection-unwatched-cpu': unwatched,
    'inspection-watched-cpu': watched,
  };
}

/** What three CPU times come to. */
export function inspectionFigures(cpuMs: CycleCpuMs): Partial<Record<FigureName, number>> {
  const { off, unwatched, watched } = cpuMs;
  const morePercent = (ofCycle: number): number => (ofCycle / off - 1) * 100;
  return {
    ...cycleFigures(cpuMs),
    'inspection-unwatched-more': morePercent(unwatched),
    'inspection-watched-more': morePercent(watched),
  };
}

async function takeSample(scene: Scene, workers: readonly InspectedWorker[]): Promise<void> {
  const cycles = scene.isShort ? cyclesInSample.short : cyclesInSample.full;
  const viewer = workers.at(-1)?.viewer;
  const readBefore = viewer?.charactersRead ?? 0;
  await sample(scene, async () => {
    const before = workers.map(({ pid }) => treeCpuMs(pid));
    for (let cycle = 0; cycle < cycles; cycle += 1) {
      // In turns the first: what else this machine does meets all three.
      const first = cycle % workers.length;
      const inOrder = [...workers.slice(first), ...workers.slice(0, first)];
      await Promise.all(inOrder.map((worker) => worker.runJob()));
    }
    await pause(settleMs);
    const [off = 0, unwatched = 0, watched = 0] = workers.map(
      ({ pid }, index) => (treeCpuMs(pid) - (before[index] ?? 0)) / cycles,
    );
    const cpuMs = { off, unwatched, watched };
    // One cycle is a few ticks: a percentage of it would be their rounding.
    return scene.isShort ? cycleFigures(cpuMs) : inspectionFigures(cpuMs);
  });
  if ((viewer?.charactersRead ?? 0) === readBefore) throw new Error('The page has read nothing.');
}
