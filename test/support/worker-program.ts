/** Starts a worker as a user would, as a program of its own, and reads its log. */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { LifecycleEvent } from '../../machines/events.ts';
import { type Guard, startGuard } from './guard.mjs';
import type { ServerAccess } from './participants.ts';
import { Recorder, type WaitOptions } from './recorder.ts';

/** How to start the program. */
export interface WorkerProgramOptions {
  /** Path of the agent file. */
  agent: string;
  server: ServerAccess;
  /** @defaultValue ['start'] */
  args?: string[];
  /** Options of Node itself, such as `['--import', 'tsx']`. */
  nodeArgs?: string[];
  env?: Record<string, string>;
}

/** A line of the worker's log, or of one of its job processes. */
export type LogLine = Record<string, unknown> & {
  msg?: string;
  level?: number;
  event?: string;
  pid?: number;
};

/** A log line that tells a lifecycle fact. */
export type EventLine<Type extends LifecycleEvent['type']> = LogLine &
  Extract<LifecycleEvent, { type: Type }>;

/** How a program ended. */
export interface ProgramExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

const outputInMessages = 40;
let sharedGuard: Guard | null = null;

/** The guard of this test file's processes: none of them outlives it. */
export function testGuard(): Guard {
  sharedGuard ??= startGuard();
  return sharedGuard;
}

/** Starts the program and returns at once; wait for a log line to know how far it is. */
export function startWorkerProgram(options: WorkerProgramOptions): WorkerProgram {
  return new WorkerProgram(options);
}

/** A running worker program. */
export class WorkerProgram {
  readonly pid: number;
  /** Standard output and error, line by line. */
  readonly output = new Recorder<string>(lastLines);
  /** The lines that are JSON, parsed. */
  readonly log = new Recorder<LogLine>(() => lastLines(this.output.items));
  /** Resolves when the program has ended and its last line is read. */
  readonly exited: Promise<ProgramExit>;
  readonly #kill: (signal: NodeJS.Signals) => boolean;

  constructor({ agent, server, args = ['start'], nodeArgs = [], env = {} }: WorkerProgramOptions) {
    const child = testGuard().spawn(process.execPath, [...nodeArgs, agent, ...args], {
      env: {
        ...process.env,
        LIVEKIT_URL: server.url,
        LIVEKIT_API_KEY: server.apiKey,
        LIVEKIT_API_SECRET: server.apiSecret,
        ...env,
      },
    });
    if (child.pid === undefined) throw new Error(`${process.execPath} could not be started.`);
    this.pid = child.pid;
    this.#kill = (signal) => child.kill(signal);
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => this.#read(line));
    }
    this.exited = once(child, 'close').then((args_) => {
      const [code, signal] = args_ as [number | null, NodeJS.Signals | null];
      return { code, signal };
    });
  }

  /** The first log line that matches, be it here already or still to come; fails as soon as the program ends. */
  waitForLog(
    what: string,
    matches: (line: LogLine) => boolean,
    options?: WaitOptions,
  ): Promise<LogLine> {
    return this.#unlessEnded(what, this.log.waitFor(what, matches, options));
  }

  /** The first log line that tells this lifecycle fact. */
  async waitForEvent<Type extends LifecycleEvent['type']>(
    type: Type,
    matches: (line: EventLine<Type>) => boolean = () => true,
    options?: WaitOptions,
  ): Promise<EventLine<Type>> {
    const isIt = (line: LogLine) => line.event === type && matches(line as EventLine<Type>);
    return (await this.waitForLog(`The event ${type}`, isIt, options)) as EventLine<Type>;
  }

  /** The lifecycle facts that were logged so far, by their types. */
  get events(): string[] {
    return this.log.items.flatMap((line) => (line.event === undefined ? [] : [line.event]));
  }

  /** Sends a signal to the worker alone, not to its job processes. */
  signal(signal: NodeJS.Signals): void {
    this.#kill(signal);
  }

  /** Ends it, kindly first; for clean-up, so it does not look at the exit code. */
  async stop({ withinMs = 10_000 }: { withinMs?: number } = {}): Promise<ProgramExit> {
    this.#kill('SIGTERM');
    const close = setTimeout(() => this.#kill('SIGTERM'), withinMs / 2);
    const kill = setTimeout(() => this.#kill('SIGKILL'), withinMs);
    try {
      return await this.exited;
    } finally {
      clearTimeout(close);
      clearTimeout(kill);
    }
  }

  #read(line: string): void {
    this.output.add(line);
    if (!line.startsWith('{')) return;
    try {
      this.log.add(JSON.parse(line) as LogLine);
    } catch {
      // Something that the agent printed.
    }
  }

  async #unlessEnded<Value>(what: string, wait: Promise<Value>): Promise<Value> {
    const ended = this.exited.then(({ code, signal }) => {
      const how = signal ?? `exit code ${code}`;
      throw new Error(
        `The worker ended (${how}) before this came: ${what}. ${lastLines(this.output.items)}`,
      );
    });
    return Promise.race([wait, ended]);
  }
}

function lastLines(lines: readonly string[]): string {
  return `Its last lines:\n${lines.slice(-outputInMessages).join('\n')}`;
}
