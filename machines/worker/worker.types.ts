import type { ActorRefFrom } from 'xstate';
import type { jobMachine } from '../job/job.machine.ts';
import type { JobLimits, JobOutput, JobPhase, JobReport } from '../job/job.types.ts';
import type { ProcessLimits } from '../job-process/job-process.types.ts';
import type { CloseReason, Failure, JobTypeName, Permissions, WorkerStatus } from '../messages.ts';
import type { processPoolMachine } from '../process-pool/process-pool.machine.ts';
import type { PoolStateReport, ProcessPoolOutput } from '../process-pool/process-pool.types.ts';
import type { registrationMachine } from '../registration/registration.machine.ts';
import type { RegistrationOutput, RegistrationReport } from '../registration/registration.types.ts';

/** One registration a worker holds. */
export interface RegistrationSettings {
  /** Unique in the worker. */
  key: string;
  agentName: string;
  jobType: JobTypeName;
  deployment: string;
}

/** What the load monitor reports. `load` is a fraction, 0 to 1. */
export type LoadEvent =
  | { type: 'load.sampled'; load: number }
  | { type: 'load.failed'; failure: Failure };

/** What an operator tells a worker. */
export type WorkerCommand =
  /** Take no new jobs, let the running ones end, then close. */
  | { type: 'worker.drain'; timeoutMs?: number | null }
  /** End the running sessions in order, then close. */
  | { type: 'worker.close'; cause: string }
  /** Kill the job processes, then close. */
  | { type: 'worker.kill'; cause: string }
  | { type: 'worker.pause' }
  /** Take jobs again after a pause, or while a drain still waits for jobs. */
  | { type: 'worker.resume' }
  /** Ask the server to offer this worker a job in that room. */
  | { type: 'worker.simulateJob'; room: string; participantIdentity: string | null };

type Done<Id extends string, Output> = {
  type: `xstate.done.actor.${Id}`;
  output: Output;
  actorId: string;
};
type Errored<Id extends string> = {
  type: `xstate.error.actor.${Id}`;
  error: unknown;
  actorId: string;
};

/** Everything that can happen to a worker. */
export type WorkerMachineEvent =
  | WorkerCommand
  /** Slots or load changed: the servers are told. */
  | { type: 'worker.capacityChanged' }
  | LoadEvent
  | RegistrationReport
  | JobReport
  | PoolStateReport
  | Done<`job.${number}`, JobOutput>
  | Errored<`job.${number}`>
  | Done<`registration.${number}`, RegistrationOutput>
  | Errored<`registration.${number}`>
  | Done<'pool', ProcessPoolOutput>
  | Errored<'pool'>;

/** What a worker is started with. Times are ms. */
export interface WorkerInput {
  registrations: RegistrationSettings[];
  /** Version of this package, for the server's log. */
  version: string;
  /** The server, for jobs whose assignment names none. */
  url: string;
  permissions: Permissions;
  /** Attempts in a row to reach the server; `null` for ever. */
  maxRetry: number | null;
  /** `null`: no limit. */
  maxJobs: number | null;
  /** A fraction; `null`: no limit. */
  loadThreshold: number | null;
  numIdleProcesses: number;
  /** How many processes may warm up at once: the number of cores. */
  maxStarting: number;
  /** Failures of job processes within a minute before the worker takes no jobs. */
  restartIntensity: number;
  /** `null`: waits for ever. */
  drainTimeoutMs: number | null;
  jobLimits: JobLimits;
  processLimits: ProcessLimits;
}

/** A slot: the capacity that one job takes. */
export interface Slot {
  ref: ActorRefFrom<typeof jobMachine>;
  jobId: string;
  registration: string;
  /** The connection that the request came on. */
  workerId: string;
  phase: JobPhase;
}

/** A registration as the worker sees it. */
export interface RegistrationEntry {
  ref: ActorRefFrom<typeof registrationMachine>;
  /** The server's id for the connection; empty when there is none. */
  workerId: string;
  /** True when the server has read on this connection that the worker is available. */
  knowsAvailable: boolean;
}

/** What a worker remembers. */
export interface WorkerContext extends WorkerInput {
  pool: ActorRefFrom<typeof processPoolMachine>;
  entries: Record<string, RegistrationEntry>;
  slots: Record<string, Slot>;
  load: number;
  /** The status the registrations were told last; `null` when the next one is told in any case. */
  told: WorkerStatus | null;
  isPoolReady: boolean;
  /** How long the drain may take: `drainTimeoutMs`, unless the order to drain says otherwise. */
  drainLimitMs: number | null;
  closeReason: CloseReason;
  closeCause: string;
  /** Jobs that ran on when their time was up: cut at the deadline of the drain, or killed. */
  abandoned: string[];
  failure: Failure | null;
}

/** How a worker ended. */
export interface WorkerOutput {
  /** `drained`: every job ended by itself. `closed`: sessions were ended. `failed`: it could not go on. */
  outcome: 'drained' | 'closed' | 'failed';
  cause: string;
  /** Jobs that ran on when their time was up: cut at the deadline of the drain, or killed. */
  abandoned: string[];
  failure: Failure | null;
}
