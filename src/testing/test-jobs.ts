/** The jobs of a test's worker, from what worker and server tell. */
import type { WorkerHandle } from '../worker.ts';
import type { DispatchServer } from './dispatch-server/dispatch-server.ts';
import { TestJob, type TestJobEvent, type TestJobParts } from './test-job.ts';

/** What a job is recognised by. */
interface Tracked {
  job: TestJob;
  room: string;
  /** `null` until the first event of a job that came with its room. */
  dispatchId: string | null;
  jobId: string | null;
  /** Whether the test holds it. */
  isTaken: boolean;
}

/** Follows every job of a worker. */
export class TestJobs {
  readonly #parts: Omit<TestJobParts, 'room'>;
  readonly #tracked: Tracked[] = [];
  readonly #dropped = new Map<string, string>();

  constructor(worker: WorkerHandle, server: DispatchServer, parts: Omit<TestJobParts, 'room'>) {
    this.#parts = parts;
    worker.on('*', (event) => {
      if (event.type.startsWith('job.')) this.#hear(event as TestJobEvent);
    });
    server.on('job.dropped', ({ dispatchId, reason }) => {
      this.#dropped.set(dispatchId, reason);
      const tracked = this.#tracked.find((one) => one.dispatchId === dispatchId);
      tracked?.job.drop(reason);
    });
  }

  /** All jobs so far, in the order in which they came. */
  get all(): readonly TestJob[] {
    return this.#tracked.map(({ job }) => job);
  }

  /** The job of a dispatch. */
  ofDispatch(room: string, dispatchId: string): TestJob {
    const known = this.#tracked.find((one) => one.dispatchId === dispatchId && !one.isTaken);
    const { job } = known ?? this.#track(room, dispatchId);
    const reason = this.#dropped.get(dispatchId);
    if (reason !== undefined) job.drop(reason);
    return this.#take(job);
  }

  /** The first job in a room that the test does not hold yet, also one that is still to come. */
  inRoom(room: string): TestJob {
    const known = this.#tracked.find((one) => one.room === room && !one.isTaken);
    return this.#take(known?.job ?? this.#track(room, null).job);
  }

  #take(job: TestJob): TestJob {
    for (const tracked of this.#tracked) if (tracked.job === job) tracked.isTaken = true;
    return job;
  }

  #hear(event: TestJobEvent): void {
    const { jobId, dispatchId, room } = event;
    const isIts = (one: Tracked): boolean =>
      one.jobId === jobId ||
      (one.jobId === null && one.room === room && (one.dispatchId ?? dispatchId) === dispatchId);
    const tracked =
      this.#tracked.find((one) => one.jobId === jobId) ??
      this.#tracked.find(isIts) ??
      this.#track(room, dispatchId);
    tracked.jobId = jobId;
    tracked.dispatchId = dispatchId;
    tracked.job.hear(event);
  }

  #track(room: string, dispatchId: string | null): Tracked {
    const job = new TestJob({ ...this.#parts, room });
    const tracked: Tracked = { job, room, dispatchId, jobId: null, isTaken: false };
    this.#tracked.push(tracked);
    return tracked;
  }
}
