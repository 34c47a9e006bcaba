/** What is read of the machine; tests put their own in. */
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { performance } from 'node:perf_hooks';

/** Time of one processor since the start of the machine, in ms. */
export interface ProcessorTimes {
  user: number;
  nice: number;
  sys: number;
  idle: number;
  irq: number;
}

/** The machine as far as the load needs it. */
export interface System {
  /** A file's text; `null` when it cannot be read. */
  read: (path: string) => string | null;
  processors: () => readonly ProcessorTimes[];
  /** A clock that never goes back. */
  nowMs: () => number;
  environment: NodeJS.ProcessEnv;
}

/** This machine. */
export const thisSystem: System = {
  read: (path) => {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      return null;
    }
  },
  processors: () => cpus().map(({ times }) => times),
  nowMs: () => performance.now(),
  environment: process.env,
};

/** The number a file holds; `null` when there is none. */
export function readNumber(system: System, path: string): number | null {
  return toNumber(system.read(path)?.trim());
}

/** The number behind a key in a file of `key value` lines; `null` when there is none. */
export function readField(system: System, path: string, key: string): number | null {
  const line = system
    .read(path)
    ?.split('\n')
    .find((each) => each.startsWith(`${key} `));
  return toNumber(line?.slice(key.length).trim());
}

/** A text as a number; `null` when it is none. */
export function toNumber(text: string | undefined): number | null {
  if (text === undefined || text === '') return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}
