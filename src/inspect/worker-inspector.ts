/** The inspector of one worker: what the options ask for, put together. */
import type { Logger } from 'pino';
import type { ActorRefFrom, AnyActorRef, InspectionEvent, Observer } from 'xstate';
import type { workerMachine } from '../../machines/worker/worker.machine.ts';
import { version } from '../version.ts';
import { InspectHub } from './hub.ts';
import type { WireEvent } from './messages.ts';
import { ProcessLinks } from './process-links.ts';
import { Recorder } from './recorder.ts';
import type { InspectServer } from './server.ts';
import { workerSource } from './worker-source.ts';

/** A function or an observer, as XState's own `inspect` takes it. */
export type InspectObserver = ((inspection: InspectionEvent) => void) | Observer<InspectionEvent>;

/** What to make of the option `inspect`: a page, a page for the hosted Stately inspector, an observer, or nothing. */
export type InspectOption = boolean | 'stately' | InspectObserver;

/** What a worker's inspector is made with. */
export interface WorkerInspectorOptions {
  inspect: InspectOption;
  /** Whether the page may send events to actors. */
  inspectControl: boolean;
  /** A file; `null` for no recording. */
  record: string | null;
  title: string;
  /** Texts that are shown nowhere. */
  secrets: readonly string[];
  logger: Logger;
}

/** Watches one worker. */
export class WorkerInspector {
  /** For the job processes; `null` when nobody can ever watch. */
  readonly links: ProcessLinks | null;
  readonly #options: WorkerInspectorOptions;
  readonly #hub: InspectHub | null;
  readonly #observer: ((inspection: InspectionEvent) => void) | null;
  #worker: ActorRefFrom<typeof workerMachine> | null = null;
  #removeSources: (() => void)[] = [];
  #server: InspectServer | null = null;
  #recorder: Recorder | null = null;
  #opening: Promise<void> | null = null;
  #closing: Promise<void> = Promise.resolve();
  #hasFailed = false;

  constructor(options: WorkerInspectorOptions) {
    const { inspect, record } = options;
    this.#options = options;
    this.#observer = observerOf(inspect);
    const isShown = inspect === true || inspect === 'stately';
    const hub = isShown || record !== null ? new InspectHub() : null;
    this.#hub = hub;
    this.links = hub === null ? null : new ProcessLinks((prefix) => hub.lose(prefix));
  }

  /** Where the page is; `null` while there is none. */
  get url(): string | null {
    const { inspect } = this.#options;
    return (inspect === 'stately' ? this.#server?.statelyUrl : this.#server?.url) ?? null;
  }

  /** Hands an inspection event to the user's observer. What that throws is logged, once, and goes no further. */
  readonly inspect = (inspection: InspectionEvent): void => {
    if (this.#observer === null) return;
    try {
      this.#observer(inspection);
    } catch (error) {
      if (this.#hasFailed) return;
      this.#hasFailed = true;
      this.#options.logger.error(
        { err: error },
        'the function of the option inspect threw an error',
      );
    }
  };

  /** The worker's actor is made. In a system of the user's own there may be another one after it has ended. */
  watch(worker: ActorRefFrom<typeof workerMachine>): void {
    this.#worker = worker;
    this.#opening = null;
    if (this.#hub === null || this.links === null) return;
    const source = workerSource({ worker, secrets: this.#options.secrets });
    // The worker first: its process actors are what the job processes hang below.
    this.#removeSources = [this.#hub.addSource(source), this.#hub.addSource(this.links)];
  }

  /**
   * Opens the page and begins to record, once for each worker.
   * @throws WorkerError `GR_RECORDING` when the file cannot be written.
   */
  open(): Promise<void> {
    this.#opening ??= this.#closing.then(() => this.#open());
    return this.#opening;
  }

  /** The worker has ended. */
  close(): Promise<void> {
    const [opening, removeSources] = [this.#opening, this.#removeSources.splice(0)];
    this.#closing = this.#closing.then(() => this.#close(opening, removeSources));
    return this.#closing;
  }

  async #close(opening: Promise<void> | null, removeSources: (() => void)[]): Promise<void> {
    await opening?.catch(() => undefined);
    // What has changed at the very end is told in the next turn.
    await new Promise((resolve) => setImmediate(resolve));
    const [recorder, server] = [this.#recorder, this.#server];
    this.#recorder = null;
    this.#server = null;
    await Promise.all([recorder?.close(), server?.close()]);
    for (const remove of removeSources) remove();
    if (opening !== null) this.#hub?.close();
  }

  async #open(): Promise<void> {
    const { inspect, inspectControl, record, title, logger } = this.#options;
    const hub = this.#hub;
    if (hub === null) return;
    await this.links?.prepare();
    if (record !== null) {
      this.#recorder = new Recorder({
        hub,
        file: record,
        title,
        onError: (error) =>
          logger.error({ err: error, file: record }, 'the recording of the inspector has ended'),
      });
    }
    if (inspect !== true && inspect !== 'stately') return;
    // Most workers have no page: they need not load what serves it.
    const { serveInspector } = await import('./server.ts');
    this.#server = await serveInspector({
      hub,
      facts: { source: 'worker', title, version },
      send: inspectControl ? (sessionId, event) => this.#send(sessionId, event) : undefined,
    });
    const { url } = this;
    logger.info({ event: 'inspector.listening', url }, `inspector: open ${url ?? ''}`);
  }

  #send(sessionId: string, event: WireEvent): string | null {
    const worker = this.#worker;
    if (sessionId.includes('/')) {
      const isSent = this.links?.send(sessionId, event) ?? false;
      return isSent ? null : `There is no job process of the actor ${sessionId} any more.`;
    }
    const actor = worker === null ? undefined : findActor(worker, sessionId);
    if (actor === undefined) return `There is no actor ${sessionId} any more.`;
    this.#options.logger.warn(
      { event: 'inspector.sent', actor: actor.id, sent: event.type },
      `the inspector sends ${event.type} to ${actor.id}`,
    );
    actor.send(event);
    return null;
  }
}

function observerOf(inspect: InspectOption): ((inspection: InspectionEvent) => void) | null {
  if (typeof inspect === 'function') return inspect;
  return typeof inspect === 'object' ? (inspection) => inspect.next?.(inspection) : null;
}

function findActor(actor: AnyActorRef, sessionId: string): AnyActorRef | undefined {
  if (actor.sessionId === sessionId) return actor;
  const snapshot = actor.getSnapshot() as { children?: Record<string, AnyActorRef> } | undefined;
  for (const child of Object.values(snapshot?.children ?? {})) {
    const found = child === undefined ? undefined : findActor(child, sessionId);
    if (found !== undefined) return found;
  }
  return undefined;
}
