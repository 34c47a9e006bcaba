/** Tells samples that somebody else has disturbed: the machine is not ours alone. */
import { availableParallelism } from 'node:os';
import { now } from './clock.ts';
import { machineCpuMs, treeCpuMs } from './process-usage.ts';

/** Share of the machine that others may use before a sample counts as noisy. */
const foreignShare = 0.1;
/** Share of the machine that the host may give to other guests. */
const stolenShare = 0.02;
/** The kernel counts in ticks: less than this says nothing. */
const leastMs = 50;

/** How much CPU time was used in some time, and by whom. */
export interface Usage {
  elapsedMs: number;
  cores: number;
  /** By everybody. */
  busyMs: number;
  /** By the benchmark and all that it has started. */
  ownMs: number;
  /** Given to other guests of the host. */
  stolenMs: number;
}

/** Begins to watch; what is called at the end says what was wrong, or `null`. */
export function watchNoise(): () => string | null {
  const before = look();
  return () => {
    const after = look();
    return noiseIn({
      elapsedMs: after.at - before.at,
      cores: availableParallelism(),
      busyMs: after.busy - before.busy,
      ownMs: after.own - before.own,
      stolenMs: after.stolen - before.stolen,
    });
  };
}

/** What was wrong, in words. */
export function noiseIn({ elapsedMs, cores, busyMs, ownMs, stolenMs }: Usage): string | null {
  const capacityMs = elapsedMs * cores;
  const foreignMs = busyMs - ownMs;
  if (foreignMs > Math.max(leastMs, foreignShare * capacityMs)) {
    return `other programs used ${percent(foreignMs / capacityMs)} of the machine`;
  }
  if (stolenMs > Math.max(leastMs, stolenShare * capacityMs)) {
    return `the host gave ${percent(stolenMs / capacityMs)} of the machine to others`;
  }
  return null;
}

function look() {
  return { at: now(), own: treeCpuMs(process.pid), ...machineCpuMs() };
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
