/** Fails a test run that leaves a process behind. */
import { randomUUID } from 'node:crypto';
import { describe, processesOfRun, runVariable, waitForNone } from './processes.ts';

const withinMs = 5000;

/** Marks what the tests start; what it returns looks for what is left of it, ends that, and fails the run. */
export default function setup(): () => Promise<void> {
  const mark = (process.env[runVariable] ??= randomUUID());
  return async () => {
    // The children of this process are the test runner's own; those of the tests descend from them or from nobody.
    const look = () => processesOfRun(mark).filter((info) => info.parent !== process.pid);
    const left = await waitForNone(look, withinMs);
    if (left.length === 0) return;
    for (const { pid } of left) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended after all.
      }
    }
    // The test runner only prints what a teardown throws.
    process.exitCode = 1;
    throw new Error(`The tests left processes behind (they are killed now):\n${describe(left)}`);
  };
}
