/** Job processes that are none: each says at once what a good one would say, and the rest when the test wants it. */
import type { AnyActorRef, EventObject } from 'xstate';
import type {
  ChildCommand,
  ChildExit,
  ChildProcessLogic,
  ChildReport,
  LinkMessage,
} from '../../machines/job-process/job-process.types.ts';
import type { CloseReason, Failure, SessionOutcome } from '../../machines/messages.ts';

/** Above every pid that Linux and macOS give. */
const firstPid = 20_000_000;

type OwnEvent = { type: 'fake.exited'; exit: ChildExit } | { type: 'xstate.stop' };

/** What XState's own actors send by: unlike `send` it tells inspectors who spoke. Left out of its public types. */
interface Relay {
  _relay(source: AnyActorRef, target: AnyActorRef, event: EventObject): void;
}

/** How job processes behave. */
export interface FakeProcessOptions {
  /** Called with each message first; `true` means that it was dealt with. */
  onMessage?: (process: FakeProcess, message: LinkMessage) => boolean | void;
  /** Whether a process gets warm by itself. @defaultValue true */
  warmsUp?: boolean;
}

/** One job process, as the test holds it. */
export class FakeProcess {
  readonly pid: number;
  /** Everything the worker has told it. */
  readonly told: LinkMessage[] = [];
  /** The signals it was sent; SIGKILL ends it. */
  readonly signals: string[] = [];
  readonly #tell: (report: ChildReport) => void;
  readonly #exit: (exit: ChildExit) => void;
  readonly #options: FakeProcessOptions;
  #isInSession = false;
  #exitCode = 0;

  /** @internal */
  constructor(
    pid: number,
    tell: (report: ChildReport) => void,
    exit: (exit: ChildExit) => void,
    options: FakeProcessOptions,
  ) {
    this.pid = pid;
    this.#tell = tell;
    this.#exit = exit;
    this.#options = options;
  }

  /** Says anything to the worker. */
  report(report: ChildReport): void {
    this.#tell(report);
  }

  /** Is warm. */
  warm(): void {
    this.#tell({ type: 'link.warm', warmupMs: 1 });
  }

  /** Ends the session with an outcome; the process goes when the worker has confirmed it. */
  end(reason: CloseReason = 'room-closed', detail = '', failure: Failure | null = null): void {
    if (!this.#isInSession) return;
    this.#isInSession = false;
    const outcome: SessionOutcome['outcome'] = failure === null ? 'succeeded' : 'failed';
    this.#exitCode = failure === null ? 0 : 1;
    this.#tell({ type: 'session.closing', reason, detail });
    this.#tell({ type: 'session.outcome', outcome: { outcome, reason, detail, failure } });
  }

  /** Exits. */
  exit(code: number | null = 0, signal: string | null = null): void {
    this.#exit({ pid: this.pid, code, signal });
  }

  /** @internal */
  receive(message: LinkMessage): void {
    this.told.push(message);
    if (this.#options.onMessage?.(this, message) === true) return;
    switch (message.type) {
      case 'ping':
        this.#tell({ type: 'link.ponged', id: message.id });
        return;
      case 'launch':
        this.#launch(message);
        return;
      case 'terminate':
        this.end('terminated');
        return;
      case 'close':
        if (this.#isInSession) this.end(message.reason, message.detail);
        else this.exit(0);
        return;
      case 'outcomeReported':
        this.exit(this.#exitCode);
        return;
      default:
    }
  }

  /** @internal */
  signalled(signal: string): void {
    this.signals.push(signal);
    if (signal === 'SIGKILL') this.exit(null, signal);
  }

  #launch({ order: { accept, job } }: Extract<LinkMessage, { type: 'launch' }>): void {
    this.#isInSession = true;
    this.#tell({ type: 'session.started' });
    this.#tell({ type: 'session.connecting' });
    const roomSid = job.room?.sid ?? '';
    this.#tell({ type: 'session.connected', roomSid, identity: accept.identity });
  }
}

/** All job processes of a worker. */
export class FakeProcesses {
  /** In the order in which they were started. */
  readonly all: FakeProcess[] = [];
  readonly #options: FakeProcessOptions;
  readonly #byActor = new WeakMap<AnyActorRef, FakeProcess>();

  constructor(options: FakeProcessOptions = {}) {
    this.#options = options;
  }

  /** The process that was started last. */
  get last(): FakeProcess | undefined {
    return this.all.at(-1);
  }

  /** The actor `childProcess`. */
  readonly logic: ChildProcessLogic = {
    getInitialSnapshot: (_scope, input) => ({
      status: 'active',
      output: undefined,
      error: undefined,
      input,
      pid: null,
      phase: 'spawning',
    }),
    getPersistedSnapshot: (snapshot) => snapshot,
    start: (_snapshot, scope) => {
      const tellParent = (report: ChildReport): void => {
        const parent = scope.self._parent;
        if (parent !== undefined)
          (scope.system as unknown as Relay)._relay(scope.self, parent, report);
      };
      const tellSelf = (event: OwnEvent): void => scope.self.send(event as unknown as ChildCommand);
      const process = new FakeProcess(
        firstPid + this.all.length,
        tellParent,
        (exit) => tellSelf({ type: 'fake.exited', exit }),
        this.#options,
      );
      this.all.push(process);
      this.#byActor.set(scope.self, process);
      scope.defer(() => {
        tellParent({ type: 'child.spawned', pid: process.pid });
        if (this.#options.warmsUp !== false) process.warm();
      });
    },
    transition: (snapshot, event, scope) => {
      const own = event as ChildCommand | OwnEvent;
      const process = this.#byActor.get(scope.self);
      if (own.type === 'fake.exited') {
        const { exit } = own;
        return { ...snapshot, status: 'done', output: exit, error: undefined, phase: 'exited' };
      }
      if (own.type === 'child.tell') process?.receive(own.message);
      if (own.type === 'child.signal') process?.signalled(own.signal);
      return { ...snapshot, pid: process?.pid ?? null, phase: 'running' };
    },
  };
}
