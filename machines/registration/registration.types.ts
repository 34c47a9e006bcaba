import type {
  Failure,
  Job,
  JobAnswer,
  JobStatus,
  JobTypeName,
  Permissions,
  ServerInfo,
  ServerMessage,
  WorkerMessage,
  WorkerStatus,
} from '../messages.ts';
import type { Ref } from '../refs.ts';

/** What the socket reports. `jitter` is a random fraction, 0 to 1, for the back-off. */
export type SocketEvent =
  | { type: 'socket.opened' }
  /** The server answered the upgrade with an HTTP status. */
  | { type: 'socket.refused'; status: number; body: string; jitter: number }
  /** Closed, or never opened; `reason` says in words why. */
  | { type: 'socket.closed'; code: number; reason: string; jitter: number }
  | ServerMessage;

/** What the socket is told. */
export type SocketCommand =
  | { type: 'socket.send'; message: WorkerMessage }
  | { type: 'socket.close' };

/** What the worker and its jobs tell a registration. */
export type RegistrationCommand =
  | { type: 'worker.statusChanged'; status: WorkerStatus }
  /** The jobs that run on after a reconnect. */
  | { type: 'worker.jobsRunning'; jobIds: string[] }
  | { type: 'worker.simulateJob'; room: string; participantIdentity: string | null }
  | { type: 'job.answered'; jobId: string; workerId: string; answer: JobAnswer }
  | {
      type: 'job.statusReported';
      jobId: string;
      workerId: string;
      status: JobStatus;
      error: string;
    }
  | { type: 'registration.close' };

/** What a registration tells its worker. `workerId` names the connection that it speaks of. */
export type RegistrationReport =
  | { type: 'registration.registered'; registration: string; workerId: string }
  | { type: 'registration.lost'; registration: string; workerId: string }
  | { type: 'registration.jobRequested'; registration: string; workerId: string; job: Job }
  | {
      type: 'registration.jobAssigned';
      registration: string;
      workerId: string;
      job: Job;
      url: string | null;
      token: string;
    }
  | { type: 'registration.jobTerminated'; registration: string; jobId: string }
  /** The server has read the last change of availability. */
  | { type: 'registration.statusRead'; registration: string; status: WorkerStatus['status'] }
  /** The server has read the job's status, or nobody is left who could. */
  | { type: 'registration.jobStatusRead'; jobId: string };

/** What a ping was sent after: pongs come in the order of the pings, so the oldest ping is the one answered. */
export type Ping =
  | { after: 'silence' }
  | { after: 'status'; status: WorkerStatus['status'] }
  | { after: 'jobStatus'; jobId: string };

/** Everything that can happen to a registration. */
export type RegistrationMachineEvent =
  | SocketEvent
  | RegistrationCommand
  | { type: 'xstate.error.actor.socket'; error: unknown; actorId: string };

/** What a registration is started with. */
export interface RegistrationInput {
  key: string;
  agentName: string;
  jobType: JobTypeName;
  deployment: string;
  /** Version of this package, for the server's log. */
  version: string;
  permissions: Permissions;
  /** Attempts in a row before giving up; `null` for ever. */
  maxRetry: number | null;
  parent: Ref<RegistrationReport>;
}

/** What a registration remembers. */
export interface RegistrationContext extends RegistrationInput {
  /** Connections in a row that did not last. */
  attempt: number;
  everRegistered: boolean;
  /** The id the server gave to this connection; empty between connections. */
  workerId: string;
  serverInfo: ServerInfo | null;
  /** Pings that the server has not answered on this connection, the oldest first. */
  pings: Ping[];
  /** The last status the worker told; the first thing said after each register answer. */
  status: WorkerStatus;
  retryDelayMs: number;
  /** Why the last connection ended. */
  lastReason: string;
  failure: Failure | null;
}

/** How a registration ended. */
export type RegistrationOutput =
  | { outcome: 'closed'; registration: string }
  | { outcome: 'failed'; registration: string; failure: Failure };
