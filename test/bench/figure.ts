/** What a figure of the benchmark is. */
import type { Target } from './targets.ts';

/** What is measured together, in one life of a worker. */
export type SceneName =
  | 'start'
  | 'warm'
  | 'cold'
  | 'burst-10'
  | 'burst-20'
  | 'memory'
  | 'idle'
  | 'installed'
  | 'answers'
  | 'inspection'
  | 'stalled-viewer'
  | 'machines';

/** What a value of a figure counts. */
export type Unit = 'ms' | 'MB' | 'MiB' | 'KiB' | 'µs' | '%' | 'jobs' | 'packages' | 'events/s';

/** One line of the table. */
export interface Figure {
  name: string;
  title: string;
  unit: Unit;
  scene: SceneName;
  /** What exactly is measured. */
  definition: string;
  /** All of them are to be reached; none: the figure only tells. */
  targets: readonly Target[];
  /** What takes the time of the floor, as measured: told when the floor misses a bound as well. */
  floorTakes?: string;
}

/** Figures where more is better. */
export const moreIsBetter: ReadonlySet<Unit> = new Set(['events/s']);
