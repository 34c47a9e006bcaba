/** The registered workers, and how a job gets to one of them. */
import {
  type AvailabilityResponse,
  Job,
  JobAssignment,
  JobState,
  JobStatus,
  JobTermination,
  JobType,
  type SimulateJobRequest,
} from '@livekit/protocol';
import type { DropReason, ServerEvents, TerminationReason } from './events.ts';
import { newId } from './ids.ts';
import { createJobToken } from './job-token.ts';
import { hasCapacity, hasKey, pickWorker } from './selection.ts';
import type { ServerSettings } from './settings.ts';
import type { Timers } from './timers.ts';
import type { OfferOutcome, WorkerConnection, WorkerKey } from './worker-connection.ts';

/** What the workers need of their server. */
export interface WorkersWorld {
  settings: ServerSettings;
  timers: Timers;
  events: ServerEvents;
  /** Unix time in milliseconds. */
  now: () => number;
}

/** What a dispatch is told of a job that was given to a worker, or was ended by it at once. */
export type GivenJob = Job & { state: JobState };

const nanosecondsPerMillisecond = 1_000_000n;

/** All workers of a server. */
export class Workers {
  readonly #world: WorkersWorld;
  readonly #registered = new Set<WorkerConnection>();
  /** The running jobs, with the workers that have them. */
  readonly #owners = new Map<string, WorkerConnection>();

  constructor(world: WorkersWorld) {
    this.#world = world;
  }

  /** The keys under which workers are registered. */
  get keys(): WorkerKey[] {
    return [...this.#registered].flatMap(({ key }) => (key === null ? [] : [key]));
  }

  /** Takes a worker in; tells whether it is the first of its key. */
  add(worker: WorkerConnection): boolean {
    const { key } = worker;
    const isFirst = key !== null && this.#of(key).length === 0;
    this.#registered.add(worker);
    return isFirst;
  }

  /** Forgets a worker and its jobs. */
  remove(worker: WorkerConnection): void {
    this.#registered.delete(worker);
    for (const [jobId, owner] of this.#owners) {
      if (owner === worker) this.#owners.delete(jobId);
    }
  }

  /** Offers a job to the workers of a key until one takes it; `null` when none does. */
  async request(job: Job, key: WorkerKey): Promise<GivenJob | null> {
    const { settings, timers } = this.#world;
    const deadlineMs = timers.now() + settings.jobRequestTimeoutMs;
    if (this.#of(key).length === 0) {
      await timers.wait(settings.noWorkerMs);
      return this.#drop(job, 'no worker has the agent name');
    }
    await timers.wait(settings.selectionMs);
    if (!hasCapacity(this.#of(key), settings.targetLoad))
      return this.#drop(job, 'all workers are full');
    return this.#offerAround(job, key, deadlineMs);
  }

  /** Offers a job to one worker, whatever its status: the job is not of any dispatch. */
  async simulate(
    worker: WorkerConnection,
    { room, participant }: SimulateJobRequest,
  ): Promise<void> {
    const { settings } = this.#world;
    const type = participant === undefined ? JobType.JT_ROOM : JobType.JT_PUBLISHER;
    const { agentName } = worker;
    const id = newId('AJ', settings.random);
    const job = new Job({ id, type, agentName, ...(room !== undefined && { room }) });
    if (participant !== undefined) job.participant = participant;
    const outcome = await this.#offer(worker, job, settings.simulatedJobTimeoutMs);
    if (isAnswer(outcome) && outcome.available) this.#assign(worker, job, outcome);
  }

  /** Tells the worker of a job that it is over; `false` when nobody is left to be told. */
  terminate(jobId: string, reason: TerminationReason): boolean {
    const worker = this.#owners.get(jobId);
    if (worker === undefined) return false;
    const value = new JobTermination({ jobId });
    worker.send({ case: 'termination', value });
    this.#end(worker, jobId);
    this.#world.events.emit({ type: 'job.terminated', jobId, workerId: worker.id, reason });
    return true;
  }

  /** The worker says how a job of its own stands: only an end has an effect. */
  update(worker: WorkerConnection, jobId: string, status: JobStatus): void {
    if (status === JobStatus.JS_SUCCESS || status === JobStatus.JS_FAILED) this.#end(worker, jobId);
  }

  #end(worker: WorkerConnection, jobId: string): void {
    if (this.#owners.get(jobId) === worker) this.#owners.delete(jobId);
  }

  #of(key: WorkerKey): WorkerConnection[] {
    return [...this.#registered].filter((worker) => hasKey(worker, key));
  }

  async #offerAround(job: Job, key: WorkerKey, deadlineMs: number): Promise<GivenJob | null> {
    const { settings, timers } = this.#world;
    const tried = new Set<WorkerConnection>();
    for (;;) {
      const untried = this.#of(key).filter((worker) => !tried.has(worker));
      const worker = pickWorker(untried, settings.random);
      if (worker === null) return this.#drop(job, 'all workers rejected');
      tried.add(worker);
      const outcome = await this.#offer(worker, job, deadlineMs - timers.now());
      if (outcome === 'timeout') return this.#drop(job, 'no answer in time');
      if (outcome === 'unwritable') return this.#drop(job, 'the worker could not be written to');
      if (outcome === 'closed') continue;
      if (outcome.terminate) return this.#finishAtOnce(job);
      if (outcome.available) return this.#assign(worker, job, outcome);
    }
  }

  async #offer(worker: WorkerConnection, job: Job, timeoutMs: number): Promise<OfferOutcome> {
    const { events } = this.#world;
    const now = this.#nanoseconds();
    job.state = new JobState({
      status: JobStatus.JS_RUNNING,
      workerId: worker.id,
      startedAt: now,
      updatedAt: now,
    });
    const { id: jobId, dispatchId } = job;
    const workerId = worker.id;
    events.emit({ type: 'job.offered', jobId, dispatchId, room: job.room?.name ?? '', workerId });
    const outcome = await worker.offer(job, timeoutMs);
    if (isAnswer(outcome)) {
      const accepted = outcome.available ? 'accepted' : 'rejected';
      const answer = outcome.terminate ? 'terminated' : accepted;
      events.emit({ type: 'job.answered', jobId, workerId, answer });
    }
    return outcome;
  }

  #assign(worker: WorkerConnection, job: Job, answer: AvailabilityResponse): GivenJob {
    const { settings, events } = this.#world;
    const room = job.room?.name ?? '';
    const identity = answer.participantIdentity;
    const { apiKey, agentName, permissions } = worker;
    const secret = settings.keys[apiKey] ?? '';
    const token = createJobToken({ apiKey, secret, room, agentName, answer, permissions });
    const given = job.clone() as GivenJob;
    given.state.participantIdentity = identity;
    // The job is known before the worker can speak of it.
    this.#owners.set(job.id, worker);
    worker.send({ case: 'assignment', value: new JobAssignment({ job: given, token }) });
    const workerId = worker.id;
    events.emit({ type: 'job.assigned', jobId: job.id, room, workerId, identity, token });
    return given;
  }

  #finishAtOnce(job: Job): GivenJob {
    const given = job.clone() as GivenJob;
    given.state.status = JobStatus.JS_SUCCESS;
    given.state.endedAt = given.state.startedAt;
    return given;
  }

  #drop({ id: jobId, type: jobType, dispatchId, agentName }: Job, reason: DropReason): null {
    const about = { jobId, jobType, dispatchId, agentName };
    this.#world.events.emit({ type: 'job.dropped', ...about, reason });
    return null;
  }

  #nanoseconds(): bigint {
    return BigInt(Math.floor(this.#world.now())) * nanosecondsPerMillisecond;
  }
}

function isAnswer(outcome: OfferOutcome): outcome is AvailabilityResponse {
  return typeof outcome !== 'string';
}
