/** The statecharts, without any input or output: to embed, to visualise, to test from. */
export { jobProcessMachine } from './job-process/job-process.machine.ts';
export type * from './job-process/job-process.types.ts';
export { jobMachine } from './job/job.machine.ts';
export type * from './job/job.types.ts';
export { processPoolMachine } from './process-pool/process-pool.machine.ts';
export type * from './process-pool/process-pool.types.ts';
export { registrationMachine } from './registration/registration.machine.ts';
export type * from './registration/registration.types.ts';
export { sessionCloseMachine } from './session-close/session-close.machine.ts';
export type * from './session-close/session-close.types.ts';
export { OUTCOMES, type Verdict } from './session/outcomes.ts';
export { sessionMachine } from './session/session.machine.ts';
export type {
  AgentEvent,
  Cause,
  LinkEvent,
  Participant,
  RoomEvent,
  SessionContext,
  SessionEmitted,
  SessionEvent,
  SessionInput,
  SessionLimits,
  SessionOutput,
} from './session/session.types.ts';
export { workerMachine } from './worker/worker.machine.ts';
export type * from './worker/worker.types.ts';
export type * from './events.ts';
export type * from './messages.ts';
export type { Ref } from './refs.ts';
