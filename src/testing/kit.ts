/** The part of `greenroom/testing` that runs agents: test workers, their jobs and callers. */
export { Caller, type ReceivedData, type WaitForData } from './caller.ts';
export {
  TestJob,
  type TestJobEvent,
  type TestJobEventOf,
  type TestJobOutcome,
  type WaitOptions,
} from './test-job.ts';
export type { AgentSource } from './test-worker-agent.ts';
export type { TestWorkerOptions } from './test-worker-options.ts';
export { createTestWorker, TestWorker, type TestDispatch } from './test-worker.ts';
