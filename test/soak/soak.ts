/** Rounds of random actions on a worker, with a look at everything between them. */
import { setTimeout as pause } from 'node:timers/promises';
import { describe, listProcesses, processesOfRun, waitForNone } from '../support/processes.ts';
import { describeExit } from '../support/program.mjs';
import type { LogLine } from '../support/worker-program.ts';
import { Plan } from './actions.ts';
import { type Fact, type Footprint, Invariants } from './invariants.ts';
import type { Traffic } from './relay.ts';
import { Scene } from './scene.ts';

/** How a soak runs. */
export interface SoakOptions {
  minutes: number;
  seed: number;
  /** Path of the server program. */
  binary: string;
  report: (line: string) => void;
}

type Untimed = Fact extends infer One ? (One extends Fact ? Omit<One, 'at'> : never) : never;

const maxJobs = 4;
/** After so many actions the soak lets everything end, and looks. */
const actionsPerRound = 15;
/** A session whose server was restarted ends when its client gives up, a connection when the back-off is over. */
const settleMs = 90_000;
const sampleMs = 500;
const factsToTell = 60;
/** 2 s of `requestTimeoutMs`, and what a busy machine takes; the server waits 2.8 s. */
const answerMs = 2_600;
const processMs = 1_500;
/** Settlements before the footprint counts. */
const warmUp = 2;

/** Runs a soak to its end, or to the first violation. */
export class Soak {
  readonly invariants = new Invariants({ maxJobs, answerMs, processMs, warmUp });
  actions = 0;
  readonly #options: SoakOptions;
  readonly #plan: Plan;
  readonly #facts: Fact[] = [];
  readonly #jobPids = new Set<number>();
  #scene!: Scene;

  constructor(options: SoakOptions) {
    this.#options = options;
    this.#plan = new Plan(options.seed);
  }

  /** The last facts, for whoever looks at a violation. */
  get lastFacts(): string[] {
    return this.#facts.slice(-factsToTell).map((fact) => JSON.stringify(fact));
  }

  /** Whether every invariant held. */
  async run(): Promise<boolean> {
    this.#scene = await Scene.start(this.#options.binary, maxJobs, {
      traffic: (traffic) => this.#hear(traffic),
      log: (line) => this.#read(line),
    });
    const until = performance.now() + this.#options.minutes * 60_000;
    const sampler = setInterval(() => this.#sample(), sampleMs);
    try {
      while (performance.now() < until && this.#holds) await this.#playRound(until);
      if (this.#holds) await this.#finish();
    } finally {
      clearInterval(sampler);
      await this.#scene.worker.stop();
      await this.#scene.close();
    }
    return this.#holds;
  }

  get #holds(): boolean {
    return this.invariants.violations.length === 0;
  }

  async #playRound(until: number): Promise<void> {
    for (let count = 0; count < actionsPerRound && performance.now() < until; count += 1) {
      const { action, pauseMs } = this.#plan.next();
      this.actions += 1;
      this.#options.report(`#${this.actions} ${JSON.stringify(action)}`);
      try {
        await this.#scene.perform(action);
      } catch (error) {
        // The victim was gone already, or the server is: such is the life of a soak.
        this.#options.report(`  it came to nothing: ${String(error)}`);
      }
      await pause(pauseMs);
      if (!this.#holds) return;
    }
    await this.#settle();
  }

  /** Lets everything end and looks whether all is as it was. */
  async #settle(): Promise<void> {
    const deadline = performance.now() + settleMs;
    const isSettled = () => this.invariants.underWay.length === 0 && this.invariants.isToldFree;
    // A dispatch may still be on its way: the server needs 0.2 s for it, or a second to give up.
    await pause(1_500);
    while (!isSettled() && performance.now() < deadline && this.#holds) {
      await this.#scene.clear();
      await pause(500);
    }
    const footprint = await this.#footprint();
    this.#take({ type: 'settled', footprint });
    const { rssBytes, heapBytes, handles } = footprint;
    const [rss, heap] = [rssBytes, heapBytes].map((bytes) => (bytes / 1_048_576).toFixed(1));
    const { started, mostAtOnce } = this.invariants;
    this.#options.report(
      `settled: ${started} jobs so far, ${mostAtOnce} at once; rss ${rss} MiB, heap ${heap} MiB, ${handles} handles`,
    );
  }

  async #footprint(): Promise<Footprint> {
    const { worker } = this.#scene;
    const from = worker.log.items.length;
    worker.signal('SIGUSR2');
    const line = await worker.waitForLog('The footprint', ({ event }) => event === 'footprint', {
      from,
    });
    const { rss, heapUsed, handles } = line as LogLine & Record<string, number>;
    return { rssBytes: rss ?? 0, heapBytes: heapUsed ?? 0, handles: handles ?? 0 };
  }

  async #finish(): Promise<void> {
    const { worker, mark } = this.#scene;
    worker.signal('SIGTERM');
    const exit = describeExit(await worker.exited);
    const left = await waitForNone(() => processesOfRun(mark), 5_000);
    this.#take({ type: 'finished', exit, left: left.map((info) => describe([info])) });
  }

  #sample(): void {
    const pids = listProcesses().map(({ pid }) => pid);
    this.#take({ type: 'running', pids: pids.filter((pid) => this.#jobPids.has(pid)) });
  }

  #hear(traffic: Traffic): void {
    const { connection } = traffic;
    if (traffic.type === 'closed') return this.#take({ type: 'closed', connection });
    if (traffic.type === 'server') {
      const { message } = traffic;
      if (message.case === 'register') this.#take({ type: 'opened', connection });
      if (message.case !== 'availability') return;
      return this.#take({ type: 'asked', connection, jobId: message.value.job?.id ?? '' });
    }
    const { message } = traffic;
    if (message.case === 'availability') {
      this.#take({ type: 'answered', connection, jobId: message.value.jobId });
    }
    if (message.case === 'updateWorker') {
      const { status, jobCount } = message.value;
      this.#take({ type: 'told', connection, isAvailable: status === 0, jobCount });
    }
  }

  #read({ event, workerId, jobId, jobPid, end, reason }: LogLine): void {
    if (event === 'process.starting') this.#jobPids.add(Number(jobPid));
    const job = `${String(workerId)}/${String(jobId)}`;
    if (event === 'job.requested') this.#take({ type: 'admitted', job });
    if (event === 'job.accepted') this.#take({ type: 'accepted', job });
    if (event === 'job.started') this.#take({ type: 'started', job, pid: Number(jobPid) });
    if (event === 'job.rejected') this.#take({ type: 'ended', job, end: String(reason) });
    if (event === 'job.ended') this.#take({ type: 'ended', job, end: String(end) });
  }

  #take(untimed: Untimed): void {
    const fact: Fact = { ...untimed, at: Math.round(performance.now()) };
    this.#facts.push(fact);
    if (this.#facts.length > 10_000) this.#facts.splice(0, 5_000);
    this.invariants.take(fact);
  }
}
