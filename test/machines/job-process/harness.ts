/** A job process whose operating-system process, pool and job the test plays. */
import { createActor } from 'xstate';
import type { ProcessEvent } from '../../../machines/events.ts';
import { jobProcessMachine } from '../../../machines/job-process/job-process.machine.ts';
import type {
  PoolReport,
  ProcessLimits,
  ProcessReport,
} from '../../../machines/job-process/job-process.types.ts';
import type { LaunchOrder } from '../../../machines/messages.ts';
import { fakeChildren, fakeMemory, listener, makeJob, TestClock } from '../fakes.ts';
import { createCoverage } from '../../../src/testing/model/coverage.ts';

export const coverage = createCoverage(jobProcessMachine);

export const limits: ProcessLimits = {
  initializeTimeoutMs: 10_000,
  unresponsiveTimeoutMs: 60_000,
  memoryWarnBytes: 500_000_000,
  memoryLimitBytes: 1_000_000_000,
};

export const order: LaunchOrder = {
  job: makeJob(),
  accept: { name: 'Agent', identity: 'agent-AJ_1', metadata: '', attributes: {} },
  url: 'ws://localhost:7880',
  token: 'secret',
  workerId: 'AW_1',
};

export function startJobProcess(
  options: { limits?: Partial<ProcessLimits>; brokenMemory?: Error } = {},
) {
  const clock = new TestClock();
  const children = fakeChildren();
  const memory = fakeMemory(options.brokenMemory);
  const pool = listener<PoolReport>();
  const client = listener<ProcessReport>();
  const emitted: ProcessEvent[] = [];
  const actor = createActor(
    jobProcessMachine.provide({
      actors: { childProcess: children.logic, sampleMemory: memory.logic },
    }),
    {
      clock,
      inspect: coverage.inspect,
      input: { process: 'process.1', limits: { ...limits, ...options.limits }, pool: pool.ref },
    },
  );
  actor.on('*', (event) => emitted.push(event));
  actor.start();
  const process = {
    actor,
    clock,
    children,
    memory,
    emitted,
    toPool: pool.heard,
    toClient: client.heard,
    child: () => children.last(),
    start: () => actor.send({ type: 'process.start' }),
    claim: () => actor.send({ type: 'process.claim', client: client.ref }),
    launch: () => actor.send({ type: 'process.launch', order }),
    state: () => {
      const { value } = actor.getSnapshot();
      return typeof value === 'string' ? value : value.alive;
    },
    output: () => actor.getSnapshot().output,
  };
  return process;
}

/** One that waits for a job. */
export function startWarm(options: Parameters<typeof startJobProcess>[0] = {}) {
  const process = startJobProcess(options);
  process.start();
  process.child().getsWarm();
  return process;
}

/** One that runs a job; what was said before is forgotten. */
export function startLaunched(options: Parameters<typeof startJobProcess>[0] = {}) {
  const process = startWarm(options);
  process.claim();
  process.launch();
  process.emitted.length = 0;
  process.toPool.length = 0;
  process.toClient.length = 0;
  process.child().told.length = 0;
  return process;
}
