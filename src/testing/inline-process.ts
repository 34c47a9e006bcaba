/**
 * Job processes that are none: the program of a job process, run in the process of the test over a link in memory. The
 * worker's actor is the one of production; only what it forks is another thing.
 */
import { EventEmitter } from 'node:events';
import type { ChildProcessDependencies, ForkedProcess } from '../actors/child-process.ts';
import { type IpcChannel, Link } from '../child/link.ts';
import type { ProgramHost } from '../child/program-host.ts';
import { JobProcessProgram } from '../child/program.ts';

/** Where the program of an inline process gets what it works with. */
export interface InlineWorld extends Pick<ProgramHost, 'log' | 'loadRtc' | 'loadAgent'> {
  clock?: ProgramHost['clock'];
  /** The process was killed: what it holds outside goes with it. */
  onKilled: (pid: number) => void;
}

/** Above every pid that Linux and macOS give. */
const firstPid = 10_000_000;

/** Runs job processes inline. */
export class InlineProcesses {
  readonly #running = new Map<number, InlineProcess>();
  readonly #worldOf: (pid: number) => InlineWorld;
  #nextPid = firstPid;

  constructor(worldOf: (pid: number) => InlineWorld) {
    this.#worldOf = worldOf;
  }

  /** What a worker is given so that its job processes run here. */
  readonly dependencies = (): Pick<
    ChildProcessDependencies,
    'fork' | 'registry' | 'signalGroup'
  > => ({
    fork: () => this.#start(),
    // Nothing outlives this process, so nobody has to look after it.
    registry: { add: () => {}, remove: () => {} },
    signalGroup: (pid, signal) => this.#signal(pid, signal),
  });

  #start(): ForkedProcess {
    const pid = this.#nextPid;
    this.#nextPid += 1;
    const child = new InlineProcess(pid, this.#worldOf(pid));
    this.#running.set(pid, child);
    child.once('exit', () => this.#running.delete(pid));
    // The rest of a process's interface is only called with what it has here.
    return child as unknown as ForkedProcess;
  }

  #signal(pid: number, signal: NodeJS.Signals): boolean {
    const child = this.#running.get(pid);
    if (child === undefined) return false;
    if (signal === 'SIGKILL') child.kill();
    else child.terminate();
    return true;
  }
}

/** The worker's view of one inline process: messages, exit, disconnect. */
class InlineProcess extends EventEmitter {
  readonly pid: number;
  exitCode: number | null = null;
  connected = true;
  readonly #world: InlineWorld;
  /** The program's view of the link. */
  readonly #inside = new EventEmitter();
  #terminated: () => void = () => {};
  #isOver = false;

  constructor(pid: number, world: InlineWorld) {
    super();
    this.pid = pid;
    this.#world = world;
    const startedAt = performance.now();
    new JobProcessProgram(new Link(this.#channel()), {
      log: world.log,
      loadRtc: world.loadRtc,
      loadAgent: world.loadAgent,
      ...(world.clock !== undefined && { clock: world.clock }),
      initializeLogger: () => {},
      enterJob: () => {},
      // What nobody catches in here is for the test runner to tell.
      listen: ({ terminated }) => (this.#terminated = terminated),
      exit: (code) => this.#exit(code, null),
      upMs: () => performance.now() - startedAt,
    }).start();
  }

  /** Worker → program. As text, and a moment later: what the IPC channel of a fork does. */
  send(message: unknown, done?: (error: Error | null) => void): boolean {
    const text = JSON.stringify(message);
    queueMicrotask(() => {
      if (this.connected) this.#inside.emit('message', JSON.parse(text));
      done?.(null);
    });
    return this.connected;
  }

  disconnect(): void {
    if (!this.connected) return;
    this.connected = false;
    queueMicrotask(() => {
      this.#inside.emit('disconnect');
      this.emit('disconnect');
    });
  }

  /** SIGTERM. */
  terminate(): void {
    this.#terminated();
  }

  /** SIGKILL. Code cannot be killed: the session is told that its worker is gone, and ends. */
  kill(): void {
    if (this.#isOver) return;
    this.#exit(null, 'SIGKILL');
    this.#world.onKilled(this.pid);
  }

  #channel(): IpcChannel {
    const isConnected = (): boolean => this.connected && !this.#isOver;
    const send: NonNullable<IpcChannel['send']> = (message, done) => {
      const text = JSON.stringify(message);
      queueMicrotask(() => {
        if (this.connected) this.emit('message', JSON.parse(text));
        done(null);
      });
      return true;
    };
    const channel = {
      on: (name: string, listener: (...args: unknown[]) => void) => this.#inside.on(name, listener),
      get connected() {
        return isConnected();
      },
      send,
    };
    return channel as unknown as IpcChannel;
  }

  #exit(code: number | null, signal: NodeJS.Signals | null): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.exitCode = code;
    // What was said last comes first.
    queueMicrotask(() => {
      this.emit('exit', code, signal);
      this.disconnect();
    });
  }
}
