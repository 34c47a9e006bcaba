import type { ActorLogic, Snapshot } from 'xstate';
import type { CloseReason, Failure, LaunchOrder, SessionOutcome } from '../messages.ts';
import type { Ref } from '../refs.ts';

/** What the session in a job process reports to its job. */
export type SessionReport =
  | { type: 'session.started' }
  | { type: 'session.connecting' }
  | { type: 'session.connected'; roomSid: string; identity: string }
  | { type: 'session.reconnecting' }
  | { type: 'session.reconnected' }
  | { type: 'session.closing'; reason: CloseReason; detail: string }
  /** A step failed or ran out of time. */
  | { type: 'session.warning'; step: string; failure: Failure }
  /** The outcome is fixed; the process waits for `outcomeReported`, then leaves the room. */
  | { type: 'session.outcome'; outcome: SessionOutcome }
  /** The worker is asked to delete the job's own room. */
  | { type: 'session.deleteRoom'; id: number };

/** What comes over the link from the process itself. */
export type LinkReport =
  /** The agent is loaded and `prewarm` is done. */
  | { type: 'link.warm'; warmupMs: number }
  /** `fatal`: another try cannot help. */
  | { type: 'link.warmupFailed'; failure: Failure; fatal: boolean }
  | { type: 'link.ponged'; id: number };

/** What the child process actor reports. */
export type ChildReport = { type: 'child.spawned'; pid: number } | LinkReport | SessionReport;

/** What a job process is told over the link. */
export type LinkMessage =
  | { type: 'ping'; id: number }
  | { type: 'launch'; order: LaunchOrder }
  | { type: 'terminate' }
  | { type: 'drain'; deadlineMs: number | null }
  | { type: 'close'; reason: CloseReason; detail: string }
  | { type: 'outcomeReported' }
  | { type: 'roomDeleted'; id: number; failure: Failure | null };

/** What the child process actor is told. Signals go to the whole process group. */
export type ChildCommand =
  | { type: 'child.tell'; message: LinkMessage }
  | { type: 'child.signal'; signal: 'SIGTERM' | 'SIGKILL' };

/** How a child process ended. */
export interface ChildExit {
  pid: number | null;
  code: number | null;
  signal: string | null;
}

/** What the child process actor shows: the process is visible before it has said a word. */
export type ChildSnapshot = Snapshot<ChildExit> & {
  input: { process: string };
  pid: number | null;
  phase: 'spawning' | 'running' | 'exited';
};

/** The logic of the child process actor. */
export interface ChildProcessLogic extends ActorLogic<
  ChildSnapshot,
  ChildCommand,
  { process: string }
> {}

/** What the memory monitor reports. */
export type MemoryEvent =
  | { type: 'memory.high'; memoryBytes: number }
  | { type: 'memory.exceeded'; memoryBytes: number };

/** What the memory monitor is started with. */
export interface MemoryInput {
  pid: number | null;
  warnBytes: number;
  limitBytes: number;
}

/** Why a process is stopped by the worker. */
export type StopCause =
  | 'surplus'
  | 'job-over'
  | 'worker-closing'
  | 'warmup-failed'
  | 'warmup-timeout'
  | 'close-timeout'
  | 'unresponsive'
  | 'memory-limit';

/** What pool and job tell a job process. */
export type ProcessCommand =
  | { type: 'process.start' }
  | { type: 'process.claim'; client: Ref<ProcessReport> }
  | { type: 'process.release' }
  | { type: 'process.launch'; order: LaunchOrder }
  | { type: 'process.tell'; message: LinkMessage }
  /** The kill ladder: ask, SIGTERM, SIGKILL. */
  | { type: 'process.stop'; cause: StopCause }
  | { type: 'process.kill'; cause: StopCause };

/** What a job process tells the job that claimed it. */
export type ProcessReport =
  | SessionReport
  | { type: 'process.spawned'; pid: number }
  | ({
      type: 'process.exited';
      process: string;
      cause: StopCause | null;
      failure: Failure | null;
    } & ChildExit);

/** What a job process tells the pool. */
export type PoolReport =
  | { type: 'process.becameWarm'; process: string; warmupMs: number }
  | { type: 'process.warmupFailed'; process: string; failure: Failure; fatal: boolean }
  /** The job in it is in its room: the pool may use the cores again. */
  | { type: 'process.joined'; process: string };

/** Everything that can happen to a job process. */
export type JobProcessMachineEvent = ProcessCommand | ChildReport | MemoryEvent;

/** Limits of a job process, in ms unless told. */
export interface ProcessLimits {
  /** From the fork to warm. */
  initializeTimeoutMs: number;
  /** How long a process may leave a ping unanswered. */
  unresponsiveTimeoutMs: number;
  /** 0: off. */
  memoryWarnBytes: number;
  /** 0: off. */
  memoryLimitBytes: number;
}

/** What a job process is started with. */
export interface JobProcessInput {
  /** The slot of the process in its pool, such as `process.1`. */
  process: string;
  limits: ProcessLimits;
  pool: Ref<PoolReport>;
}

/** What a job process remembers. */
export interface JobProcessContext extends JobProcessInput {
  pid: number | null;
  warmupMs: number;
  client: Ref<ProcessReport> | null;
  /** An order that came before the process was warm. */
  order: LaunchOrder | null;
  pingId: number;
  /** Why the worker stops it; the first cause wins. */
  cause: StopCause | null;
  failure: Failure | null;
  exit: ChildExit;
}

/** How a job process ended. */
export interface JobProcessOutput extends ChildExit {
  outcome: 'exited';
  process: string;
  cause: StopCause | null;
  failure: Failure | null;
}
