/**
 * Everything of the public API that an agent may need, light enough to be loaded by every job process: no protobuf, no
 * sockets, no worker. What is heavier is loaded by whoever uses it.
 */
export * as cli from './cli/run-app.ts';
export { AgentServer, Worker } from './agent-server.ts';
export {
  defineAgent,
  isAgent,
  type AgentDefinition,
  type AgentHooks,
  type EntryAgent,
  type MachineAgent,
  type SessionLogic,
  type SessionLogicInput,
} from './child/agent-definition.ts';
export { AutoSubscribe } from './child/auto-subscribe.ts';
export {
  JobContext,
  type JobAcceptArguments,
  type ParticipantEntrypoint,
  type RunningJobInfo,
  type ShutdownCallback,
} from './child/job-context.ts';
export { getJobContext } from './child/job-context-storage.ts';
export { JobProcess } from './child/job-process.ts';
export type { PlainJob } from './child/plain-job.ts';
export type { RoomSessionEvent } from './child/room-events.ts';
export type { SessionEvents, SessionListener } from './child/session-listeners.ts';
export type { TokenClaims } from './child/token-claims.ts';
export type { WaitForParticipantOptions } from './child/wait-for-participant.ts';
export { isDevMode, isHosted } from './environment.ts';
export {
  AssignmentTimeoutError,
  FunctionExistsError,
  MissingCredentialsError,
  WorkerError,
  errorCodes,
  type ErrorCode,
} from './errors.ts';
export { JobRequest, type JobAcceptOptions, type JobRejectOptions } from './job-request.ts';
export { JobType } from './job-type.ts';
export { initializeLogger, log, type LoggerOptions } from './log.ts';
export { WorkerPermissions } from './permissions.ts';
export { ServerOptions, WorkerOptions } from './server-options.ts';
export { version } from './version.ts';
export type {
  CredentialsPolicy,
  LoadSource,
  LogFormat,
  LogLevel,
  RegistrationOptions,
  ResolvedOptions,
  ResolvedRegistration,
  ShownOptions,
  WorkerOptionsInit,
} from './worker-options.ts';
export type {
  JobEnd,
  JobEvent,
  JobFacts,
  LifecycleEvent,
  PoolEvent,
  ProcessEvent,
  RegistrationEvent,
  WorkerEvent,
} from '../machines/events.ts';
export type {
  CloseReason,
  Failure,
  JobTypeName,
  Permissions,
  RejectReason,
  ServerInfo,
  SessionOutcome,
  WorkerStatus,
} from '../machines/messages.ts';
export type { WorkerOutput } from '../machines/worker/worker.types.ts';
export type { InspectObserver, InspectOption } from './inspect/worker-inspector.ts';
export type { LifecycleListener } from './lifecycle-events.ts';
export type { OptionContext } from './resolve-options.ts';
export type { ActiveJob, WorkerHandle, WorkerSnapshot } from './worker.ts';
export type { WorkerLogic } from './worker-logic.ts';
