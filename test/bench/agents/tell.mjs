// How the benchmarked agents say how far they are: a line in the pipe that the benchmark reads, with the time of the
// machine's monotonic clock, which all processes share.
import { appendFileSync } from 'node:fs';

/**
 * @param {'warm' | 'entry' | 'connected'} fact
 * @param {string} [room]
 */
export function tell(fact, room = '') {
  const at = Number(process.hrtime.bigint()) / 1e6;
  const line = JSON.stringify({ fact, at, pid: process.pid, room });
  appendFileSync(process.env['BENCH_FACTS'] ?? '/dev/stdout', `${line}\n`);
}
