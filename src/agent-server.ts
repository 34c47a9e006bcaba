/** The worker as users of `@livekit/agents` know it: a class to be constructed and run. */
import { EventEmitter } from 'node:events';
import type { RunningJobInfo } from './child/job-context.ts';
import { WorkerError, toError } from './errors.ts';
import { requireNoJobProcess } from './job-process-marker.ts';
import { resolveOptions } from './resolve-options.ts';
import { type ServerOptions, initOf } from './server-options.ts';
import type { runningJobs } from './running-jobs.ts';
import type { ResolvedOptions, WorkerOptionsInit } from './worker-options.ts';
import type { WorkerHandle } from './worker.ts';

/** A worker that runs, with what is loaded only once it runs. */
interface Running {
  worker: WorkerHandle;
  jobs: typeof runningJobs;
}

/** A worker: `createWorker()` behind the members of `@livekit/agents`. */
export class AgentServer {
  /** `worker_registered` with the worker's id and what the server told of itself, at each registration. */
  readonly event = new EventEmitter();
  readonly #init: WorkerOptionsInit;
  readonly #options: ResolvedOptions;
  #running: Running | null = null;
  #isStarted = false;
  #isClosed = false;

  /** @throws MissingCredentialsError, or WorkerError `GR_OPTION_INVALID` or `GR_AGENT_NOT_FOUND`. */
  constructor(options: ServerOptions | WorkerOptionsInit) {
    this.#init = initOf(options);
    this.#options = resolveOptions(this.#init);
  }

  /** The server's id of the worker; `unregistered` while there is none. */
  get id(): string {
    return this.#running?.worker.id ?? 'unregistered';
  }

  /** The jobs that run. */
  get activeJobs(): RunningJobInfo[] {
    return this.#running === null ? [] : this.#running.jobs(this.#running.worker);
  }

  /**
   * Runs the worker; resolves when it has closed or drained.
   * @throws WorkerError when it fails, and when it was run before.
   */
  async run(): Promise<void> {
    requireNoJobProcess();
    if (this.#isStarted) {
      throw new WorkerError(
        'GR_WORKER_STATE',
        'run() works once: the worker runs already, or has ended.',
      );
    }
    this.#isStarted = true;
    const [{ createWorker }, { runningJobs: jobs }] = await Promise.all([
      import('./worker.ts'),
      import('./running-jobs.ts'),
    ]);
    if (this.#isClosed) return;
    const worker = createWorker(this.#init);
    this.#running = { worker, jobs };
    worker.on('registration.registered', ({ workerId, serverInfo }) => {
      this.event.emit('worker_registered', workerId, serverInfo);
    });
    const started = worker.start();
    // A worker that is closed before it has started is done as well, and that is no failure.
    const { failure } = await Promise.race([started.then(() => worker.done), worker.done]);
    if (failure !== null) throw toError(failure);
  }

  /**
   * Takes no new jobs and waits until the running ones have ended; then the worker closes.
   * @param timeoutMs 0 waits for ever. @defaultValue `drainTimeoutMs` of the options
   * @throws WorkerError `GR_DRAIN_TIMEOUT`; the jobs go on then, until `close()`.
   */
  async drain(timeoutMs = this.#options.drainTimeoutMs ?? 0): Promise<void> {
    if (this.#running === null) return this.close();
    const drained = this.#running.worker.drain(null);
    if (timeoutMs === 0) return void (await drained);
    let timer: NodeJS.Timeout | undefined;
    const timedOut = new Promise<never>((_resolve, reject) => {
      const error = new WorkerError(
        'GR_DRAIN_TIMEOUT',
        `timed out draining: jobs still running after ${timeoutMs} ms: ${this.activeJobs.length}.`,
      );
      timer = setTimeout(() => reject(error), timeoutMs);
    });
    try {
      await Promise.race([drained, timedOut]);
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Asks the server to offer this worker a job in a room; the room is made when the agent joins it.
   * @param participantIdentity The publisher the job is for.
   */
  async simulateJob(roomName: string, participantIdentity?: string): Promise<void> {
    if (this.#running === null) {
      throw new WorkerError(
        'GR_WORKER_STATE',
        'simulateJob() needs a worker that runs: call run() first.',
      );
    }
    this.#running.worker.simulateJob(roomName, participantIdentity);
  }

  /** Ends the running sessions in order, then closes. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#running?.worker.close();
  }
}

/** The name users of older `@livekit/agents` know. */
export const Worker = AgentServer;

/** The name users of older `@livekit/agents` know. */
export type Worker = AgentServer;
