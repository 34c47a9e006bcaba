/** The one clock of the benchmark: monotonic, and the same in every process of the machine. */

/** Milliseconds since some moment of the past. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
