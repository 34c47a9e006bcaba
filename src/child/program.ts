/** The life of a job process: warm up, wait, run one session, exit. */
import type { Logger } from 'pino';
import type { Failure } from '../../machines/messages.ts';
import { describeValue, toFailure } from '../errors.ts';
import type { InspectionOrder } from '../ipc/inspection.ts';
import { LINK_VERSION, type InitializeMessage, type ToJobProcess } from '../ipc/messages.ts';
import type { LogLevel } from '../worker-options.ts';
import { bounded } from './bounded.ts';
import { ChildInspection } from './inspection.ts';
import { JobProcess } from './job-process.ts';
import { JobSession } from './job-session.ts';
import type { Link } from './link.ts';
import type { ProgramHost } from './program-host.ts';
import { rehearse } from './rehearsal.ts';
import { WarmUp, type Warm, type WarmUpFailure } from './warm-up.ts';

/** How long the native library may take to stop when there was no session. */
const disposeTimeoutMs = 1_000;

/** How long a warm process must have had nothing to do: one that somebody waits for has its job by then. */
const idleAfterMs = 100;

type Launch = Extract<ToJobProcess, { type: 'launch' }>;

type SessionMessage = Exclude<
  ToJobProcess,
  InitializeMessage | InspectionOrder | Launch | { type: 'ping' }
>;

/** What the worker says of every session. */
type SessionSettings = Pick<InitializeMessage, 'limits' | 'announce' | 'quickConnect'>;

type Phase =
  /** Nothing was said yet. */
  | { name: 'new' }
  | { name: 'warming'; warmUp: WarmUp }
  | { name: 'warm'; warm: Warm; settings: SessionSettings }
  | { name: 'session'; session: JobSession }
  | { name: 'exiting' };

/** One job process. */
export class JobProcessProgram {
  readonly #link: Link;
  readonly #host: ProgramHost;
  readonly #proc = new JobProcess();
  readonly #inspection: ChildInspection;
  #phase: Phase = { name: 'new' };

  constructor(link: Link, host: ProgramHost) {
    this.#link = link;
    this.#host = host;
    this.#inspection = new ChildInspection(link);
  }

  /** Listens to the worker and to the operating system. */
  start(): void {
    this.#link.onMessage((message) => this.#receive(message));
    this.#link.onLost(() => this.#lost());
    this.#host.listen({
      terminated: () => this.#terminated(),
      uncaught: (error) => this.#uncaught(error),
      exiting: () => this.#inspection.flush(),
    });
  }

  #receive(message: ToJobProcess): void {
    switch (message.type) {
      case 'initialize':
        void this.#initialize(message);
        return;
      case 'ping':
        this.#link.send({ type: 'pong', id: message.id });
        return;
      case 'launch':
        this.#launch(message);
        return;
      case 'close':
        if (this.#phase.name === 'session') this.#tell(message);
        else void this.#exit(0);
        return;
      case 'inspect':
      case 'inspectSend':
        this.#inspection.receive(message);
        return;
      default:
        this.#tell(message);
    }
  }

  /** What the worker says to the session. */
  #tell(message: SessionMessage): void {
    if (this.#phase.name !== 'session') return;
    const { session } = this.#phase;
    switch (message.type) {
      case 'close':
        session.send({ type: 'link.closed', reason: message.reason, detail: message.detail });
        return;
      case 'terminate':
        session.send({ type: 'link.terminated' });
        return;
      case 'drain':
        session.send({ type: 'link.drained', deadlineMs: message.deadlineMs });
        return;
      case 'outcomeReported':
        session.send({ type: 'link.outcomeReported' });
        return;
      case 'roomDeleted':
        session.roomDeleted(message.id, message.failure);
    }
  }

  async #initialize(message: InitializeMessage): Promise<void> {
    if (this.#phase.name !== 'new') return;
    if (message.version !== LINK_VERSION) {
      return this.#failWarmUp({ failure: wrongVersion(message.version), fatal: true });
    }
    const { level, pretty } = message.log;
    this.#host.initializeLogger({ level: level as LogLevel, pretty });
    const warmUp = new WarmUp(message.agent, this.#proc, this.#host);
    this.#phase = { name: 'warming', warmUp };
    try {
      const warm = await warmUp.run({ verbose: level === 'debug' || level === 'trace' });
      const { limits, announce, quickConnect } = message;
      this.#becomeWarm(warm, { limits, announce, quickConnect });
      setTimeout(() => void this.#idle(message), idleAfterMs).unref();
    } catch (error) {
      await this.#failWarmUp(warmUp.failureOf(error));
    }
  }

  #becomeWarm(warm: Warm, settings: SessionSettings): void {
    if (this.#phase.name !== 'warming') return;
    this.#phase = { name: 'warm', warm, settings };
    const warmupMs = Math.round(this.#host.upMs());
    this.#log.debug({ warmupMs }, 'job process is warm');
    this.#link.send({ type: 'warm', version: LINK_VERSION, warmupMs });
  }

  async #idle({ rehearse: isToRehearse, limits }: InitializeMessage): Promise<void> {
    if (this.#phase.name !== 'warm') return;
    const { Room } = this.#phase.warm.rtc;
    try {
      if (isToRehearse) await rehearse(new Room(), { limits, logger: this.#log });
    } catch (error) {
      this.#log.debug({ err: error }, 'the rehearsal failed');
    }
    if (this.#isWarm()) this.#keepCode();
  }

  #keepCode(): void {
    const compiled = this.#host.keepCode?.() ?? null;
    if (compiled !== null) this.#log.debug({ compiled }, 'modules that had to be compiled');
  }

  /** A job may have come. */
  #isWarm(): boolean {
    return this.#phase.name === 'warm';
  }

  async #failWarmUp({ failure, fatal }: WarmUpFailure): Promise<void> {
    if (this.#phase.name === 'exiting') return;
    // The worker tells it; only here for those who debug the job process by itself.
    this.#log.debug({ failure }, failure.message);
    this.#link.send({ type: 'warmupFailed', failure, fatal });
    await this.#exit(1);
  }

  #launch({ order, credentials }: Launch): void {
    if (this.#phase.name !== 'warm') {
      this.#log.error(
        { phase: this.#phase.name },
        'a job was launched on a process that is not warm',
      );
      return;
    }
    const { warm, settings } = this.#phase;
    try {
      const session = new JobSession({
        order,
        credentials,
        ...settings,
        agent: warm.agent,
        proc: this.#proc,
        createRoom: () => new warm.rtc.Room(),
        dispose: () => warm.rtc.dispose(),
        send: (message) => this.#link.send(message),
        logger: this.#log,
        enterJob: (ctx) => this.#host.enterJob(ctx),
        inspection: this.#inspection,
        clock: this.#host.clock,
        onEnd: (exitCode) => void this.#exit(exitCode),
      });
      this.#phase = { name: 'session', session };
    } catch (error) {
      this.#log.fatal({ err: error, jobId: order.job.id }, 'the job could not be started');
      void this.#exit(1);
    }
  }

  get #log(): Logger {
    return this.#host.log();
  }

  /** The worker is gone: a session ends as an orphan, without one there is nothing to live for. */
  #lost(): void {
    if (this.#phase.name === 'session') this.#phase.session.send({ type: 'link.lost' });
    else void this.#exit(0);
  }

  #terminated(): void {
    if (this.#phase.name === 'session') {
      this.#phase.session.send({ type: 'process.signalled', signal: 'SIGTERM' });
    } else {
      void this.#exit(0);
    }
  }

  #uncaught(error: unknown): void {
    switch (this.#phase.name) {
      case 'session':
        this.#phase.session.crash(error);
        return;
      case 'warming':
        void this.#failWarmUp(this.#phase.warmUp.failureOf(error));
        return;
      case 'exiting':
        this.#log.debug({ err: error }, 'uncaught error while the job process exits');
        return;
      case 'new':
      case 'warm':
        this.#log.fatal(
          { err: error, failure: toFailure(error, 'GR_UNCAUGHT_ERROR') },
          'uncaught error',
        );
        void this.#exit(1);
    }
  }

  async #exit(code: number): Promise<void> {
    const before = this.#phase;
    if (before.name === 'exiting') return;
    this.#phase = { name: 'exiting' };
    // prewarm may have started the threads of the native library.
    if (before.name === 'warm') {
      await bounded(before.warm.rtc.dispose(), disposeTimeoutMs, undefined);
    }
    this.#inspection.flush();
    await this.#link.flush();
    this.#host.exit(code);
  }
}

function wrongVersion(version: unknown): Failure {
  return {
    code: 'GR_LINK_VERSION',
    message: `The worker speaks version ${describeValue(version)} of the link, this job process speaks ${LINK_VERSION}. Restart the worker: its files were updated.`,
  };
}
