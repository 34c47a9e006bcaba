/**
 * What outsiders may hear: the facts that machines emit from where they happen. The log, the metrics, the listeners of
 * `worker.on(…)` and the inspector all read this one stream. Times are added by whoever listens: machines have no clock.
 */
import type {
  CloseReason,
  Failure,
  RejectReason,
  ServerInfo,
  SessionOutcome,
  WorkerStatus,
} from './messages.ts';

/** What a registration tells. */
export type RegistrationEvent =
  | { type: 'registration.connecting'; registration: string; attempt: number }
  | {
      type: 'registration.registered';
      registration: string;
      agentName: string;
      workerId: string;
      serverInfo: ServerInfo | null;
    }
  /** The connection is gone; running jobs go on. */
  | { type: 'registration.lost'; registration: string; reason: string }
  | {
      type: 'registration.retrying';
      registration: string;
      reason: string;
      delayMs: number;
      attempt: number;
      /** `null`: retried for as long as the worker lives. */
      maxRetry: number | null;
    }
  | { type: 'registration.failed'; registration: string; failure: Failure }
  | { type: 'registration.closed'; registration: string };

/** What a worker tells. */
export type WorkerEvent =
  /** Each server has read that jobs can be taken: a dispatch reaches this worker. */
  | { type: 'worker.available'; status: WorkerStatus }
  | { type: 'worker.full'; status: WorkerStatus; cause: 'slots' | 'load' }
  | { type: 'worker.paused' }
  | { type: 'worker.resumed' }
  /** No job process can be made: the worker takes no jobs until one proves that the agent works again. */
  | { type: 'worker.unavailable'; failure: Failure }
  /** The load could not be measured; the last value stays. */
  | { type: 'worker.loadFailed'; failure: Failure }
  | { type: 'worker.draining'; jobIds: string[]; timeoutMs: number | null }
  | { type: 'worker.closing'; cause: string; jobIds: string[] }
  | { type: 'worker.closed'; outcome: string; abandoned: string[]; failure: Failure | null };

/** Which job an event speaks of. */
export interface JobFacts {
  /** The connection that the request came on. */
  workerId: string;
  jobId: string;
  dispatchId: string;
  agentName: string;
  room: string;
}

/** What a job tells. */
export type JobEvent =
  | ({ type: 'job.requested' } & JobFacts)
  | ({ type: 'job.rejected'; reason: RejectReason; detail: string } & JobFacts)
  | ({ type: 'job.accepted'; identity: string } & JobFacts)
  | ({ type: 'job.assigned' } & JobFacts)
  /** The order to start went to a job process. */
  | ({ type: 'job.launching'; process: string; attempt: number } & JobFacts)
  /** `entry` was called. */
  | ({ type: 'job.started'; process: string; pid: number | null } & JobFacts)
  | ({ type: 'job.connected'; roomSid: string; identity: string } & JobFacts)
  | ({ type: 'job.reconnecting' } & JobFacts)
  | ({ type: 'job.closing'; reason: CloseReason; detail: string } & JobFacts)
  /** A step of the session failed or ran out of time; the rest still runs. */
  | ({ type: 'job.warning'; step: string; failure: Failure } & JobFacts)
  | ({
      type: 'job.ended';
      end: JobEnd;
      session: SessionOutcome | null;
      failure: Failure | null;
    } & JobFacts);

/** How a job ended. `rejected` jobs end with `job.rejected` instead. */
export type JobEnd =
  | 'succeeded'
  | 'failed'
  /** Accepted, but the assignment never came. */
  | 'unassigned'
  /** Terminated by the server before it was launched. */
  | 'cancelled'
  /** The connection it was being decided or accepted on closed. */
  | 'lost';

/** What the pool of job processes tells. */
export type PoolEvent =
  /** The first process has proven that the agent works. */
  | { type: 'pool.ready' }
  /** Too many failures in a row: starts are slowed down. */
  | { type: 'pool.failing'; failure: Failure; failures: number }
  | { type: 'pool.recovered' };

/** What a job process tells. */
export type ProcessEvent =
  | { type: 'process.starting'; process: string; pid: number | null }
  | { type: 'process.warm'; process: string; pid: number | null; warmupMs: number }
  | { type: 'process.claimed'; process: string; pid: number | null }
  | { type: 'process.stopping'; process: string; pid: number | null; cause: string }
  | { type: 'process.unresponsive'; process: string; pid: number | null }
  | {
      type: 'process.memory';
      process: string;
      pid: number | null;
      memoryBytes: number;
      limitBytes: number;
      /** `warn`: above the warning; `limit`: above the limit, the process is stopped. */
      level: 'warn' | 'limit';
    }
  | {
      type: 'process.exited';
      process: string;
      pid: number | null;
      code: number | null;
      signal: string | null;
      failure: Failure | null;
    };

/** Every fact a worker tells. */
export type LifecycleEvent = RegistrationEvent | WorkerEvent | JobEvent | PoolEvent | ProcessEvent;
