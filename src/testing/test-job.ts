/** One job as a test follows it: what has happened to it, and waiting for what will. */
import type { JobEnd, LifecycleEvent } from '../../machines/events.ts';
import type { CloseReason, Failure } from '../../machines/messages.ts';
import { WorkerError } from '../errors.ts';

/** What a job tells. */
export type TestJobEvent = Extract<LifecycleEvent, { type: `job.${string}` }>;

/** The event of that type. */
export type TestJobEventOf<Type extends TestJobEvent['type']> = Extract<
  TestJobEvent,
  { type: Type }
>;

/** How a job ended. */
export interface TestJobOutcome {
  end: JobEnd;
  /** Why the session ended; `null` when there was none. */
  reason: CloseReason | null;
  detail: string;
  failure: Failure | null;
}

/** How long to wait, in real time. */
export interface WaitOptions {
  /** @defaultValue `waitTimeoutMs` of the test worker */
  timeoutMs?: number;
}

/** What a job is followed by. */
export interface TestJobParts {
  room: string;
  waitTimeoutMs: number;
  /** The states of the worker, for the errors of waits. */
  describeWorker: () => string;
}

interface Wait {
  type: TestJobEvent['type'];
  resolve: (event: TestJobEvent) => void;
  reject: (error: Error) => void;
}

/** A job of the test's worker. */
export class TestJob {
  /** The name of its room. */
  readonly room: string;
  /** Everything that has happened to it. */
  readonly events: TestJobEvent[] = [];
  readonly #parts: TestJobParts;
  readonly #waits = new Set<Wait>();
  #dropped: string | null = null;

  /** @internal */
  constructor(parts: TestJobParts) {
    this.room = parts.room;
    this.#parts = parts;
  }

  /** Its id, once a worker was asked. */
  get id(): string | null {
    return this.events[0]?.jobId ?? null;
  }

  /** The worker was asked to take it. */
  requested(options?: WaitOptions): Promise<TestJobEventOf<'job.requested'>> {
    return this.waitFor('job.requested', options);
  }

  /** `requestFunc` took it. */
  accepted(options?: WaitOptions): Promise<TestJobEventOf<'job.accepted'>> {
    return this.waitFor('job.accepted', options);
  }

  /** The worker did not take it. */
  rejected(options?: WaitOptions): Promise<TestJobEventOf<'job.rejected'>> {
    return this.waitFor('job.rejected', options);
  }

  /** `entry` was called. */
  started(options?: WaitOptions): Promise<TestJobEventOf<'job.started'>> {
    return this.waitFor('job.started', options);
  }

  /** The agent is in its room. */
  connected(options?: WaitOptions): Promise<TestJobEventOf<'job.connected'>> {
    return this.waitFor('job.connected', options);
  }

  /** The session has begun to close. */
  closing(options?: WaitOptions): Promise<TestJobEventOf<'job.closing'>> {
    return this.waitFor('job.closing', options);
  }

  /** The job is over, its process gone. */
  async outcome(options?: WaitOptions): Promise<TestJobOutcome> {
    const { end, session, failure } = await this.waitFor('job.ended', options);
    return { end, reason: session?.reason ?? null, detail: session?.detail ?? '', failure };
  }

  /**
   * The first event of a type, be it told already or still to come.
   * @throws WorkerError `GR_TEST_TIMEOUT` when the time is over, or as soon as the event cannot come any more.
   */
  waitFor<Type extends TestJobEvent['type']>(
    type: Type,
    { timeoutMs = this.#parts.waitTimeoutMs }: WaitOptions = {},
  ): Promise<TestJobEventOf<Type>> {
    const past = this.events.find((event) => event.type === type);
    if (past !== undefined) return Promise.resolve(past as TestJobEventOf<Type>);
    if (this.#isOver()) return Promise.reject(this.#error(`No ${type} will come.`));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => wait.reject(this.#error(`No ${type} within ${timeoutMs} ms.`)),
        timeoutMs,
      );
      const settle = (): void => {
        clearTimeout(timer);
        this.#waits.delete(wait);
      };
      const wait: Wait = {
        type,
        resolve: (event) => {
          settle();
          resolve(event as TestJobEventOf<Type>);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      };
      this.#waits.add(wait);
    });
  }

  /** @internal */
  hear(event: TestJobEvent): void {
    this.events.push(event);
    for (const wait of this.#waits) {
      if (wait.type === event.type) wait.resolve(event);
    }
    if (this.#isOver()) this.#giveUp();
  }

  /** The server found no worker. @internal */
  drop(reason: string): void {
    this.#dropped = reason;
    this.#giveUp();
  }

  #giveUp(): void {
    for (const wait of this.#waits) wait.reject(this.#error(`No ${wait.type} will come.`));
  }

  #isOver(): boolean {
    const last = this.events.at(-1)?.type;
    return this.#dropped !== null || last === 'job.ended' || last === 'job.rejected';
  }

  #error(what: string): WorkerError {
    const { room } = this;
    const told = this.events.map(describe).join(', ') || 'nothing';
    const dropped =
      this.#dropped === null ? '' : ` The server gave it to no worker: ${this.#dropped}.`;
    return new WorkerError(
      'GR_TEST_TIMEOUT',
      `${what} Of the job in the room "${room}" was told: ${told}.${dropped} ${this.#parts.describeWorker()}`,
      { details: { room, jobId: this.id, events: this.events.map(({ type }) => type) } },
    );
  }
}

/** An event in a few words: its name, and why. */
function describe(event: TestJobEvent): string {
  switch (event.type) {
    case 'job.rejected':
      return `${event.type} (${event.reason}${event.detail === '' ? '' : `: ${event.detail}`})`;
    case 'job.closing':
      return `${event.type} (${event.reason})`;
    case 'job.warning':
      return `${event.type} (${event.step}: ${event.failure.message})`;
    case 'job.ended':
      return `${event.type} (${event.end}${event.failure === null ? '' : `: ${event.failure.message}`})`;
    default:
      return event.type;
  }
}
