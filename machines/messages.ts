/**
 * What the server, the job process and the user say, as plain JSON types. Machines speak these words only: no protobuf
 * classes, no bigints, nothing that a clone or `JSON.stringify` would lose.
 */

/** The kind of job a registration asks for; the numbers are LiveKit's `JobType`. */
export type JobTypeName = 'room' | 'publisher' | 'participant';

/** The failure a machine reports: `code` is one of the project's error codes, `message` is for people. */
export interface Failure {
  code: string;
  message: string;
  /** Stack of the user's error, where there is one. */
  stack?: string;
}

/**
 * A job as the server describes it: the proto3 JSON of LiveKit's `Job` with defaults filled in, enums as numbers and
 * 64-bit integers as decimal strings. Only the fields the machines read are named; the rest travels along.
 */
export interface Job {
  id: string;
  dispatchId: string;
  /** LiveKit's `JobType`: 0 room, 1 publisher, 2 participant. */
  type: number;
  agentName: string;
  metadata: string;
  deployment: string;
  attributes: Record<string, string>;
  room?: { sid: string; name: string; [field: string]: unknown };
  participant?: { sid: string; identity: string; [field: string]: unknown };
  [field: string]: unknown;
}

/** What the server says of itself when it registers a worker. */
export interface ServerInfo {
  edition: number;
  version: string;
  protocol: number;
  region: string;
  nodeId: string;
  debugInfo: string;
  agentProtocol: number;
}

/** A message of the server, decoded: it is the event that the registration gets. */
export type ServerMessage =
  | { type: 'server.registered'; workerId: string; serverInfo: ServerInfo }
  | { type: 'server.jobRequested'; job: Job; resuming: boolean }
  | { type: 'server.jobAssigned'; job: Job; url: string | null; token: string }
  | { type: 'server.jobTerminated'; jobId: string }
  | { type: 'server.ponged'; lastTimestamp: number; timestamp: number }
  /** A message of a newer server, named by its case; skipped. */
  | { type: 'server.unknown'; case: string };

/** What the agent may do in its room; `hidden` keeps it out of the participants' lists. */
export interface Permissions {
  canPublish: boolean;
  canSubscribe: boolean;
  canPublishData: boolean;
  canUpdateMetadata: boolean;
  canSubscribeMetrics: boolean;
  /** LiveKit's `TrackSource` numbers; empty means all. Ignored by the open-source server. */
  canPublishSources: number[];
  hidden: boolean;
}

/** How the agent appears in the room. */
export interface AcceptArguments {
  name: string;
  identity: string;
  metadata: string;
  attributes: Record<string, string>;
}

/** The one answer to a job request. */
export type JobAnswer =
  | { available: true; accept: AcceptArguments }
  /** `terminate` ends the dispatch: no other worker is asked. */
  | { available: false; terminate: boolean };

/** LiveKit's `WorkerStatus` with the load that always travels with it. `load` is a fraction, 0 to 1. */
export interface WorkerStatus {
  status: 'available' | 'full';
  load: number;
  jobCount: number;
}

/** LiveKit's `JobStatus`, as far as a worker reports it. */
export type JobStatus = 'running' | 'success' | 'failed';

/** A message to the server, before it is encoded. */
export type WorkerMessage =
  | {
      type: 'register';
      jobType: JobTypeName;
      agentName: string;
      deployment: string;
      version: string;
      permissions: Permissions;
    }
  | { type: 'answer'; jobId: string; answer: JobAnswer }
  | ({ type: 'status' } & WorkerStatus)
  | { type: 'jobStatus'; jobId: string; status: JobStatus; error: string }
  | { type: 'ping' }
  | { type: 'migrateJobs'; jobIds: string[] }
  /** Asks the server to offer this worker a job in that room. Needs a room: without one the server crashes (R17). */
  | { type: 'simulateJob'; room: string; participantIdentity: string | null };

/** Why a job request was not accepted. */
export type RejectReason =
  /** `requestFunc` said no. */
  | 'rejected'
  /** `requestFunc` said no and ended the dispatch. */
  | 'terminated'
  /** `requestFunc` threw. */
  | 'request-failed'
  /** `requestFunc` returned without an answer. */
  | 'no-answer'
  /** `requestFunc` did not answer in time. */
  | 'request-timeout'
  /** All `maxJobs` slots are taken. */
  | 'full'
  /** The load, with what the reserved slots will cost, reaches `loadThreshold`. */
  | 'overloaded'
  | 'paused'
  | 'draining'
  /** The worker is closing or not running yet. */
  | 'not-running'
  /** No job process has proven that the agent works, none came up in time, or too many jobs wait for one already. */
  | 'warming'
  /** The job id already has a slot. */
  | 'duplicate';

/** Why a session ends. The first cause wins. */
export type CloseReason =
  /** The last participant left and the server closed the room. */
  | 'room-closed'
  | 'room-deleted'
  | 'participant-removed'
  | 'duplicate-identity'
  | 'connection-lost'
  /** `ctx.shutdown()`. */
  | 'agent-ended'
  /** `ctx.endSession()`: the room is deleted, too. */
  | 'session-ended'
  /** The participant of a publisher or participant job left. */
  | 'participant-left'
  /** The server terminated the job. */
  | 'terminated'
  | 'drain-timeout'
  | 'worker-closing'
  /** `entry` returned without having connected: the job is over. */
  | 'entry-returned'
  | 'entry-failed'
  /** The room the job was made for is gone (rule R9). */
  | 'wrong-room'
  | 'memory-limit'
  | 'unresponsive'
  /** The worker of this job process is gone. */
  | 'orphaned'
  | 'crashed';

/** How a session ended, as the job process reports it before it leaves the room. */
export interface SessionOutcome {
  outcome: 'succeeded' | 'failed';
  reason: CloseReason;
  /** The text given to `ctx.shutdown(reason)`, or what the error said; empty when there is none. */
  detail: string;
  failure: Failure | null;
}

/** What a job process needs to start a job. */
export interface LaunchOrder {
  job: Job;
  accept: AcceptArguments;
  url: string;
  token: string;
  workerId: string;
}
