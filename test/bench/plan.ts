/** Which scenes run, how often, and with whom. */
import type { Candidate } from './candidates.ts';
import type { SceneName } from './figure.ts';
import { type FigureName, figures } from './figures.ts';
import { runAnswers } from './scenes/answers.ts';
import { runBurstOf10, runBurstOf20 } from './scenes/burst.ts';
import { runCold } from './scenes/cold.ts';
import { runIdle } from './scenes/idle.ts';
import { runInspection } from './scenes/inspection.ts';
import { runInstalled } from './scenes/installed.ts';
import { runMachines } from './scenes/machines.ts';
import { runMemory } from './scenes/memory.ts';
import type { RunScene } from './scenes/scene.ts';
import { runStalledViewer } from './scenes/stalled-viewer.ts';
import { runStart } from './scenes/start.ts';
import { runWarm } from './scenes/warm.ts';

/** A scene as it is planned. */
export interface PlannedScene {
  name: SceneName;
  run: RunScene;
  /** How many lives of a worker bring about so many samples of a dispatch. */
  rounds: (samples: number) => number;
  /** Only ours: nobody else has what is measured. */
  oursOnly: boolean;
}

const per =
  (share: number) =>
  (samples: number): number =>
    Math.max(1, Math.ceil(samples / share));

/** Every scene. A warm worker brings six samples, a cold one four; the dear ones are rarer. */
const scenes: readonly PlannedScene[] = [
  { name: 'start', run: runStart, rounds: per(2), oursOnly: false },
  { name: 'warm', run: runWarm, rounds: per(5), oursOnly: false },
  { name: 'cold', run: runCold, rounds: per(4), oursOnly: false },
  { name: 'burst-10', run: runBurstOf10, rounds: per(4), oursOnly: false },
  { name: 'burst-20', run: runBurstOf20, rounds: per(5), oursOnly: false },
  { name: 'memory', run: runMemory, rounds: per(7), oursOnly: false },
  { name: 'idle', run: runIdle, rounds: per(7), oursOnly: false },
  { name: 'installed', run: runInstalled, rounds: () => 1, oursOnly: false },
  { name: 'answers', run: runAnswers, rounds: per(4), oursOnly: true },
  // One percent is less than the spread of a sample: it takes many.
  { name: 'inspection', run: runInspection, rounds: per(2), oursOnly: true },
  { name: 'stalled-viewer', run: runStalledViewer, rounds: per(10), oursOnly: true },
  { name: 'machines', run: runMachines, rounds: per(4), oursOnly: true },
];

/** The scenes that measure these figures; all when none is named. */
export function planScenes(only: readonly FigureName[]): readonly PlannedScene[] {
  if (only.length === 0) return scenes;
  const wanted = new Set(
    figures.filter(({ name }) => only.includes(name as FigureName)).map(({ scene }) => scene),
  );
  return scenes.filter(({ name }) => wanted.has(name));
}

/** Who takes part in a round, in its order: every other round runs backwards. */
export function lineUp(
  { oursOnly }: PlannedScene,
  candidates: readonly Candidate[],
  round: number,
): readonly Candidate[] {
  const taking = candidates.filter(({ name }) => !oursOnly || name === 'greenroom');
  return round % 2 === 0 ? taking : taking.toReversed();
}
