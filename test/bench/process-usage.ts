/** CPU time and memory of processes, from /proc: Linux only. */
import { readdirSync, readFileSync } from 'node:fs';
import { descendantsOf } from '../support/processes.ts';

/** USER_HZ: what the kernel counts in for programs, on every Linux. */
const tickMs = 10;
const bytesPerKiB = 1024;

/** Memory of a process: its share of what is shared, and what it has for itself. */
export interface Memory {
  pssBytes: number;
  privateBytes: number;
}

/** A process and all that descends from it. */
export function treeOf(pid: number): number[] {
  return [pid, ...descendantsOf(pid).map((info) => info.pid)];
}

/** CPU time that a process, its descendants and those of them that have ended have used. */
export function treeCpuMs(pid: number): number {
  return treeOf(pid).reduce((sum, each) => sum + processCpuMs(each), 0);
}

/** CPU time of the live threads of one process, to the nanosecond. */
export function ownCpuMs(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.reduce((sum, thread) => {
    const [nanoseconds = '0'] = read(`/proc/${pid}/task/${thread}/schedstat`).split(' ');
    return sum + Number(nanoseconds) / 1e6;
  }, 0);
}

/** Memory of one process; nothing when it has ended. */
export function memoryOf(pid: number): Memory {
  const text = read(`/proc/${pid}/smaps_rollup`);
  const kib = (name: string): number => {
    const found = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1];
    return found === undefined ? 0 : Number(found) * bytesPerKiB;
  };
  return { pssBytes: kib('Pss'), privateBytes: kib('Private_Clean') + kib('Private_Dirty') };
}

/** CPU time of the whole machine: used by anybody, and what the host gave to others. */
export function machineCpuMs(): { busy: number; stolen: number } {
  const [line = ''] = read('/proc/stat').split('\n');
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = line
    .trim()
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return { busy: (user + nice + system + irq + softirq) * tickMs, stolen: steal * tickMs };
}

/** With the children that it has waited for. */
function processCpuMs(pid: number): number {
  const stat = read(`/proc/${pid}/stat`);
  // The name stands in parentheses and may itself hold any character; user time is the 14th field.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) * tickMs;
}

/** Empty when the process has ended. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
