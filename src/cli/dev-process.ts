/** A generation as an actor: one started worker, which may outlive the next ones while its sessions run. */
import { type ChildProcess, spawn } from 'node:child_process';
import { type CallbackActorLogic, fromCallback } from 'xstate';
import {
  type FromGeneration,
  type ToGeneration,
  generationEnvironment,
  readMessage,
} from './dev-link.ts';
import type { GenerationCommand, GenerationInput, GenerationReport } from './dev.types.ts';

/** How to start a worker. */
export interface GenerationDependencies {
  /** What follows `node`: the program and the words of its command line. */
  args: readonly string[];
  execArgv: readonly string[];
  env: NodeJS.ProcessEnv;
}

/** How long a worker that has not said its own limit may take to close. */
const unknownCloseTimeoutMs = 15_000;

/** How long a worker may take to kill its job processes. */
const killTimeoutMs = 10_000;

/** Makes the actor. */
export function defineGeneration(
  dependencies: GenerationDependencies,
): CallbackActorLogic<GenerationCommand, GenerationInput> {
  return fromCallback<GenerationCommand, GenerationInput>(({ input, receive, sendBack }) => {
    const report = (event: GenerationReport): void => sendBack(event);
    const generation = new Generation(dependencies, input, report);
    receive((command) => generation.obey(command));
    return () => generation.kill();
  });
}

class Generation {
  readonly #id: string;
  readonly #report: (event: GenerationReport) => void;
  readonly #child: ChildProcess;
  #closeTimeoutMs = unknownCloseTimeoutMs;
  #killTimer: NodeJS.Timeout | undefined;
  #isGone = false;

  constructor(
    { args, execArgv, env }: GenerationDependencies,
    { generation, isBeside }: GenerationInput,
    report: (event: GenerationReport) => void,
  ) {
    this.#id = generation;
    this.#report = report;
    this.#child = spawn(process.execPath, [...execArgv, ...args], {
      // A group of its own: Ctrl-C in the terminal reaches the supervisor only, which tells the workers in order.
      detached: true,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { ...env, ...generationEnvironment(isBeside ? 'beside' : 'alone') },
    });
    this.#child.on('message', (message) => this.#receive(message));
    this.#child.on('exit', (code, signal) => this.#gone(code, signal));
    this.#child.on('error', () => {
      if (this.#child.pid === undefined) this.#gone(null, null);
    });
  }

  obey({ type }: GenerationCommand): void {
    if (type === 'generation.drain') this.#say({ type: 'drain' });
    if (type === 'generation.close') {
      this.#say({ type: 'close' });
      this.#killAfter(this.#closeTimeoutMs);
    }
    if (type === 'generation.kill') {
      this.#say({ type: 'kill' });
      this.#killAfter(killTimeoutMs);
    }
  }

  /** Ends the process now; its job processes notice, and close their sessions. */
  kill(): void {
    const { pid } = this.#child;
    if (this.#isGone || pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  }

  #receive(value: unknown): void {
    const message = readMessage<FromGeneration>(value, ['made', 'ready', 'failed']);
    if (message === null) return;
    const generation = this.#id;
    if (message.type === 'made') this.#closeTimeoutMs = message.closeTimeoutMs;
    if (message.type === 'ready') this.#report({ type: 'generation.ready', generation });
    if (message.type === 'failed') {
      this.#report({ type: 'generation.failed', generation, failure: message.failure });
    }
  }

  #gone(code: number | null, signal: NodeJS.Signals | null): void {
    if (this.#isGone) return;
    this.#isGone = true;
    clearTimeout(this.#killTimer);
    this.#report({ type: 'generation.exited', generation: this.#id, code, signal });
  }

  #say(message: ToGeneration): void {
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  /** A worker that is stuck cannot end by itself. */
  #killAfter(timeoutMs: number): void {
    clearTimeout(this.#killTimer);
    this.#killTimer = setTimeout(() => this.kill(), timeoutMs);
  }
}
