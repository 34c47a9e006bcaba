import type { ProcessEvent } from '../events.ts';
import type { Failure } from '../messages.ts';
import type {
  ChildExit,
  JobProcessContext,
  JobProcessOutput,
  LinkMessage,
  MemoryEvent,
  MemoryInput,
  ProcessReport,
  StopCause,
} from './job-process.types.ts';

/** The process did not get warm in time. */
export function warmupTimeout(context: JobProcessContext): Failure {
  return {
    code: 'GR_WARMUP_TIMEOUT',
    message: `The job process did not get warm within ${context.limits.initializeTimeoutMs} ms. Loading the agent file and prewarm must be done by then; raise initializeTimeoutMs if they need longer.`,
  };
}

/** What the worker's own reason to stop a process looks like as a failure; `null` when nothing was wrong. */
function stopFailure(context: JobProcessContext, cause: StopCause): Failure | null {
  switch (cause) {
    case 'warmup-timeout':
      return warmupTimeout(context);
    case 'unresponsive':
      return {
        code: 'GR_PROCESS_UNRESPONSIVE',
        message: `The job process did not answer for ${context.limits.unresponsiveTimeoutMs} ms: its event loop is blocked.`,
      };
    case 'close-timeout':
      return {
        code: 'GR_PROCESS_UNRESPONSIVE',
        message: 'The job process did not end its session in time.',
      };
    case 'memory-limit':
      return {
        code: 'GR_PROCESS_MEMORY_LIMIT',
        message: `The job process took more than ${megabytes(context.limits.memoryLimitBytes)} MB of memory.`,
      };
    case 'surplus':
    case 'job-over':
    case 'worker-closing':
    case 'warmup-failed':
      return null;
  }
}

/** The failure of a process that ended on its own; `null` for an orderly exit. */
function exitFailure(exit: { code: number | null; signal: string | null }): Failure | null {
  if (exit.code === 0) return null;
  return exit.signal === null
    ? {
        code: 'GR_PROCESS_EXITED',
        message: `The job process exited with code ${exit.code ?? 'unknown'}.`,
      }
    : {
        code: 'GR_PROCESS_KILLED',
        message: `The job process was ended by ${exit.signal}.`,
      };
}

/** What the job hears when its process is gone. */
export function exited(context: JobProcessContext): ProcessReport {
  return {
    type: 'process.exited',
    process: context.process,
    ...context.exit,
    cause: context.cause,
    failure: context.failure,
  };
}

/** First cause wins; a cause that is a fault brings its failure. */
export function noteCause(
  context: JobProcessContext,
  cause: StopCause,
): Pick<JobProcessContext, 'cause' | 'failure'> {
  if (context.cause !== null) return { cause: context.cause, failure: context.failure };
  return { cause, failure: context.failure ?? stopFailure(context, cause) };
}

/** An exit is a failure by itself only when nobody asked for it. */
export function noteExit(
  context: JobProcessContext,
  exit: ChildExit | undefined,
): Pick<JobProcessContext, 'exit' | 'failure'> {
  const known = exit ?? { pid: context.pid, code: null, signal: null };
  const unasked = context.cause === null ? exitFailure(known) : null;
  return { exit: known, failure: context.failure ?? unasked };
}

/** The operating system refused to start the process. */
export function spawnFailure(error: unknown): Failure {
  return {
    code: 'GR_PROCESS_SPAWN_FAILED',
    message: `A job process could not be started: ${error instanceof Error ? error.message : String(error)}.`,
  };
}

/** What the process is asked to end for. */
export function closeRequest({ cause, failure }: JobProcessContext): LinkMessage {
  return cause === 'memory-limit'
    ? { type: 'close', reason: 'memory-limit', detail: failure?.message ?? '' }
    : { type: 'close', reason: 'worker-closing', detail: '' };
}

/** What the memory monitor has to watch. */
export function memoryInput(context: JobProcessContext): MemoryInput {
  return {
    pid: context.pid,
    warnBytes: context.limits.memoryWarnBytes,
    limitBytes: context.limits.memoryLimitBytes,
  };
}

/** The process exists. */
export function startingEvent(context: JobProcessContext): ProcessEvent {
  return { type: 'process.starting', process: context.process, pid: context.pid };
}

/** The process got warm. */
export function warmEvent(context: JobProcessContext): ProcessEvent {
  const { process, pid, warmupMs } = context;
  return { type: 'process.warm', process, pid, warmupMs };
}

/** A job took the process. */
export function claimedEvent(context: JobProcessContext): ProcessEvent {
  return { type: 'process.claimed', process: context.process, pid: context.pid };
}

/** The kill ladder begins. */
export function stoppingEvent(context: JobProcessContext): ProcessEvent {
  const { process, pid, cause } = context;
  return { type: 'process.stopping', process, pid, cause: cause ?? 'job-over' };
}

/** The process does not answer. */
export function unresponsiveEvent(context: JobProcessContext): ProcessEvent {
  return { type: 'process.unresponsive', process: context.process, pid: context.pid };
}

/** The process is gone. */
export function exitedEvent(context: JobProcessContext): ProcessEvent {
  const { process, exit, failure } = context;
  return { type: 'process.exited', process, ...exit, failure };
}

/** Memory is above the warning or the limit. */
export function memoryEvent(context: JobProcessContext, event: MemoryEvent): ProcessEvent {
  const exceeded = event.type === 'memory.exceeded';
  return {
    type: 'process.memory',
    process: context.process,
    pid: context.pid,
    memoryBytes: event.memoryBytes,
    limitBytes: exceeded ? context.limits.memoryLimitBytes : context.limits.memoryWarnBytes,
    level: exceeded ? 'limit' : 'warn',
  };
}

/** How it ended: a failure is a value. */
export function output(context: JobProcessContext): JobProcessOutput {
  return {
    outcome: 'exited',
    process: context.process,
    ...context.exit,
    cause: context.cause,
    failure: context.failure,
  };
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1_000_000);
}
