/** A worker inside the test's own process, as programs that use the library hold one; its job processes are real. */
import { pino } from 'pino';
import {
  createWorker,
  type LifecycleEvent,
  type WorkerHandle,
  type WorkerOptionsInit,
} from 'greenroom';
import type { FaultRecord } from './fault.ts';
import type { ServerAccess } from './participants.ts';
import { Recorder, type WaitOptions } from './recorder.mjs';
import { agentFile } from './stage.ts';

/** An event, at a time of `performance.now()`. */
export type Timed<Event> = Event & { at: number };

type EventOf<Type extends LifecycleEvent['type']> = Extract<LifecycleEvent, { type: Type }>;

/** A worker with what it tells. */
export class LibraryWorker {
  readonly handle: WorkerHandle;
  readonly events = new Recorder<Timed<LifecycleEvent>>((items) =>
    items.map((event) => JSON.stringify(event)).join('\n'),
  );

  /**
   * Makes a worker that is gone after the case, and does not start it. `agent` is one of `test/fixtures/agents`.
   */
  constructor(
    record: Pick<FaultRecord, 'after'>,
    server: ServerAccess,
    { agent = 'stays', ...options }: Partial<WorkerOptionsInit> = {},
  ) {
    this.handle = createWorker({
      agent: agentFile(agent),
      wsURL: server.url,
      apiKey: server.apiKey,
      apiSecret: server.apiSecret,
      production: true,
      port: null,
      // Neither the load of the machine that runs the tests nor a log is a topic here; the events tell what happens.
      loadFunc: () => 0,
      logger: pino({ level: 'silent' }),
      logLevel: 'fatal',
      numIdleProcesses: 0,
      ...options,
    });
    this.handle.on('*', (event) => this.events.add({ ...event, at: performance.now() }));
    record.after(() => this.end());
  }

  /** Makes a worker and starts it; does not wait. */
  static launch(...args: ConstructorParameters<typeof LibraryWorker>): LibraryWorker {
    const worker = new LibraryWorker(...args);
    // How it ends is what `handle.done` is asked for.
    worker.handle.start().catch(() => {});
    return worker;
  }

  /** Makes a worker, starts it and waits until it takes jobs. */
  static async start(...args: ConstructorParameters<typeof LibraryWorker>): Promise<LibraryWorker> {
    const worker = new LibraryWorker(...args);
    await worker.handle.start();
    return worker;
  }

  /** The first event of that type that matches, be it here already or still to come. */
  next<Type extends LifecycleEvent['type']>(
    type: Type,
    matches: (event: EventOf<Type>) => boolean = () => true,
    options?: WaitOptions,
  ): Promise<Timed<EventOf<Type>>> {
    const isIt = (event: LifecycleEvent) => event.type === type && matches(event as EventOf<Type>);
    return this.events.waitFor(`The event ${type}`, isIt, options) as Promise<Timed<EventOf<Type>>>;
  }

  /** The events of that type so far. */
  all<Type extends LifecycleEvent['type']>(type: Type): Timed<EventOf<Type>>[] {
    return this.events.items.filter((event) => event.type === type) as Timed<EventOf<Type>>[];
  }

  /** How a job ended. */
  ended(jobId: string, options?: WaitOptions): Promise<Timed<EventOf<'job.ended'>>> {
    return this.next('job.ended', (event) => event.jobId === jobId, options);
  }

  /** The process of a job, once its entry was called. */
  async pidOf(jobId: string): Promise<number> {
    const { pid } = await this.next('job.started', (event) => event.jobId === jobId);
    // A signal to the process 0 would go to the test's own group.
    if (pid === null) throw new Error(`The process of the job ${jobId} has no pid.`);
    return pid;
  }

  /** Kills what is left. */
  async end(): Promise<void> {
    const isStarted = this.events.items.length > 0;
    if (isStarted && this.handle.getSnapshot().status === 'active') await this.handle.kill();
  }
}

/** Whether a process runs. */
export function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
