/** Time limits on a machine that has more to do than it has cores for. */
import { availableParallelism, loadavg } from 'node:os';

/** Programs that want to run for each core, in the last minute; 1 when there are fewer. */
export function workPerCore(): number {
  const [lastMinute = 0] = loadavg();
  return Math.max(1, lastMinute / availableParallelism());
}

/** A limit in ms, stretched by the work per core: no limit can hold for who waits for a core. */
export function within(limitMs: number): number {
  return limitMs * workPerCore();
}
