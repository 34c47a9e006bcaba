/** What must hold the whole time, checked on the facts of a soak: what went over the wire, what the worker logged, what ran. */

/** How the worker looks when nothing runs, after a collection of garbage. */
export interface Footprint {
  rssBytes: number;
  heapBytes: number;
  /** Open file descriptors; 0 where they cannot be counted. */
  handles: number;
}

/** One thing that was seen, at a time in ms. A job is named by its connection and its id. */
export type Fact = { at: number } & (
  | { type: 'opened'; connection: string }
  | { type: 'closed'; connection: string }
  /** The server asks. */
  | { type: 'asked'; connection: string; jobId: string }
  | { type: 'answered'; connection: string; jobId: string }
  /** The status that the server is told. */
  | { type: 'told'; connection: string; isAvailable: boolean; jobCount: number }
  | { type: 'admitted' | 'accepted'; job: string }
  | { type: 'started'; job: string; pid: number }
  /** The job is over: rejected, or run. */
  | { type: 'ended'; job: string; end: string }
  /** Those processes of jobs that run. */
  | { type: 'running'; pids: readonly number[] }
  /** Nothing is under way, and the worker had time to say so. */
  | { type: 'settled'; footprint: Footprint }
  /** The worker has ended. */
  | { type: 'finished'; exit: string; left: readonly string[] }
);

/** The bounds. */
export interface Limits {
  maxJobs: number;
  answerMs: number;
  /** How long a process may outlive its job. */
  processMs: number;
  /** Settlements that do not count for the footprint: the worker warms up. */
  warmUp: number;
}

const mebibyte = 1024 * 1024;
const bytesPerJob = mebibyte / 100;
/** What a process of Node gains and loses by itself, measured on idle workers. */
const rssNoiseBytes = 8 * mebibyte;
const heapNoiseBytes = mebibyte;
const handleNoise = 2;

interface Outcome {
  pid: number | null;
  endedAt: number | null;
  isAccepted: boolean;
}

/** Looks at each fact; keeps what is violated. */
export class Invariants {
  readonly violations: string[] = [];
  readonly footprints: (Footprint & { jobs: number })[] = [];
  /** Jobs that came to run. */
  started = 0;
  mostAtOnce = 0;
  slowestAnswerMs = 0;
  readonly #limits: Limits;
  readonly #jobs = new Map<string, Outcome>();
  /** Requests without an answer, by connection: when they came. */
  readonly #open = new Map<string, Map<string, number>>();
  readonly #told = new Map<string, { isAvailable: boolean; jobCount: number }>();

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** Jobs that are not over. */
  get underWay(): string[] {
    return [...this.#jobs].filter(([, { endedAt }]) => endedAt === null).map(([job]) => job);
  }

  /** Whether the server knows that the worker is free: on one connection, as there is one registration. */
  get isToldFree(): boolean {
    const statuses = [...this.#told.values()];
    return statuses.length === 1 && statuses.every((one) => one.isAvailable && one.jobCount === 0);
  }

  /** Takes the next fact. */
  take(fact: Fact): void {
    this.#checkAnswers(fact.at);
    switch (fact.type) {
      case 'opened':
        this.#open.set(fact.connection, new Map());
        break;
      case 'closed':
        this.#open.delete(fact.connection);
        this.#told.delete(fact.connection);
        break;
      case 'asked':
        this.#open.get(fact.connection)?.set(fact.jobId, fact.at);
        break;
      case 'answered':
        this.#answered(fact);
        break;
      case 'told':
        this.#told.set(fact.connection, fact);
        break;
      case 'running':
        this.#checkProcesses(fact.pids, fact.at);
        break;
      case 'settled':
        this.#settled(fact.footprint);
        break;
      case 'finished':
        this.#finished(fact);
        break;
      default:
        this.#jobFact(fact);
    }
  }

  #answered({ connection, jobId, at }: Extract<Fact, { type: 'answered' }>): void {
    const askedAt = this.#open.get(connection)?.get(jobId);
    if (askedAt === undefined) {
      this.#violated(`${jobId} was answered twice, or without a request, on ${connection}`);
      return;
    }
    this.slowestAnswerMs = Math.max(this.slowestAnswerMs, at - askedAt);
    this.#open.get(connection)?.delete(jobId);
  }

  #checkAnswers(now: number): void {
    for (const [connection, requests] of this.#open) {
      for (const [jobId, askedAt] of requests) {
        if (now - askedAt <= this.#limits.answerMs) continue;
        this.#violated(`${jobId} on ${connection} was not answered in ${this.#limits.answerMs} ms`);
        requests.delete(jobId);
      }
    }
  }

  #jobFact(fact: Extract<Fact, { job: string }>): void {
    const job = this.#jobs.get(fact.job) ?? { pid: null, endedAt: null, isAccepted: false };
    if (job.endedAt !== null) this.#violated(`${fact.job} is ${fact.type} after its end`);
    this.#jobs.set(fact.job, job);
    if (fact.type === 'accepted') job.isAccepted = true;
    if (fact.type === 'started') {
      job.pid = fact.pid;
      this.started += 1;
    }
    if (fact.type === 'ended') job.endedAt = fact.at;
    const now = [...this.#jobs.values()].filter((one) => one.isAccepted && one.endedAt === null);
    this.mostAtOnce = Math.max(this.mostAtOnce, now.length);
    if (now.length > this.#limits.maxJobs) this.#violated(`${now.length} jobs at once`);
  }

  #checkProcesses(pids: readonly number[], now: number): void {
    for (const [name, job] of this.#jobs) {
      const { pid, endedAt } = job;
      if (pid === null || endedAt === null) continue;
      // Gone; its number may be another process's soon.
      if (!pids.includes(pid)) job.pid = null;
      else if (now - endedAt > this.#limits.processMs) {
        this.#violated(`process ${pid} outlives its job ${name}`);
      }
    }
  }

  #settled(footprint: Footprint): void {
    this.#checkOutcomes();
    if (!this.isToldFree) {
      const told = JSON.stringify([...this.#told.values()]);
      this.#violated(`nothing runs, but the server was told ${told}`);
    }
    this.footprints.push({ ...footprint, jobs: this.started });
    this.#checkFootprints();
  }

  #checkFootprints(): void {
    const counted = this.footprints.slice(this.#limits.warmUp);
    const third = Math.floor(counted.length / 3);
    if (third === 0) return;
    const [first, last] = [counted.slice(0, third), counted.slice(-third)];
    const growth = (read: (footprint: Footprint & { jobs: number }) => number) =>
      median(last.map(read)) - median(first.map(read));
    const allowed = growth(({ jobs }) => jobs) * bytesPerJob;
    const rss = growth(({ rssBytes }) => rssBytes);
    const heap = growth(({ heapBytes }) => heapBytes);
    const handles = growth((one) => one.handles);
    if (rss > allowed + rssNoiseBytes) this.#violated(`the worker's memory grew by ${rss} bytes`);
    if (heap > allowed + heapNoiseBytes) this.#violated(`the worker's heap grew by ${heap} bytes`);
    if (handles > handleNoise) this.#violated(`the worker holds ${handles} handles more`);
  }

  #finished({ exit, left }: Extract<Fact, { type: 'finished' }>): void {
    this.#checkOutcomes();
    if (exit !== 'exit code 0') this.#violated(`the worker ended with ${exit}`);
    for (const process of left) this.#violated(`left behind: ${process}`);
  }

  #checkOutcomes(): void {
    for (const name of this.underWay) {
      this.#violated(`${name} has no outcome`);
      this.#jobs.delete(name);
    }
  }

  #violated(text: string): void {
    this.violations.push(text);
  }
}

function median(numbers: number[]): number {
  const sorted = numbers.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
