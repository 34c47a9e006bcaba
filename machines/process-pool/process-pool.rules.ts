import type { AnyActorRef } from 'xstate';
import type { PoolEvent } from '../events.ts';
import { failureOf } from '../failure.ts';
import type {
  JobProcessOutput,
  ProcessReport,
  StopCause,
} from '../job-process/job-process.types.ts';
import type { Failure } from '../messages.ts';
import type {
  ClaimReport,
  Client,
  PoolEntry,
  PoolStateReport,
  ProcessPoolContext,
  ProcessPoolMachineEvent,
  ProcessPoolOutput,
} from './process-pool.types.ts';

type Processes = ProcessPoolContext['processes'];

/** Causes that count as a failure of an idle process; the others are the pool's own wish or counted already. */
const FAULTS: StopCause[] = ['unresponsive', 'memory-limit'];

/** The pool with one process changed; unchanged when there is none of that id. */
export function withEntry(processes: Processes, id: string, change: Partial<PoolEntry>): Processes {
  const entry = processes[id];
  return entry === undefined ? processes : { ...processes, [id]: { ...entry, ...change } };
}

/** The pool without one process. */
export function withoutEntry(processes: Processes, id: string): Processes {
  const { [id]: _gone, ...rest } = processes;
  return rest;
}

/** Before the pool is refilled: 1 s for a job to join its room, or the back-off after failures: 0.5 s, 1 s, 2 s … 30 s. */
export function refillDelayMs(failuresInARow: number): number {
  if (failuresInARow === 0) return 1_000;
  return Math.min(30_000, 500 * 2 ** Math.min(failuresInARow - 1, 10));
}

/** True when a process went away without being told to, idle or, whoever has claimed it, before it was warm. */
export function isLoss(context: ProcessPoolContext, ended: JobProcessOutput): boolean {
  const entry = context.processes[ended.process];
  const isFault = ended.cause === null || FAULTS.includes(ended.cause);
  return isFault && (entry?.claimedBy === null || entry?.phase === 'warming');
}

/** How long a caller may wait for a process in ms, as far as the pool can tell: who would wait longer is refused at once. */
const LONGEST_QUEUE_MS = 30_000;

/** True when the cold processes that have a job already will keep the cores busy for longer than a caller may wait. */
export function isQueueFull({
  processes,
  waiting,
  maxStarting,
  warmupMs,
}: ProcessPoolContext): boolean {
  const cold = Object.values(processes).filter(
    ({ claimedBy, phase }) => claimedBy !== null && (phase === 'queued' || phase === 'warming'),
  );
  const room = Math.max(1, Math.floor(LONGEST_QUEUE_MS / warmupMs)) * maxStarting;
  return cold.length + waiting.length >= room;
}

/** True when a process is there that a claim would get without a wait. */
export function hasWarmIdle({ processes }: ProcessPoolContext): boolean {
  return Object.values(processes).some(
    ({ claimedBy, phase }) => claimedBy === null && phase === 'warm',
  );
}

/** A claim waits to be granted. */
export function noteClaim(
  context: ProcessPoolContext,
  event: ProcessPoolMachineEvent,
): Pick<ProcessPoolContext, 'waiting'> {
  if (event.type !== 'pool.claim') return { waiting: context.waiting };
  return { waiting: [...context.waiting, { slot: event.slot, client: event.client }] };
}

/** How many processes are kept warm from now on. */
export function noteSize(
  context: ProcessPoolContext,
  event: ProcessPoolMachineEvent,
): Pick<ProcessPoolContext, 'numIdleProcesses'> {
  return event.type === 'pool.resize' ? { numIdleProcesses: event.numIdleProcesses } : context;
}

/** The process that goes back to the pool, if the slot had one that is still of use. */
export function releasedProcess(
  context: ProcessPoolContext,
  event: ProcessPoolMachineEvent,
): string | null {
  if (event.type !== 'pool.release') return null;
  const owned = Object.entries(context.processes);
  return owned.find(([, entry]) => entry.claimedBy === event.slot)?.[0] ?? null;
}

/** The slot has no claim and no process any more. */
export function release(
  context: ProcessPoolContext,
  event: ProcessPoolMachineEvent,
): Pick<ProcessPoolContext, 'waiting' | 'processes'> {
  if (event.type !== 'pool.release') return context;
  const id = releasedProcess(context, event);
  return {
    waiting: context.waiting.filter((claim) => claim.slot !== event.slot),
    processes:
      id === null
        ? context.processes
        : withEntry(context.processes, id, { claimedBy: null, client: null }),
  };
}

/** The process is warm; failures in a row are over. */
export function noteWarm(
  context: ProcessPoolContext,
  event: ProcessPoolMachineEvent,
): Pick<ProcessPoolContext, 'processes' | 'failuresInARow' | 'warmupMs'> {
  if (event.type !== 'process.becameWarm') return context;
  return {
    warmupMs: Math.max(1, event.warmupMs),
    processes: withEntry(context.processes, event.process, { phase: 'warm' }),
    failuresInARow: 0,
  };
}

/** The process will not get warm; it is on its way out. */
export function noteWarmupFailed(
  context: ProcessPoolContext,
  event: ProcessPoolMachineEvent,
): Partial<ProcessPoolContext> {
  if (event.type !== 'process.warmupFailed') return {};
  return {
    ...countFailure(context, event.failure),
    processes: withEntry(context.processes, event.process, { phase: 'stopping' }),
  };
}

/** A process is gone that nobody sent away. */
export function noteLoss(
  context: ProcessPoolContext,
  event: ProcessPoolMachineEvent,
): Partial<ProcessPoolContext> {
  return countFailure(context, 'output' in event ? event.output.failure : null);
}

/** The id of the process whose actor ended. */
export function endedProcess(event: ProcessPoolMachineEvent): string | null {
  return 'actorId' in event ? event.actorId : null;
}

/** What an actor that failed leaves behind: the actor of its process, which lives on, and the job that waits for it. */
export function orphan(
  { processes }: ProcessPoolContext,
  event: ProcessPoolMachineEvent,
): { child: AnyActorRef | null; client: Client | null; report: ProcessReport } {
  const process = endedProcess(event) ?? '';
  const entry = processes[process];
  const failure = failureOf('error' in event ? event.error : null, 'GR_INTERNAL');
  const exit = { pid: null, code: null, signal: null, cause: null, failure };
  return {
    child: entry?.ref.getSnapshot().children['child'] ?? null,
    client: entry?.client ?? null,
    report: { type: 'process.exited', process, ...exit },
  };
}

/** One failure more. */
function countFailure(
  context: ProcessPoolContext,
  failure: Failure | null,
): Pick<ProcessPoolContext, 'failure' | 'failures' | 'failuresInARow'> {
  return {
    failure: failure ?? context.failure,
    failures: context.failures + 1,
    failuresInARow: context.failuresInARow + 1,
  };
}

/** The failure to show while the pool is failing. */
function poolFailure(context: ProcessPoolContext): Failure {
  return (
    context.failure ?? { code: 'GR_PROCESS_EXITED', message: 'Job processes exit while warm.' }
  );
}

/** Too many failures. */
export function failingEvent(context: ProcessPoolContext): PoolEvent {
  return { type: 'pool.failing', failure: poolFailure(context), failures: context.failures };
}

/** Tells the worker to take no jobs. */
export function failingReport(context: ProcessPoolContext): PoolStateReport {
  return { type: 'pool.failing', failure: poolFailure(context) };
}

/** How the pool ended. */
export function output(context: ProcessPoolContext): ProcessPoolOutput {
  return context.fatal
    ? { outcome: 'failed', failure: poolFailure(context) }
    : { outcome: 'stopped' };
}

/** Tells a job which process is its own. */
export function grantReport(processes: Processes, process: string): ClaimReport {
  const entry = processes[process];
  return entry === undefined
    ? { type: 'pool.refused', failure: null }
    : { type: 'pool.claimed', process, processRef: entry.ref };
}
