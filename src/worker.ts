/** A worker as programs hold it: start, drain, close, look inside, listen. */
import type { Logger } from 'pino';
import { type Actor, createActor } from 'xstate';
import type { workerMachine } from '../machines/worker/worker.machine.ts';
import type { LifecycleEvent } from '../machines/events.ts';
import type { WorkerCommand, WorkerOutput } from '../machines/worker/worker.types.ts';
import type { Clock } from './clock.ts';
import { WorkerError, toError, toFailure } from './errors.ts';
import { listenHealth, type HealthServer } from './http/health-server.ts';
import type { LifecycleListener } from './lifecycle-events.ts';
import type { OptionContext } from './resolve-options.ts';
import type { StandIns } from './stand-ins.ts';
import { type WorkerSnapshot, workerHealth, workerInfo } from './worker-health.ts';
import { type ActiveJob, type LiveWorkerLogic, makeWorkerLogic } from './worker-logic.ts';
import type { ShownOptions, WorkerOptionsInit } from './worker-options.ts';

export type { ActiveJob, WorkerSnapshot };

/** A worker: it registers with the server, takes jobs and runs each in a process of its own. */
export interface WorkerHandle {
  /** The server's id of the first registration; `unregistered` while there is none. */
  readonly id: string;
  /** The jobs that hold a slot. */
  readonly activeJobs: readonly ActiveJob[];
  /** The port of the HTTP server; `null` when there is none. */
  readonly port: number | null;
  /** Where the inspector's page is; `null` when there is none. Whoever knows it sees everything. */
  readonly inspectorUrl: string | null;
  /** The checked options, without the credentials. */
  readonly options: Readonly<ShownOptions>;
  /** Settles with the output when the worker has ended, however it ended. */
  readonly done: Promise<WorkerOutput>;
  /**
   * Registers and warms the first processes; resolves when the server knows that jobs can be taken.
   * @throws WorkerError when the worker ends before that.
   */
  start(): Promise<void>;
  /** Takes no new jobs, lets the running ones end, then closes. @defaultValue `drainTimeoutMs` of the options */
  drain(timeoutMs?: number | null): Promise<WorkerOutput>;
  /** Ends the running sessions in order, then closes. */
  close(cause?: string): Promise<WorkerOutput>;
  /** Kills the job processes, then closes. */
  kill(cause?: string): Promise<WorkerOutput>;
  /** Takes no new jobs until `resume()`; running ones go on. */
  pause(): void;
  /** Takes jobs again: after a pause, or during a drain as long as no session was ended for it. */
  resume(): void;
  /** Asks the server to offer this worker a job in that room; with an identity, a job of that publisher. */
  simulateJob(room: string, participantIdentity?: string): void;
  getSnapshot(): WorkerSnapshot;
  /** Calls `observer` with each new snapshot; returns what ends it. */
  subscribe(observer: (snapshot: WorkerSnapshot) => void): () => void;
  /** Calls `listener` with each event of that type (`'*'`: of every type); returns what ends it. */
  on<Type extends LifecycleEvent['type'] | '*'>(
    type: Type,
    listener: LifecycleListener<Type>,
  ): () => void;
  /** For the end of the program by a bug: the job processes close their sessions by themselves. */
  abandon(): void;
}

/**
 * Makes a worker; nothing happens before `start()`.
 * @throws WorkerError `GR_OPTION_INVALID`, `GR_CREDENTIALS_MISSING`, `GR_AGENT_NOT_FOUND`, `GR_IN_JOB_PROCESS`.
 */
export function createWorker(init: WorkerOptionsInit, context: OptionContext = {}): WorkerHandle {
  return makeWorker(init, context, {});
}

/** The same with stand-ins: for `greenroom/testing`. */
export function makeWorker(
  init: WorkerOptionsInit,
  context: OptionContext,
  standIns: StandIns,
): WorkerHandle {
  return new LiveWorker(makeWorkerLogic(init, context, standIns), standIns.clock);
}

/** A dispatch that comes before the server has read of the worker's availability is lost. */
const announcing = { running: { available: 'announcing' } } as const;

class LiveWorker implements WorkerHandle {
  readonly options: ShownOptions;
  readonly done: Promise<WorkerOutput>;
  readonly #logic: LiveWorkerLogic;
  readonly #logger: Logger;
  readonly #actor: Actor<typeof workerMachine>;
  #http: HealthServer | null = null;

  constructor(logic: LiveWorkerLogic, clock: Clock | undefined) {
    const { options, logger, machine, input, inspect } = logic;
    this.options = options;
    this.#logic = logic;
    this.#logger = logger;
    this.#actor = createActor(machine, {
      systemId: 'worker',
      input,
      inspect,
      ...(clock !== undefined && { clock }),
    });
    this.done = this.#whenDone();
  }

  get id(): string {
    const [first] = Object.values(this.getSnapshot().context.entries);
    return first === undefined || first.workerId === '' ? 'unregistered' : first.workerId;
  }

  get activeJobs(): ActiveJob[] {
    return this.#logic.activeJobs;
  }

  get port(): number | null {
    return this.#http?.port ?? null;
  }

  get inspectorUrl(): string | null {
    return this.#logic.inspectorUrl;
  }

  async start(): Promise<void> {
    await this.#listen();
    await this.#logic.inspector.open();
    this.#logger.info({ event: 'worker.starting', agent: this.options.agent }, 'starting worker');
    this.#actor.start();
    const running = new Promise<void>((resolve) => {
      const subscription = this.#actor.subscribe((snapshot) => {
        if (!snapshot.matches('running') || snapshot.matches(announcing)) return;
        subscription.unsubscribe();
        resolve();
      });
    });
    const ended = this.done.then(({ outcome, failure }) => {
      throw failure === null
        ? new WorkerError('GR_INTERNAL', `The worker was ${outcome} before it had started.`)
        : toError(failure);
    });
    await Promise.race([running, ended]);
  }

  drain(timeoutMs?: number | null): Promise<WorkerOutput> {
    return this.#command({
      type: 'worker.drain',
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
  }

  close(cause = 'closed'): Promise<WorkerOutput> {
    return this.#command({ type: 'worker.close', cause });
  }

  kill(cause = 'killed'): Promise<WorkerOutput> {
    return this.#command({ type: 'worker.kill', cause });
  }

  pause(): void {
    void this.#command({ type: 'worker.pause' });
  }

  resume(): void {
    void this.#command({ type: 'worker.resume' });
  }

  simulateJob(room: string, participantIdentity?: string): void {
    if (typeof room !== 'string' || room === '') {
      throw new WorkerError('GR_OPTION_INVALID', 'simulateJob() needs the name of a room.');
    }
    void this.#command({
      type: 'worker.simulateJob',
      room,
      participantIdentity: participantIdentity ?? null,
    });
  }

  getSnapshot(): WorkerSnapshot {
    return this.#actor.getSnapshot();
  }

  subscribe(observer: (snapshot: WorkerSnapshot) => void): () => void {
    const subscription = this.#actor.subscribe((snapshot) => {
      try {
        observer(snapshot);
      } catch (error) {
        this.#logger.error({ err: error }, 'an observer of the worker threw an error');
      }
    });
    return () => subscription.unsubscribe();
  }

  on<Type extends LifecycleEvent['type'] | '*'>(
    type: Type,
    listener: LifecycleListener<Type>,
  ): () => void {
    return this.#logic.on(type, listener);
  }

  abandon(): void {
    this.#logic.abandon();
  }

  #command(command: WorkerCommand): Promise<WorkerOutput> {
    this.#actor.send(command);
    return this.done;
  }

  async #listen(): Promise<void> {
    const { host, port } = this.options;
    if (port === null) return;
    this.#http = await listenHealth({
      host,
      port,
      source: {
        health: () => workerHealth(this.getSnapshot()),
        worker: () => workerInfo(this.options, this.getSnapshot()),
      },
    });
    this.#logger.info(
      { host, port: this.#http.port },
      `HTTP server listens on port ${this.#http.port}`,
    );
  }

  #whenDone(): Promise<WorkerOutput> {
    const ended = new Promise<WorkerOutput>((resolve) => {
      this.#actor.subscribe({
        complete: () => {
          const { output } = this.getSnapshot();
          if (output !== undefined) resolve(output);
        },
        error: (error) => {
          const failure = toFailure(error, 'GR_INTERNAL');
          resolve({ outcome: 'failed', cause: 'bug', abandoned: [], failure });
        },
      });
    });
    return ended.then(async (output) => {
      await this.#http?.close();
      await this.#logic.inspector.close();
      return output;
    });
  }
}
