/** A worker as actor logic: the machine with everything real in it, for `createWorker()` and for XState systems of others. */
import type { Logger } from 'pino';
import type { ActorRefFrom, AnyActorRef, InspectionEvent } from 'xstate';
import type { LifecycleEvent } from '../machines/events.ts';
import type { workerMachine } from '../machines/worker/worker.machine.ts';
import type { WorkerInput } from '../machines/worker/worker.types.ts';
import { Acceptances } from './acceptances.ts';
import { composeWorker, workerInput } from './compose-worker.ts';
import { AssignmentTimeoutError, WorkerError } from './errors.ts';
import { requireNoJobProcess } from './job-process-marker.ts';
import { LifecycleEvents, type LifecycleListener } from './lifecycle-events.ts';
import { logLifecycle } from './log-lifecycle.ts';
import { createLogger } from './log.ts';
import { ProcessRegistry } from './processes/registry.ts';
import { type OptionContext, resolveOptions } from './resolve-options.ts';
import type { StandIns } from './stand-ins.ts';
import type {
  LoadSource,
  ResolvedOptions,
  ShownOptions,
  WorkerOptionsInit,
} from './worker-options.ts';

/** A job that holds a slot. */
export interface ActiveJob {
  jobId: string;
  /** `reserved` until it is assigned. */
  phase: 'reserved' | 'running';
}

/** A worker for an XState system of your own: invoke `machine` with `input`, once in a system. */
export interface WorkerLogic {
  /** `workerMachine` with the actors that open sockets and start processes. */
  readonly machine: typeof workerMachine;
  /** What the machine is started with: the checked options, without secrets. */
  readonly input: WorkerInput;
  /** The checked options, without the credentials. */
  readonly options: Readonly<ShownOptions>;
  /** For the `inspect` option of your root actor: the log, `on()` and `request.accept()` live on it. */
  readonly inspect: (inspection: InspectionEvent) => void;
  /** Calls `listener` with each event of that type (`'*'`: of every type); returns what ends it. */
  on<Type extends LifecycleEvent['type'] | '*'>(
    type: Type,
    listener: LifecycleListener<Type>,
  ): () => void;
  /** For the end of your program or of your root actor by a bug: the job processes close their sessions by themselves. */
  abandon(): void;
}

/**
 * Makes the logic of a worker, to be run by an XState system of your own; `createWorker()` is for everyone else.
 * @throws WorkerError `GR_OPTION_INVALID`, `GR_CREDENTIALS_MISSING`, `GR_AGENT_NOT_FOUND`, `GR_IN_JOB_PROCESS`,
 * `GR_PLATFORM`.
 */
export function workerLogic(init: WorkerOptionsInit, context: OptionContext = {}): WorkerLogic {
  return makeWorkerLogic(init, context);
}

/** The same, with what `createWorker()` needs besides. */
export function makeWorkerLogic(
  init: WorkerOptionsInit,
  context: OptionContext,
  standIns: StandIns = {},
): LiveWorkerLogic {
  requireNoJobProcess();
  requirePlatform();
  return new LiveWorkerLogic(resolveOptions(init, context), standIns);
}

/** The logic, with what the worker's own program needs of it. */
export class LiveWorkerLogic implements WorkerLogic, LoadSource {
  readonly options: ShownOptions;
  readonly logger: Logger;
  readonly machine: typeof workerMachine;
  readonly input: WorkerInput;
  readonly #registry = new ProcessRegistry();
  readonly #acceptances = new Acceptances();
  readonly #events: LifecycleEvents;
  #worker: ActorRefFrom<typeof workerMachine> | null = null;

  constructor(options: ResolvedOptions, standIns: StandIns) {
    const { apiKey, apiSecret, workerToken, ...shown } = options;
    this.options = shown;
    this.logger =
      options.logger ??
      createLogger({ level: options.logLevel, pretty: options.logFormat === 'pretty' });
    this.#events = new LifecycleEvents((error, event) =>
      this.logger.error(
        { err: error, event: event.type },
        'a listener of the worker threw an error',
      ),
    );
    this.#events.on('*', logLifecycle(this.logger));
    this.#events.on('*', (event) => this.#settleAcceptance(event));
    this.machine = composeWorker(options, {
      logger: this.logger,
      registry: this.#registry,
      acceptances: this.#acceptances,
      loadSource: this,
      standIns,
    });
    this.input = workerInput(options);
  }

  /** The jobs that hold a slot. */
  get activeJobs(): ActiveJob[] {
    if (this.#worker === null) return [];
    const { slots } = this.#worker.getSnapshot().context;
    return Object.values(slots).map(({ jobId, phase }) => ({ jobId, phase }));
  }

  /** Listens to the worker and to what it spawns; other actors of the system are none of its business. */
  readonly inspect = (inspection: InspectionEvent): void => {
    if (inspection.type !== '@xstate.actor') return;
    const actor = inspection.actorRef as AnyActorRef & { logic?: unknown };
    if (actor.logic === this.machine) this.#watch(actor);
    if (this.#isOurs(actor)) this.#events.inspect(inspection);
  };

  on<Type extends LifecycleEvent['type'] | '*'>(
    type: Type,
    listener: LifecycleListener<Type>,
  ): () => void {
    return this.#events.on(type, listener);
  }

  abandon(): void {
    this.#registry.closeLinks();
  }

  #watch(actor: AnyActorRef): void {
    this.#worker = actor as ActorRefFrom<typeof workerMachine>;
    const end = (): void => {
      this.#acceptances.settleAll(new WorkerError('GR_LAUNCH_FAILED', 'The worker has closed.'));
      this.#registry.end();
    };
    actor.subscribe({
      complete: end,
      // A bug: the actor tree is gone, so the job processes are told by the end of their links.
      error: (error) => {
        this.logger.fatal({ err: error }, 'the worker failed by a bug in Greenroom');
        this.abandon();
        end();
      },
    });
  }

  #isOurs(actor: AnyActorRef): boolean {
    const isWorker = this.#worker !== null && actor === this.#worker;
    return isWorker || (actor._parent !== undefined && this.#isOurs(actor._parent));
  }

  /** `request.accept()` settles with what became of the job. */
  #settleAcceptance(event: LifecycleEvent): void {
    if (event.type === 'job.started') this.#acceptances.settle(event.jobId, null);
    // A job that comes again on another connection is refused there; what is running goes on.
    if (event.type === 'job.rejected' && event.reason !== 'duplicate') {
      const message = `The job was not taken: ${event.reason}.`;
      this.#acceptances.settle(event.jobId, new WorkerError('GR_LAUNCH_FAILED', message));
    }
    if (event.type !== 'job.ended') return;
    const message = event.failure?.message ?? `The job ended before it had started: ${event.end}.`;
    const error =
      event.end === 'unassigned'
        ? new AssignmentTimeoutError(message)
        : new WorkerError('GR_LAUNCH_FAILED', message);
    this.#acceptances.settle(event.jobId, error);
  }
}

function requirePlatform(): void {
  if (process.platform === 'linux' || process.platform === 'darwin') return;
  throw new WorkerError(
    'GR_PLATFORM',
    `Greenroom runs on Linux and macOS, not on ${process.platform}: it ends job processes by their process group. On Windows use WSL.`,
  );
}
