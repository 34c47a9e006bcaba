import type { JobEnd, JobFacts } from '../events.ts';
import type { ProcessCommand, ProcessReport } from '../job-process/job-process.types.ts';
import type {
  AcceptArguments,
  CloseReason,
  Failure,
  Job,
  RejectReason,
  SessionOutcome,
} from '../messages.ts';
import type { ClaimReport, PoolCommand } from '../process-pool/process-pool.types.ts';
import type { Ref } from '../refs.ts';
import type { RegistrationCommand } from '../registration/registration.types.ts';

/** What the user's `requestFunc` decided. */
export type Decision =
  | { type: 'accept'; accept: AcceptArguments }
  | { type: 'reject'; terminate: boolean; reason: RejectReason; detail: string };

/** What the worker tells a job. */
export type JobCommand =
  /** The server gave the job to this worker. */
  | { type: 'server.jobAssigned'; job: Job; url: string | null; token: string }
  | { type: 'server.jobTerminated' }
  /** The server has read the status that the job reported, or nobody is left who could. */
  | { type: 'server.statusRead' }
  /** The connection that the request came on is gone. */
  | { type: 'registration.lost' }
  | { type: 'worker.draining'; deadlineMs: number | null }
  /** The drain was called off. */
  | { type: 'worker.resumed' }
  | { type: 'job.close'; reason: CloseReason };

/** What a job tells its worker. */
export type JobReport =
  /** The job is accepted, or runs, or is over: the worker's load changed. */
  { type: 'job.phaseChanged'; slot: string; phase: JobPhase };

/** What a slot is used for. */
export type JobPhase = 'reserved' | 'running';

/** Everything that can happen to a job. */
export type JobMachineEvent = JobCommand | ClaimReport | ProcessReport | DeletionEvent;

/** What becomes of the call that deletes the room. */
type DeletionEvent =
  | { type: 'xstate.done.actor.deleteRoom'; output: void; actorId: string }
  | { type: 'xstate.error.actor.deleteRoom'; error: unknown; actorId: string }
  | { type: 'job.deletionTimedOut' };

/** Limits of a job in ms. */
export interface JobLimits {
  /** From the request to the answer: `requestFunc` and the claim of a process. */
  requestTimeoutMs: number;
  assignmentTimeoutMs: number;
  /** The session's whole budget plus a margin. */
  closeTimeoutMs: number;
}

/** What a job is started with. */
export interface JobInput {
  slot: string;
  job: Job;
  /** The connection that the request came on. */
  workerId: string;
  /** Where the room is, unless the assignment says otherwise. */
  url: string;
  limits: JobLimits;
  registration: Ref<RegistrationCommand>;
  pool: Ref<PoolCommand>;
  parent: Ref<JobReport>;
}

/** What a job remembers. */
export interface JobContext extends JobInput {
  facts: JobFacts;
  decision: Decision | null;
  accept: AcceptArguments;
  process: string;
  processRef: Ref<ProcessCommand> | null;
  pid: number | null;
  token: string;
  /** Processes it was launched on, or tried to. */
  launches: number;
  /** True from the first sign of life in the room: a dead agent's participant may stand there. */
  mayBeInRoom: boolean;
  /** The worker drains, and the session has not been told yet. */
  drain: { deadlineMs: number | null } | null;
  /** Requests of the session to delete the room that wait for the answer, by their ids. */
  deletions: number[];
  /** The first reason to close that this job knows of. */
  closeReason: CloseReason | null;
  session: SessionOutcome | null;
  failure: Failure | null;
  end: JobEnd | null;
}

/** How a job ended. */
export type JobOutput =
  | {
      outcome: 'rejected';
      slot: string;
      jobId: string;
      reason: RejectReason;
    }
  | {
      outcome: JobEnd;
      slot: string;
      jobId: string;
      session: SessionOutcome | null;
      failure: Failure | null;
    };
