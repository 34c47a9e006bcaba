import type { ActorRefFrom } from 'xstate';
import type { jobProcessMachine } from '../job-process/job-process.machine.ts';
import type {
  JobProcessOutput,
  PoolReport,
  ProcessCommand,
  ProcessLimits,
  ProcessReport,
} from '../job-process/job-process.types.ts';
import type { Failure } from '../messages.ts';
import type { Ref } from '../refs.ts';

/** What a job is told about its claim. */
export type ClaimReport =
  | { type: 'pool.claimed'; process: string; processRef: Ref<ProcessCommand> }
  | { type: 'pool.refused'; failure: Failure | null };

/** A job that claims a process: it hears of the claim, then of the process. */
export type Client = Ref<ClaimReport | ProcessReport>;

/** What the worker and its jobs tell the pool. */
export type PoolCommand =
  /** A job that is accepted already is not refused for the length of the queue. */
  | { type: 'pool.claim'; slot: string; client: Client; isAccepted: boolean }
  /** The claim is given up: a waiting one is forgotten, a granted process goes back clean. */
  | { type: 'pool.release'; slot: string }
  /** How many processes are kept warm from now on. */
  | { type: 'pool.resize'; numIdleProcesses: number }
  | { type: 'pool.stop' }
  | { type: 'pool.kill' };

/** What the pool tells the worker. */
export type PoolStateReport =
  | { type: 'pool.ready' }
  | { type: 'pool.failing'; failure: Failure }
  | { type: 'pool.recovered' };

type ProcessDone = {
  type: `xstate.done.actor.process.${string}`;
  output: JobProcessOutput;
  actorId: string;
};
type ProcessError = {
  type: `xstate.error.actor.process.${string}`;
  error: unknown;
  actorId: string;
};

/** Everything that can happen to the pool. */
export type ProcessPoolMachineEvent =
  | PoolCommand
  | PoolReport
  | { type: 'pool.refillDue' }
  /** A claimed process has had its time to join the room. */
  | { type: 'pool.joinDue' }
  | { type: 'pool.failureForgotten'; period: number }
  | ProcessDone
  | ProcessError;

/** What the pool is started with. */
export interface ProcessPoolInput {
  /** How many processes are kept warm. */
  numIdleProcesses: number;
  /** Jobs at once, so that no more is kept warm than can still be used; `null`: no limit. */
  maxJobs: number | null;
  /** How many may warm up at once: the number of cores. */
  maxStarting: number;
  /** Failures within the restart period before the pool says that it is failing. */
  restartIntensity: number;
  limits: ProcessLimits;
  parent: Ref<PoolStateReport>;
}

/** A process as the pool sees it. */
export interface PoolEntry {
  ref: ActorRefFrom<typeof jobProcessMachine>;
  phase: 'queued' | 'warming' | 'warm' | 'stopping';
  /** The slot of the job that claimed it. */
  claimedBy: string | null;
  /** That job. */
  client: Client | null;
}

/** What the pool remembers. */
export interface ProcessPoolContext extends ProcessPoolInput {
  processes: Record<string, PoolEntry>;
  /** How long the last process took to get warm, in ms; an estimate until one has. */
  warmupMs: number;
  /** Claims that wait for the first proof that the agent works. */
  waiting: { slot: string; client: Client }[];
  /** Failures within the restart period. */
  failures: number;
  /** Failures in a row, for the back-off. */
  failuresInARow: number;
  /** Counts how often the failures were counted anew: those of an earlier period are forgotten already. */
  period: number;
  failure: Failure | null;
  fatal: boolean;
}

/** How the pool ended. */
export type ProcessPoolOutput =
  | { outcome: 'stopped' }
  /** The agent can never work: no such file, no default export. */
  | { outcome: 'failed'; failure: Failure };
