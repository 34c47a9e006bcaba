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
export {
  fakeActors,
  FakeActors,
  type FakeActorOptions,
  type FakeActorSets,
} from './fake-actors.ts';
export {
  createFakeJobContext,
  FakeJob,
  type FakeJobContextOptions,
  type FakeJobEnd,
} from './fake-job-context.ts';
export type { FakeProcess, FakeProcesses, FakeProcessOptions } from './fake-processes.ts';
export type { FakeJob as FakeServerJob, FakeServer } from './fake-server.ts';
export type { CloseStepActor, FakeSession } from './fake-session.ts';
export { serveRooms, type ServedRooms } from './serve-rooms.ts';
