/** A worker as actor logic: the machine with everything real in it, for `createWorker()` and for XState systems of others. */
import { basename } from 'node:path';
import type { Logger } from 'pino';
import type { ActorRefFrom, AnyActorRef, InspectionEvent } from 'xstate';
import type { LifecycleEvent } from '../machines/events.ts';
import type { workerMachine } from '../machines/worker/worker.machine.ts';
import type { WorkerInput } from '../machines/worker/worker.types.ts';
import { Acceptances } from './acceptances.ts';
import { BlackBox, type BoxEntry } from './black-box.ts';
import { composeWorker, workerInput } from './compose-worker.ts';
import { AssignmentTimeoutError, WorkerError } from './errors.ts';
import { WorkerInspector } from './inspect/worker-inspector.ts';
import { loadJobClass } from './request-func.ts';
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
  /** Where the inspector's page is; `null` while there is none. Whoever knows it sees everything. */
  readonly inspectorUrl: string | null;
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
  readonly inspector: WorkerInspector;
  readonly #blackBox: BlackBox;
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
    const secrets = [apiKey, apiSecret, workerToken ?? ''];
    this.#blackBox = new BlackBox(secrets);
    this.inspector = new WorkerInspector({
      ...options,
      logger: this.logger,
      title: titleOf(options),
      secrets,
    });
    this.#events.on(
      '*',
      logLifecycle(this.logger, (event) => this.#lastEvents(event)),
    );
    this.#events.on('*', (event) => this.#settleAcceptance(event));
    // Before the first request, and after everything that is waited for; who needs it is told what went wrong.
    this.#events.on('worker.available', () => {
      loadJobClass(options.requestFunc).catch(() => {});
    });
    this.machine = composeWorker(options, {
      logger: this.logger,
      registry: this.#registry,
      acceptances: this.#acceptances,
      loadSource: this,
      standIns,
      inspection: this.inspector.links,
    });
    this.input = workerInput(options);
  }

  get inspectorUrl(): string | null {
    return this.inspector.url;
  }

  /** The jobs that hold a slot. */
  get activeJobs(): ActiveJob[] {
    if (this.#worker === null) return [];
    const { slots } = this.#worker.getSnapshot().context;
    return Object.values(slots).map(({ jobId, phase }) => ({ jobId, phase }));
  }

  /** Listens to the worker and to what it spawns; other actors of the system are none of its business. */
  readonly inspect = (inspection: InspectionEvent): void => {
    this.inspector.inspect(inspection);
    this.#blackBox.note(inspection);
    if (inspection.type === '@xstate.event' && isStart(inspection, this.#worker)) this.#open();
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
    const worker = actor as ActorRefFrom<typeof workerMachine>;
    this.#worker = worker;
    this.inspector.watch(worker);
    const end = (): void => {
      this.#acceptances.settleAll(new WorkerError('GR_LAUNCH_FAILED', 'The worker has closed.'));
      this.#registry.end();
      void this.inspector.close();
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

  /** In a system of the user's own nobody else opens it. */
  #open(): void {
    this.inspector
      .open()
      .catch((error: unknown) => this.logger.error({ err: error }, 'the inspector did not start'));
  }

  /** The black box of a job that has failed. */
  #lastEvents(event: LifecycleEvent): { lastEvents?: BoxEntry[] } {
    if (event.type !== 'job.ended' || event.end !== 'failed' || this.#worker === null) return {};
    const slots = Object.values(this.#worker.getSnapshot().context.slots);
    const slot = slots.find(({ jobId }) => jobId === event.jobId);
    return slot === undefined ? {} : { lastEvents: this.#blackBox.read(slot.ref) };
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

function titleOf({ registrations, agent }: ResolvedOptions): string {
  const names = registrations.map(({ agentName }) => agentName).filter((name) => name !== '');
  return names.length > 0 ? names.join(', ') : basename(agent);
}

function isStart(
  { actorRef, event }: { actorRef: unknown; event: { type: string } },
  worker: AnyActorRef | null,
): boolean {
  return event.type === 'xstate.init' && actorRef === worker;
}

function requirePlatform(): void {
  if (process.platform === 'linux' || process.platform === 'darwin') return;
  throw new WorkerError(
    'GR_PLATFORM',
    `Greenroom runs on Linux and macOS, not on ${process.platform}: it ends job processes by their process group. On Windows use WSL.`,
  );
}
