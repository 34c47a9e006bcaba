/** What the header of the page and its timeline of jobs show, read from the snapshots of a worker and its jobs. */
import type { AnyActorRef, SnapshotFrom } from 'xstate';
import type { Failure } from '../../machines/messages.ts';
import type { jobMachine } from '../../machines/job/job.machine.ts';
import type { processPoolMachine } from '../../machines/process-pool/process-pool.machine.ts';
import type { workerMachine } from '../../machines/worker/worker.machine.ts';
import { version } from '../version.ts';
import type { DrainFacts, JobWireFacts, JobWirePhase, WorkerFacts } from './messages.ts';

type WorkerSnapshot = SnapshotFrom<typeof workerMachine>;
type JobSnapshot = SnapshotFrom<typeof jobMachine>;
type PoolSnapshot = SnapshotFrom<typeof processPoolMachine>;

/** How a worker is. */
export function workerFacts(snapshot: WorkerSnapshot, drain: DrainFacts | null): WorkerFacts {
  const { context } = snapshot;
  const slots = Object.values(context.slots);
  const running = slots.filter(({ phase }) => phase === 'running').length;
  return {
    version,
    state: stateName(snapshot.value),
    registrations: Object.entries(context.entries).map(([key, { ref, workerId }]) => ({
      key,
      sessionId: ref.sessionId,
      agentName: context.registrations.find((one) => one.key === key)?.agentName ?? '',
      isRegistered: workerId !== '',
      workerId,
    })),
    load: context.load,
    loadThreshold: context.loadThreshold,
    told: context.told === null ? null : { status: context.told.status, load: context.told.load },
    slots: { reserved: slots.length - running, running, max: context.maxJobs },
    processes: processFacts(context.pool.getSnapshot()),
    drain,
    outcome: snapshot.output?.outcome ?? null,
  };
}

/** How far a drain has come; `null` while there is none. `before` is what was told last. */
export function drainFacts(
  snapshot: WorkerSnapshot,
  before: DrainFacts | null,
  now: number,
): DrainFacts | null {
  const { drainLimitMs, slots } = snapshot.context;
  const jobsLeft = Object.keys(slots).length;
  if (!snapshot.matches('draining')) return snapshot.matches('closing') ? before : null;
  if (before !== null) return { ...before, jobsLeft };
  const deadline = drainLimitMs === null ? null : now + drainLimitMs;
  return { since: now, deadline, jobsAtStart: jobsLeft, jobsLeft };
}

function processFacts(snapshot: PoolSnapshot): WorkerFacts['processes'] {
  const entries = Object.values(snapshot.context.processes);
  const count = (...phases: string[]): number =>
    entries.filter(({ phase, claimedBy }) => claimedBy === null && phases.includes(phase)).length;
  return {
    warming: count('queued', 'warming'),
    warm: count('warm'),
    claimed: entries.filter(({ claimedBy, phase }) => claimedBy !== null && phase !== 'stopping')
      .length,
    stopping: entries.filter(({ phase }) => phase === 'stopping').length,
    wanted: snapshot.context.numIdleProcesses,
  };
}

/** The outermost states of a job, as the timeline colours them. */
const phases: Readonly<Record<string, JobWirePhase>> = {
  requested: 'deciding',
  accepted: 'accepted',
  launching: 'launching',
  running: 'running',
  closing: 'closing',
  removing: 'closing',
};

/** Where a job stands. */
export function jobFacts(snapshot: JobSnapshot): JobWireFacts {
  const { context, value } = snapshot;
  const { jobId, dispatchId, room, agentName } = context.facts;
  const [state = ''] = stateName(value).split('.', 1);
  const hasEnded = snapshot.status !== 'active';
  return {
    jobId,
    dispatchId,
    room,
    agentName,
    slot: context.slot,
    phase: hasEnded ? 'ended' : (phases[state] ?? 'closing'),
    processId: processIdOf(context.processRef),
    pid: context.pid,
    outcome: snapshot.output?.outcome ?? null,
    reason: reasonOf(snapshot),
    failure: failureOf(context.failure ?? context.session?.failure ?? null),
  };
}

function failureOf(failure: Failure | null): JobWireFacts['failure'] {
  return failure === null ? null : { code: failure.code, message: failure.message };
}

/** Machines name what they talk to by what they may say to it; behind that is an actor. */
function processIdOf(ref: object | null): string | null {
  return ref === null ? null : (ref as AnyActorRef).sessionId;
}

function reasonOf({ output, context }: JobSnapshot): string | null {
  if (output !== undefined && 'reason' in output) return output.reason;
  return context.session?.reason ?? context.closeReason;
}

/** `running.available`; the first of several regions. */
function stateName(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const [name, inner] = (Object.entries(value) as [string, unknown][])[0] ?? ['', ''];
  return `${name}.${stateName(inner)}`;
}
