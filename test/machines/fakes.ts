/** What the machines reach the world by, played by the test, and a clock that it moves. */
import {
  type ActorRefFrom,
  createActor,
  type EventObject,
  fromCallback,
  fromPromise,
  SimulatedClock,
} from 'xstate';
import type {
  ChildCommand,
  ChildExit,
  ChildProcessLogic,
  ChildReport,
  LinkMessage,
  MemoryEvent,
  MemoryInput,
} from '../../machines/job-process/job-process.types.ts';
import type { Decision } from '../../machines/job/job.types.ts';
import type { Job, ServerInfo, WorkerMessage } from '../../machines/messages.ts';
import type { Ref } from '../../machines/refs.ts';
import type { SocketCommand, SocketEvent } from '../../machines/registration/registration.types.ts';
import type { LoadEvent } from '../../machines/worker/worker.types.ts';
import { settled } from './settling.ts';

/** As Node's timers: every one goes off at its own time, and one that is too long goes off at once. */
export class TestClock extends SimulatedClock {
  readonly #due = new Map<number, number>();

  override setTimeout(fn: () => void, timeout: number): number {
    const delay = timeout > 2 ** 31 - 1 ? 1 : timeout;
    const id = super.setTimeout(() => {
      this.#due.delete(id);
      fn();
    }, delay);
    this.#due.set(id, this.now() + delay);
    return id;
  }

  override clearTimeout(id: number): void {
    this.#due.delete(id);
    super.clearTimeout(id);
  }

  override increment(ms: number): void {
    const end = this.now() + ms;
    for (let next = this.#next(); next <= end; next = this.#next()) {
      super.increment(Math.max(0, next - this.now()));
    }
    super.increment(end - this.now());
  }

  #next(): number {
    return Math.min(...this.#due.values());
  }
}

/** An actor that only listens. */
export function listener<TEvent extends EventObject>(): { ref: Ref<TEvent>; heard: TEvent[] } {
  const heard: TEvent[] = [];
  const logic = fromCallback<TEvent>(({ receive }) => receive((event) => void heard.push(event)));
  return { ref: createActor(logic).start(), heard };
}

export const serverInfo: ServerInfo = {
  edition: 0,
  version: '1.13.5',
  protocol: 17,
  region: '',
  nodeId: 'ND_1',
  debugInfo: '',
  agentProtocol: 1,
};

/** A job request's job. */
export function makeJob(id = 'AJ_1', change: Partial<Job> = {}): Job {
  return {
    id,
    dispatchId: `AD_${id}`,
    type: 0,
    agentName: 'greeter',
    metadata: '',
    deployment: '',
    attributes: {},
    room: { sid: `RM_${id}`, name: `room of ${id}` },
    ...change,
  };
}

/** The connection of a registration. */
export interface FakeSocket {
  sent: WorkerMessage[];
  closed: number;
  stopped: boolean;
  /** The server, or the network, does something. */
  does(event: SocketEvent): void;
  opens(): void;
  registers(workerId: string): void;
  closes(jitter?: number): void;
}

/** Opens nothing: the test plays the server; pings are answered when it is told to `pong`. */
export function fakeSockets({ pong = false } = {}) {
  const sockets: FakeSocket[] = [];
  let failure: Error | null = null;
  const logic = fromCallback<SocketCommand>(({ receive, sendBack }) => {
    const socket: FakeSocket = {
      sent: [],
      closed: 0,
      stopped: false,
      does: sendBack,
      opens: () => sendBack({ type: 'socket.opened' }),
      registers: (workerId) => sendBack({ type: 'server.registered', workerId, serverInfo }),
      closes: (jitter = 1) => sendBack({ type: 'socket.closed', code: 1006, reason: '', jitter }),
    };
    sockets.push(socket);
    receive((command) => {
      if (failure !== null) throw failure;
      if (command.type === 'socket.close') socket.closed += 1;
      else if (pong && command.message.type === 'ping') {
        sendBack({ type: 'server.ponged', lastTimestamp: 1, timestamp: 2 });
      } else socket.sent.push(command.message);
    });
    return () => void (socket.stopped = true);
  });
  return {
    logic,
    sockets,
    last: () => sockets.at(-1)!,
    /** The next command makes the socket actor throw. */
    break: (error: Error) => void (failure = error),
    mend: () => void (failure = null),
  };
}

/** An operating-system process that is none. */
export interface FakeChild {
  process: string;
  pid: number;
  told: LinkMessage[];
  signals: string[];
  /** The actor was stopped while the process lived. */
  abandoned: boolean;
  says(...reports: ChildReport[]): void;
  getsWarm(): void;
  exits(code?: number | null, signal?: string | null): void;
  /** It cannot be started. */
  fails(error: unknown): void;
}

type ChildEvent =
  | ChildCommand
  | { type: 'fake.ended'; exit: ChildExit }
  | { type: 'fake.failed'; error: unknown }
  | { type: 'xstate.stop' };

/**
 * Forks nothing: the test plays the process, or `reacts` does, to the start (`null`) and to every message. Pings are
 * answered when it is told to `pong`.
 */
export function fakeChildren(
  options: {
    pong?: boolean;
    reacts?: (child: FakeChild, message: LinkMessage | null) => void;
  } = {},
) {
  const children: FakeChild[] = [];
  let isBroken = false;
  const of = new WeakMap<object, FakeChild>();
  const logic: ChildProcessLogic = {
    getInitialSnapshot: (_scope, input) => ({
      status: 'active',
      output: undefined,
      error: undefined,
      input,
      pid: null,
      phase: 'spawning',
    }),
    getPersistedSnapshot: (snapshot) => snapshot,
    start: (snapshot, scope) => {
      const child = makeChild(snapshot.input.process, 101 + children.length, scope.self);
      children.push(child);
      of.set(scope.self, child);
      if (!isBroken) scope.defer(() => child.says({ type: 'child.spawned', pid: child.pid }));
      scope.defer(() => options.reacts?.(child, null));
    },
    transition: (snapshot, event, scope) => {
      const child = of.get(scope.self)!;
      const own = event as ChildEvent;
      if (own.type === 'fake.ended') return { ...snapshot, status: 'done', output: own.exit };
      if (own.type === 'fake.failed') return { ...snapshot, status: 'error', error: own.error };
      if (own.type === 'child.tell') {
        if (options.pong === true && own.message.type === 'ping') {
          child.says({ type: 'link.ponged', id: own.message.id });
          return snapshot;
        }
        child.told.push(own.message);
        options.reacts?.(child, own.message);
      }
      if (own.type === 'child.signal') child.signals.push(own.signal);
      if (own.type === 'xstate.stop') child.abandoned = true;
      return snapshot;
    },
  } as ChildProcessLogic;
  return {
    logic,
    children,
    last: () => children.at(-1)!,
    /** The one that lives under that name. */
    of: (process: string) => children.findLast((child) => child.process === process)!,
    /** From now on no process can be started, or again. */
    break: () => void (isBroken = true),
    mend: () => void (isBroken = false),
  };
}

function makeChild(process: string, pid: number, self: ActorRefFrom<ChildProcessLogic>): FakeChild {
  const tellSelf = (event: ChildEvent): void => self.send(event as ChildCommand);
  const child: FakeChild = {
    process,
    pid,
    told: [],
    signals: [],
    abandoned: false,
    says: (...reports) => {
      for (const report of reports) self._parent?.send(report);
    },
    getsWarm: () => child.says({ type: 'link.warm', warmupMs: 400 }),
    exits: (code = 0, signal = null) =>
      tellSelf({ type: 'fake.ended', exit: { pid, code, signal } }),
    fails: (error) => tellSelf({ type: 'fake.failed', error }),
  };
  return child;
}

/** Reads no memory. */
export function fakeMemory(broken?: Error) {
  const monitors: { input: MemoryInput; sees(event: MemoryEvent): void; stopped: boolean }[] = [];
  const logic = fromCallback<EventObject, MemoryInput>(({ input, sendBack }) => {
    if (broken !== undefined) throw broken;
    const monitor = { input, sees: sendBack, stopped: false };
    monitors.push(monitor);
    return () => void (monitor.stopped = true);
  });
  return { logic, monitors };
}

/** Calls that wait until the test answers them. */
function fakeCalls<Input, Output>() {
  const calls: {
    input: Input;
    /** Nobody waits any more. */
    aborted: () => boolean;
    answer(output: Output): Promise<void>;
    fail(error: unknown): Promise<void>;
  }[] = [];
  const logic = fromPromise<Output, Input>(
    ({ input, signal }) =>
      new Promise((resolve, reject) => {
        const throws: (error: unknown) => void = reject;
        calls.push({
          input,
          aborted: () => signal.aborted,
          answer: async (output) => {
            resolve(output);
            await settled();
          },
          fail: async (error) => {
            throws(error);
            await settled();
          },
        });
      }),
  );
  return { logic, calls, last: () => calls.at(-1)! };
}

/** Asks no user. */
export const fakeDecisions = () => fakeCalls<{ job: Job }, Decision>();

/** Removes nobody. */
export const fakeRemovals = () => fakeCalls<{ room: string; identity: string }, void>();

/** Deletes no room. */
export const fakeDeletions = () => fakeCalls<{ room: string }, void>();

/** Measures nothing. */
export function fakeLoad() {
  const monitors: { sees(event: LoadEvent): void }[] = [];
  const logic = fromCallback<EventObject>(({ sendBack }) => {
    monitors.push({ sees: sendBack });
  });
  return { logic, sees: (event: LoadEvent) => monitors.at(-1)!.sees(event) };
}
