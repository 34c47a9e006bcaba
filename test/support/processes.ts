/**
 * Looks at the processes of this machine. A process that was started by the tests is known by a variable in its
 * environment, which its children inherit: so it is found even when whoever started it is gone.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { platform } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';

/** A process that runs. One that has ended and was not waited for by its parent (a zombie) does not. */
export interface ProcessInfo {
  pid: number;
  parent: number;
  group: number;
  command: string;
}

/** The variable that marks the processes of a test run. */
export const runVariable = 'GREENROOM_TEST_RUN';

const lookEveryMs = 50;

/** Every process of this machine. */
export function listProcesses(): ProcessInfo[] {
  if (platform() !== 'linux') return listWithPs();
  const found: ProcessInfo[] = [];
  for (const name of readdirSync('/proc')) {
    const info = /^\d+$/.test(name) ? readProcess(Number(name)) : null;
    if (info) found.push(info);
  }
  return found;
}

/** Everything that descends from a process, nearest first; not the process itself. */
export function descendantsOf(pid: number): ProcessInfo[] {
  const all = listProcesses();
  const found: ProcessInfo[] = [];
  let parents = new Set([pid]);
  while (parents.size > 0) {
    const children = all.filter((info) => parents.has(info.parent));
    found.push(...children);
    parents = new Set(children.map((info) => info.pid));
  }
  return found;
}

/** Whether a process runs. */
export function isAlive(pid: number): boolean {
  return listProcesses().some((info) => info.pid === pid);
}

/** The processes that were started by the test run with this mark, whoever their parent is by now. */
export function processesOfRun(mark: string): ProcessInfo[] {
  const entry = `${runVariable}=${mark}`;
  if (platform() === 'linux') {
    return listProcesses().filter((info) => readEnvironment(info.pid).includes(entry));
  }
  const marked = run('ps', ['-axEww', '-o', 'pid=,command='])
    .split('\n')
    .filter((line) => line.includes(entry))
    .map((line) => Number.parseInt(line, 10));
  return listProcesses().filter((info) => marked.includes(info.pid));
}

/** Waits until none of them runs any more, or fails and names those that do. */
export async function expectNoneLeft(
  pids: readonly number[],
  { withinMs = 5000 }: { withinMs?: number } = {},
): Promise<void> {
  const left = await waitForNone(
    () => listProcesses().filter((info) => pids.includes(info.pid)),
    withinMs,
  );
  if (left.length > 0) throw new Error(`Still running after ${withinMs} ms:\n${describe(left)}`);
}

/** Looks again and again until nothing is found; answers what was found last. No event tells of another's child. */
export async function waitForNone(
  look: () => ProcessInfo[],
  withinMs: number,
): Promise<ProcessInfo[]> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const left = look();
    if (left.length === 0 || Date.now() > deadline) return left;
    await pause(lookEveryMs);
  }
}

/** A line for each process, for messages. */
export function describe(processes: readonly ProcessInfo[]): string {
  return processes
    .map(
      ({ pid, parent, group, command }) =>
        `  ${pid} (parent ${parent}, group ${group}): ${command}`,
    )
    .join('\n');
}

function readProcess(pid: number): ProcessInfo | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name stands in parentheses and may itself hold any character.
    const [state = '', parent = '', group = ''] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z' || state === 'X') return null;
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    return { pid, parent: Number(parent), group: Number(group), command };
  } catch {
    // It ended while we looked.
    return null;
  }
}

function readEnvironment(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    // It ended, or it is another user's.
    return [];
  }
}

function listWithPs(): ProcessInfo[] {
  const found: ProcessInfo[] = [];
  for (const line of run('ps', ['-axww', '-o', 'pid=,ppid=,pgid=,stat=,command=']).split('\n')) {
    const [pid, parent, group, state = 'Z', ...command] = line.trim().split(/\s+/);
    if (state.startsWith('Z')) continue;
    found.push({
      pid: Number(pid),
      parent: Number(parent),
      group: Number(group),
      command: command.join(' '),
    });
  }
  return found;
}

function run(command: string, args: string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
}
