/** How much of the memory that this process may use is in use. */
import { cgroup1Directories, cgroup2Directories } from './cgroup.ts';
import { type System, readField, readNumber } from './system.ts';

/** The files of one version of control groups. */
interface MemoryFiles {
  limit: string;
  usage: string;
  /** Cached file content that can be dropped at once. */
  cache: string;
}

const files2: MemoryFiles = {
  limit: 'memory.max',
  usage: 'memory.current',
  cache: 'inactive_file',
};
const files1: MemoryFiles = {
  limit: 'memory.limit_in_bytes',
  usage: 'memory.usage_in_bytes',
  cache: 'total_inactive_file',
};

/**
 * The part in use, 0 to 1: of the control group that limits this process, else of the machine. `null` where neither
 * can be read, as on macOS: what counts as free there says nothing about what can be had.
 */
export function readMemoryLoad(system: System): number | null {
  const total = readMachineKilobytes(system, 'MemTotal');
  const totalBytes = total === null ? Infinity : total * 1024;
  return (
    readGroups(system, cgroup2Directories(system), files2, totalBytes) ??
    readGroups(system, cgroup1Directories(system, 'memory'), files1, totalBytes) ??
    readMachine(system, total)
  );
}

/** The fullest of the groups that limit: any of them can end this process. */
function readGroups(
  system: System,
  directories: readonly string[],
  files: MemoryFiles,
  totalBytes: number,
): number | null {
  const loads = directories.flatMap((directory) => {
    // No limit is written as "max", or as a number larger than any machine.
    const limit = readNumber(system, `${directory}/${files.limit}`);
    const usage = readNumber(system, `${directory}/${files.usage}`);
    if (limit === null || usage === null || limit <= 0 || limit >= totalBytes) return [];
    const cache = readField(system, `${directory}/memory.stat`, files.cache) ?? 0;
    return [clamp((usage - cache) / limit)];
  });
  return loads.length === 0 ? null : Math.max(...loads);
}

function readMachine(system: System, total: number | null): number | null {
  const available = readMachineKilobytes(system, 'MemAvailable');
  if (total === null || total <= 0 || available === null) return null;
  return clamp(1 - available / total);
}

function readMachineKilobytes(system: System, field: string): number | null {
  const text = system.read('/proc/meminfo') ?? '';
  const match = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text);
  return match?.[1] === undefined ? null : Number(match[1]);
}

function clamp(load: number): number {
  return Math.min(1, Math.max(0, load));
}
