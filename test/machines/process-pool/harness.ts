/** A pool of real job process machines whose operating-system processes the test plays. */
import { createActor } from 'xstate';
import type { PoolEvent } from '../../../machines/events.ts';
import { jobProcessMachine } from '../../../machines/job-process/job-process.machine.ts';
import type { ProcessReport } from '../../../machines/job-process/job-process.types.ts';
import { processPoolMachine } from '../../../machines/process-pool/process-pool.machine.ts';
import type {
  ClaimReport,
  PoolStateReport,
  ProcessPoolInput,
} from '../../../machines/process-pool/process-pool.types.ts';
import { fakeChildren, fakeMemory, listener, TestClock } from '../fakes.ts';
import { limits } from '../job-process/harness.ts';
import { createCoverage } from '../../../src/testing/model/coverage.ts';
import { stateName } from '../settling.ts';

export const coverage = createCoverage(processPoolMachine);

/** Starts a pool. `whenWarm` replaces what a process actor does when it gets warm. */
export function startPool(change: Partial<ProcessPoolInput> = {}, whenWarm?: () => void) {
  const clock = new TestClock();
  const children = fakeChildren();
  const parent = listener<PoolStateReport>();
  const emitted: PoolEvent[] = [];
  const jobProcess = jobProcessMachine.provide({
    actors: { childProcess: children.logic, sampleMemory: fakeMemory().logic },
    ...(whenWarm === undefined ? {} : { actions: { emitWarm: whenWarm } }),
  });
  const actor = createActor(processPoolMachine.provide({ actors: { jobProcess } }), {
    clock,
    inspect: coverage.inspect,
    input: {
      numIdleProcesses: 1,
      maxJobs: null,
      maxStarting: 2,
      restartIntensity: 3,
      limits,
      parent: parent.ref,
      ...change,
    },
  });
  actor.on('*', (event) => emitted.push(event));
  actor.start();
  const pool = {
    actor,
    clock,
    children,
    emitted,
    reports: parent.heard,
    /** Claims a process for a slot; gives what is heard about it. */
    claim(slot: string, isAccepted = false) {
      const client = listener<ClaimReport | ProcessReport>();
      actor.send({ type: 'pool.claim', slot, client: client.ref, isAccepted });
      return client.heard;
    },
    /** The processes as the pool sees them. */
    processes: () =>
      Object.fromEntries(
        Object.entries(actor.getSnapshot().context.processes).map(([id, entry]) => [
          id,
          entry.claimedBy === null ? entry.phase : `${entry.phase} for ${entry.claimedBy}`,
        ]),
      ),
    /** The ids of the operating-system processes ever started. */
    started: () => children.children.map(({ process }) => process),
    state: () => stateName(actor.getSnapshot().value),
    output: () => actor.getSnapshot().output,
  };
  return pool;
}

/** A pool that serves, with its first processes warm; `idle` is how many it keeps. */
export function startServing(idle: number, change: Partial<ProcessPoolInput> = {}) {
  const pool = startPool({ numIdleProcesses: idle, maxStarting: 8, ...change });
  for (const child of pool.children.children) child.getsWarm();
  pool.reports.length = 0;
  pool.emitted.length = 0;
  return pool;
}
