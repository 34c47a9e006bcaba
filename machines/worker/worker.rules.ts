import type { JobEvent, WorkerEvent } from '../events.ts';
import type { JobCommand } from '../job/job.types.ts';
import type { Failure, Job, RejectReason, WorkerStatus } from '../messages.ts';
import type { ProcessPoolOutput } from '../process-pool/process-pool.types.ts';
import type { RegistrationCommand } from '../registration/registration.types.ts';
import type { Slot, WorkerContext, WorkerOutput, WorkerMachineEvent } from './worker.types.ts';

/** The server takes a worker that reports 0.7 or more for full, whatever its own threshold (`agents.target_load`). */
const SERVER_GATE = 0.69;

/** Slots in use, reserved ones included. */
export function slotCount(context: Pick<WorkerContext, 'slots'>): number {
  return Object.keys(context.slots).length;
}

/** True when `maxJobs` is reached. */
export function isFull(context: WorkerContext): boolean {
  return context.maxJobs !== null && slotCount(context) >= context.maxJobs;
}

/** True when the load, with what the reserved slots will cost, reaches the threshold. */
export function isOverloaded(context: WorkerContext): boolean {
  return context.loadThreshold !== null && expectedLoad(context) >= context.loadThreshold;
}

/** The measured load plus the mean load of a running job for each reserved slot; 0 for them while no job runs. */
function expectedLoad(context: Pick<WorkerContext, 'slots' | 'load'>): number {
  const slots = Object.values(context.slots);
  const running = slots.filter((slot) => slot.phase === 'running').length;
  const reserved = slots.length - running;
  return running === 0 ? context.load : context.load + (context.load / running) * reserved;
}

/** Why a job is not admitted; `null` when it is. */
export function refusal(context: WorkerContext, job: Job): RejectReason | null {
  if (Object.values(context.slots).some((slot) => slot.jobId === job.id)) return 'duplicate';
  if (isFull(context)) return 'full';
  if (isOverloaded(context)) return 'overloaded';
  return null;
}

/** True when the job was asked for on this connection before: its one answer has left, or will (R3). */
export function isAskedAgain(
  context: WorkerContext,
  { workerId, job }: { workerId: string; job: Job },
): boolean {
  const slot = slotOfJob(context, job.id);
  return slot !== null && slot.workerId === workerId;
}

/** What the server is told: below its gate while the worker wants jobs, full with load 1 when it does not (R4). */
export function reportedStatus(context: WorkerContext, wantsJobs: boolean): WorkerStatus {
  const jobCount = slotCount(context);
  if (!wantsJobs) return { status: 'full', load: 1, jobCount };
  const byLoad = context.loadThreshold === null ? 0 : context.load / context.loadThreshold;
  const bySlots = context.maxJobs === null ? 0 : jobCount / context.maxJobs;
  const load = Math.min(SERVER_GATE, SERVER_GATE * Math.max(byLoad, bySlots));
  return { status: 'available', load: Math.max(0, load), jobCount };
}

/** True when the server knows this status already. It ignores the number of jobs, so that alone is no news. */
export function isSameStatus(told: WorkerStatus | null, status: WorkerStatus): boolean {
  if (told === null) return false;
  return told.status === status.status && told.load === status.load;
}

/** Slot ids are pooled, the lowest free one first: the actor's id and system id. */
export function freeSlot(slots: Record<string, Slot>): string {
  let index = 1;
  while (`job.${index}` in slots) index += 1;
  return `job.${index}`;
}

/** The slot of a job. */
export function slotOfJob(context: WorkerContext, jobId: string): Slot | null {
  return Object.values(context.slots).find((slot) => slot.jobId === jobId) ?? null;
}

/** Jobs that hold a slot. */
export function jobIds(context: WorkerContext): string[] {
  return Object.values(context.slots).map((slot) => slot.jobId);
}

/** Jobs that run. */
function runningJobIds(context: Pick<WorkerContext, 'slots'>): string[] {
  return Object.values(context.slots)
    .filter((slot) => slot.phase === 'running')
    .map((slot) => slot.jobId);
}

/** What was given up already, and whatever runs now. */
export function abandonedJobIds(context: Pick<WorkerContext, 'abandoned' | 'slots'>): string[] {
  return [...new Set([...context.abandoned, ...runningJobIds(context)])];
}

/** Running jobs of one registration, for MigrateJob. */
export function runningJobIdsOf(context: WorkerContext, registration: string): string[] {
  const own = Object.entries(context.slots).filter(
    ([, slot]) => slot.registration === registration,
  );
  return runningJobIds({ slots: Object.fromEntries(own) });
}

/** The slot with another phase; unchanged when there is none of that id. */
export function withPhase(
  slots: Record<string, Slot>,
  id: string,
  phase: Slot['phase'],
): Record<string, Slot> {
  const slot = slots[id];
  return slot === undefined ? slots : { ...slots, [id]: { ...slot, phase } };
}

/** The slots without one. */
export function withoutSlot(slots: Record<string, Slot>, id: string): Record<string, Slot> {
  const { [id]: _freed, ...rest } = slots;
  return rest;
}

/** True when the server knows the worker on every registration. */
export function isRegistered(context: WorkerContext): boolean {
  return Object.values(context.entries).every((entry) => entry.workerId !== '');
}

/** A job request that is refused at once. */
export function refusedEvent(
  { workerId, job }: { workerId: string; job: Job },
  reason: RejectReason,
): JobEvent {
  return {
    type: 'job.rejected',
    workerId,
    jobId: job.id,
    dispatchId: job.dispatchId,
    agentName: job.agentName,
    room: job.room?.name ?? '',
    reason,
    detail: '',
  };
}

/** The answer to a request that is refused at once: the server asks the next worker. */
export function refusalCommand(jobId: string, workerId: string): RegistrationCommand {
  return {
    type: 'job.answered',
    jobId,
    workerId,
    answer: { available: false, terminate: false },
  };
}

/** The answer to an assignment that nobody waits for any more. */
export function lateCommand(jobId: string, workerId: string): RegistrationCommand {
  return {
    type: 'job.statusReported',
    jobId,
    workerId,
    status: 'failed',
    error: 'the assignment came too late',
  };
}

/** The id of the actor that ended; empty for every other event. */
export function endedActor(event: WorkerMachineEvent): string {
  return 'actorId' in event ? event.actorId : '';
}

/** Why the worker cannot go on without a registration; `null` when it was closed on purpose. */
export function registrationFailure(event: WorkerMachineEvent): Failure | null {
  if (!('output' in event) || !('registration' in event.output)) return null;
  return event.output.outcome === 'failed' ? event.output.failure : null;
}

/** Why the worker cannot go on without its pool. */
export function poolFailure(ended: ProcessPoolOutput): Failure {
  return ended.outcome === 'failed'
    ? ended.failure
    : { code: 'GR_INTERNAL', message: 'The process pool stopped without being asked to.' };
}

/** The registrations with the id of a connection; empty when there is none. */
export function withWorkerId(
  entries: WorkerContext['entries'],
  registration: string,
  workerId: string,
): WorkerContext['entries'] {
  const entry = entries[registration];
  return entry === undefined
    ? entries
    : { ...entries, [registration]: { ...entry, workerId, knowsAvailable: false } };
}

/** The registrations with what one of their servers has read. */
export function withKnowledge(
  entries: WorkerContext['entries'],
  registration: string,
  status: WorkerStatus['status'],
): WorkerContext['entries'] {
  const entry = entries[registration];
  if (entry === undefined) return entries;
  return { ...entries, [registration]: { ...entry, knowsAvailable: status === 'available' } };
}

/** The registrations after the word that the worker takes no jobs. */
export function withNothingKnown(entries: WorkerContext['entries']): WorkerContext['entries'] {
  return Object.fromEntries(
    Object.entries(entries).map(([key, entry]) => [key, { ...entry, knowsAvailable: false }]),
  );
}

/** True when every server has read that the worker is available. */
export function isKnownAvailable({ entries }: WorkerContext): boolean {
  return Object.values(entries).every((entry) => entry.knowsAvailable);
}

/** Tells a job of the drain. */
export function drainCommand(context: WorkerContext): JobCommand {
  return { type: 'worker.draining', deadlineMs: context.drainLimitMs };
}

/** Tells a job to end. */
export function closeCommand(context: WorkerContext): JobCommand {
  return { type: 'job.close', reason: context.closeReason };
}

/** The registrations without the one of that actor. */
export function withoutRegistration(
  entries: WorkerContext['entries'],
  id: string,
): WorkerContext['entries'] {
  return Object.fromEntries(Object.entries(entries).filter(([, entry]) => entry.ref.id !== id));
}

/** A bug in one of the worker's own actors. */
export function internalFailure(error: unknown): Failure {
  return {
    code: 'GR_INTERNAL',
    message: `A bug in Greenroom: ${error instanceof Error ? error.message : String(error)}`,
    ...(error instanceof Error && error.stack !== undefined ? { stack: error.stack } : {}),
  };
}

/** How it ended. */
export function output(context: WorkerContext): WorkerOutput {
  const { closeCause, closeReason, abandoned, failure } = context;
  const wasCut = closeReason === 'drain-timeout' || closeCause !== 'drained';
  return {
    outcome: failure !== null ? 'failed' : wasCut ? 'closed' : 'drained',
    cause: failure === null ? closeCause : 'failed',
    abandoned,
    failure,
  };
}

/** The worker begins to close. */
export function closingEvent(context: WorkerContext): WorkerEvent {
  const cause = context.failure === null ? context.closeCause : 'failed';
  return { type: 'worker.closing', cause, jobIds: jobIds(context) };
}

/** The end of a worker. */
export function closedEvent(context: WorkerContext): WorkerEvent {
  const { outcome, abandoned, failure } = output(context);
  return { type: 'worker.closed', outcome, abandoned, failure };
}
