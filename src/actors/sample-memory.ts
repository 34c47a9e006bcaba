/** Watches the memory of one job process: PSS, which counts shared pages by share, else RSS. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { type CallbackActorLogic, type EventObject, fromCallback } from 'xstate';
import type { MemoryInput } from '../../machines/job-process/job-process.types.ts';

/** What a memory monitor needs to know. */
export interface SampleMemoryDependencies {
  /** @defaultValue 5000 ms */
  periodMs?: number;
  /** Bytes in use by a process. */
  read?: (pid: number) => Promise<number>;
}

/** Makes the actor that reports memory above the warning once, and above the limit once. */
export function defineSampleMemory({
  periodMs = 5_000,
  read = readMemory,
}: SampleMemoryDependencies = {}): CallbackActorLogic<EventObject, MemoryInput> {
  return fromCallback<EventObject, MemoryInput>(({ input, sendBack }) => {
    const { pid, warnBytes, limitBytes } = input;
    if (pid === null || (warnBytes === 0 && limitBytes === 0)) return undefined;
    let hasWarned = false;
    const sample = async (): Promise<void> => {
      const memoryBytes = await read(pid);
      if (limitBytes > 0 && memoryBytes > limitBytes) {
        sendBack({ type: 'memory.exceeded', memoryBytes });
      } else if (warnBytes > 0 && memoryBytes > warnBytes && !hasWarned) {
        hasWarned = true;
        sendBack({ type: 'memory.high', memoryBytes });
      }
    };
    // A process that just went away cannot be read; its exit is told by others.
    const timer = setInterval(() => void sample().catch(() => undefined), periodMs);
    timer.unref();
    return () => clearInterval(timer);
  });
}

async function readMemory(pid: number): Promise<number> {
  if (process.platform !== 'linux') return readWithPs(pid);
  try {
    return kilobytes(await readFile(`/proc/${pid}/smaps_rollup`, 'utf8'), 'Pss');
  } catch {
    return kilobytes(await readFile(`/proc/${pid}/status`, 'utf8'), 'VmRSS');
  }
}

async function readWithPs(pid: number): Promise<number> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)]);
  return Number(stdout.trim()) * 1024;
}

function kilobytes(text: string, field: string): number {
  const match = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text);
  if (match?.[1] === undefined) throw new Error(`no ${field} in the memory report`);
  return Number(match[1]) * 1024;
}
