import type { ProcessorTimes, System } from '../../src/load/system.ts';

/** A machine whose files, processors and clock the test moves. */
export interface FakeSystem extends System {
  files: Record<string, string>;
  times: ProcessorTimes[];
  /** Lets time pass, during which the processors of the machine were busy for a part of it. */
  pass: (ms: number, busy?: number[]) => void;
}

/** A machine with idle processors and the given files. */
export function fakeSystem(
  files: Record<string, string>,
  processors = 4,
  environment: NodeJS.ProcessEnv = {},
): FakeSystem {
  let now = 1000;
  const times = Array.from({ length: processors }, () => ({
    user: 0,
    nice: 0,
    sys: 0,
    idle: 0,
    irq: 0,
  }));
  return {
    files,
    times,
    environment,
    read: (path) => files[path] ?? null,
    processors: () => times.map((each) => ({ ...each })),
    nowMs: () => now,
    pass: (ms, busy = []) => {
      now += ms;
      for (const [index, each] of times.entries()) {
        const part = busy[index] ?? 0;
        // Each kind of work counts.
        each.user += (ms * part) / 2;
        each.sys += (ms * part) / 4;
        each.nice += (ms * part) / 8;
        each.irq += (ms * part) / 8;
        each.idle += ms * (1 - part);
      }
    },
  };
}
