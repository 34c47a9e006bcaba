/** How busy the processors are that this process may use. */
import { cgroup1Directories, cgroup2Directories } from './cgroup.ts';
import { type ProcessorTimes, type System, readField, readNumber, toNumber } from './system.ts';

/** A reading of a counter of processor time; two of them make a load. */
export interface CpuReading {
  /** What was read; readings of different sources do not go together. */
  source: string;
  /** Processor time used so far. */
  busyMs: number;
  atMs: number;
  /** Processors that may be used; a quota can be a fraction of one. */
  processors: number;
  /** Processors that could at most have been used in that time. */
  possible: number;
}

/** Counters tick in steps of up to 10 ms, and the clock is read a moment later than they are. */
const toleranceMs = 50;
const tolerance = 1.1;

/**
 * Reads the counter that says most: that of the control group whose quota limits this process, else that of the
 * machine. A group without a quota shares the machine with everyone, so there the machine is what may be full.
 */
export function readCpu(system: System): CpuReading | null {
  const all = system.processors();
  if (all.length === 0) return null;
  const usable = usableProcessors(system, all);
  return (
    readCgroup2(system, usable.length, all.length) ??
    readCgroup1(system, usable.length, all.length) ??
    readMachine(system, usable)
  );
}

/** The load between two readings, 0 to 1; `null` when they do not go together or cannot be true. */
export function cpuLoad(before: CpuReading, after: CpuReading): number | null {
  const elapsedMs = after.atMs - before.atMs;
  const busyMs = after.busyMs - before.busyMs;
  if (after.source !== before.source || elapsedMs <= 0 || busyMs < 0) return null;
  // A counter that was read while it was written can jump by more than time has passed.
  if (busyMs > elapsedMs * after.possible * tolerance + toleranceMs) return null;
  return Math.min(1, busyMs / (elapsedMs * after.processors));
}

function readCgroup2(system: System, usable: number, possible: number): CpuReading | null {
  for (const directory of cgroup2Directories(system)) {
    // "<quota> <period>" in µs; the quota is "max" when there is none.
    const [quota, period] = (system.read(`${directory}/cpu.max`) ?? '').trim().split(/\s+/);
    const processors = quotaProcessors(toNumber(quota), toNumber(period) ?? 100_000, usable);
    const usedUs = readField(system, `${directory}/cpu.stat`, 'usage_usec');
    if (processors !== null && usedUs !== null) {
      return reading(system, directory, usedUs / 1000, processors, possible);
    }
  }
  return null;
}

function readCgroup1(system: System, usable: number, possible: number): CpuReading | null {
  const accounts = cgroup1Directories(system, 'cpuacct');
  for (const [index, directory] of cgroup1Directories(system, 'cpu').entries()) {
    const quota = readNumber(system, `${directory}/cpu.cfs_quota_us`);
    const period = readNumber(system, `${directory}/cpu.cfs_period_us`) ?? 100_000;
    const processors = quotaProcessors(quota, period, usable);
    // The two controllers are mounted together nearly everywhere, so their groups go in step.
    const account = accounts[index];
    const usedNs = account === undefined ? null : readNumber(system, `${account}/cpuacct.usage`);
    if (processors !== null && usedNs !== null) {
      return reading(system, directory, usedNs / 1_000_000, processors, possible);
    }
  }
  return null;
}

/** The processors that a quota amounts to; `null` when it limits nothing. */
function quotaProcessors(quota: number | null, period: number, usable: number): number | null {
  if (quota === null || quota <= 0 || period <= 0) return null;
  const processors = quota / period;
  return processors < usable ? processors : null;
}

function readMachine(system: System, usable: readonly ProcessorTimes[]): CpuReading {
  const busyMs = usable.reduce((sum, { user, nice, sys, irq }) => sum + user + nice + sys + irq, 0);
  return reading(system, 'machine', busyMs, usable.length, usable.length);
}

function reading(
  system: System,
  source: string,
  busyMs: number,
  processors: number,
  possible: number,
): CpuReading {
  const override = toNumber(system.environment['NUM_CPUS']?.trim());
  return {
    source,
    busyMs,
    atMs: system.nowMs(),
    processors: override !== null && override > 0 ? override : processors,
    possible,
  };
}

/** A process may be bound to some of the processors; the others are none of its business. */
function usableProcessors(
  system: System,
  all: readonly ProcessorTimes[],
): readonly ProcessorTimes[] {
  const status = system.read('/proc/self/status') ?? '';
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(status)?.[1];
  if (list === undefined) return all;
  const allowed = parseProcessorList(list);
  const usable = all.filter((_, index) => allowed.has(index));
  return usable.length === 0 ? all : usable;
}

/** `0-2,5` is 0, 1, 2 and 5. */
function parseProcessorList(list: string): Set<number> {
  const numbers = list.split(',').flatMap((range) => {
    const [from = NaN, to = from] = range.split('-').map(Number);
    return Array.from({ length: to - from + 1 || 0 }, (_, index) => from + index);
  });
  return new Set(numbers);
}
