/** Starts a worker as a user would, as a program of its own, and reads its log. */
import type { LifecycleEvent } from '../../machines/events.ts';
import { type Guard, startGuard } from './guard.mjs';
import type { ServerAccess } from './participants.ts';
import { plainNodeArgs } from './plain.ts';
import {
  describeExit,
  lastLines,
  parseLogLine,
  type Exit,
  type Program,
  startProgram,
  stopProgram,
} from './program.mjs';
import { Recorder, type WaitOptions } from './recorder.mjs';

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
  readonly output: Recorder<string>;
  /** The lines that are JSON, parsed. */
  readonly log: Recorder<LogLine>;
  /** Resolves when the program has ended and its last line is read. */
  readonly exited: Promise<Exit>;
  readonly #program: Program;

  constructor({ agent, server, args = ['start'], nodeArgs = [], env = {} }: WorkerProgramOptions) {
    this.#program = startProgram(
      testGuard(),
      process.execPath,
      [...plainNodeArgs, ...nodeArgs, agent, ...args],
      {
        env: {
          ...process.env,
          LIVEKIT_URL: server.url,
          LIVEKIT_API_KEY: server.apiKey,
          LIVEKIT_API_SECRET: server.apiSecret,
          ...env,
        },
      },
    );
    const { pid, output, exited } = this.#program;
    this.pid = pid;
    this.output = output;
    this.exited = exited;
    this.log = new Recorder<LogLine>(() => lastLines(output.items));
    output.watch((line) => this.#read(line));
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
    this.#program.kill(signal);
  }

  /** Ends it, kindly first; for clean-up, so it does not look at the exit code. */
  stop({ withinMs = 10_000 }: { withinMs?: number } = {}): Promise<Exit> {
    return stopProgram(this.#program, { graceMs: withinMs / 2, killAfterMs: withinMs });
  }

  #read(line: string): void {
    const parsed = parseLogLine(line);
    if (parsed !== null) this.log.add(parsed);
  }

  async #unlessEnded<Value>(what: string, wait: Promise<Value>): Promise<Value> {
    const ended = this.exited.then((exit) => {
      const how = describeExit(exit);
      throw new Error(
        `The worker ended (${how}) before this came: ${what}. ${lastLines(this.output.items)}`,
      );
    });
    return Promise.race([wait, ended]);
  }
}
