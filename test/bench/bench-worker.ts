/** The worker of one candidate, seen from outside: its facts, its processes, its end. */
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import type { Guard } from '../support/guard.mjs';
import { lastLines, parseLogLine, type Program, startProgram } from '../support/program.mjs';
import type { BenchServer } from './bench-server.ts';
import { says } from './bench-server.ts';
import type { Candidate, WorkerSettings } from './candidates.ts';
import { now } from './clock.ts';
import { type Fact, FactPipe } from './fact-pipe.ts';
import { treeOf } from './process-usage.ts';

/** What the workers of a run have in common. */
export interface BenchSurroundings {
  server: BenchServer;
  guard: Guard;
  /** The Node program to start them with. */
  node: string;
  /** Added to what every worker is given. */
  env?: Record<string, string>;
}

/** How long a worker may take to be ready, or a job to be where it should be. */
const waitMs = 60_000;
const stopWithinMs = 30_000;
const lookEveryMs = 2;

/** A worker that was started. */
export class BenchWorker {
  readonly candidate: Candidate;
  readonly startedAt: number;
  readonly pid: number;
  readonly #pipe: FactPipe;
  readonly #program: Program;
  readonly #port: number;
  readonly #server: BenchServer;
  /** Lines that the server had logged before. */
  readonly #from: number;
  #linesTold = 0;

  /** Starts one and returns at once. */
  static async start(
    candidate: Candidate,
    settings: WorkerSettings,
    surroundings: BenchSurroundings,
  ): Promise<BenchWorker> {
    return new BenchWorker(candidate, settings, surroundings, await freePort());
  }

  private constructor(
    candidate: Candidate,
    { numIdleProcesses, loadLimit, agentName = 'bench' }: WorkerSettings,
    { server, guard, node, env = {} }: BenchSurroundings,
    port: number,
  ) {
    const { url, apiKey, apiSecret } = server.server;
    const idle = numIdleProcesses === 0 ? candidate.noIdleProcesses : numIdleProcesses;
    const [command, ...args] = candidate.command(node);
    this.candidate = candidate;
    this.#server = server;
    this.#port = port;
    this.#pipe = new FactPipe();
    this.#from = server.lines.items.length;
    this.startedAt = now();
    this.#program = startProgram(guard, command, args, {
      cwd: candidate.installation.folder,
      env: {
        ...inheritedEnvironment(),
        NODE_ENV: 'production',
        LIVEKIT_URL: url,
        LIVEKIT_API_KEY: apiKey,
        LIVEKIT_API_SECRET: apiSecret,
        BENCH_FACTS: this.#pipe.path,
        BENCH_OPTIONS: JSON.stringify({ numIdleProcesses: idle, loadLimit, agentName, port }),
        ...candidate.env,
        ...env,
      },
    });
    this.pid = this.#program.pid;
  }

  /** When the server logged its registration. */
  async registered(): Promise<number> {
    const { at } = await this.#unlessEnded(
      this.#server.line(says.registered, ({ agentName }) => agentName === 'bench', {
        from: this.#from,
        timeoutMs: waitMs,
      }),
    );
    return at;
  }

  /** When the server learned that it takes jobs; one that starts as available is so from its registration on. */
  async available(): Promise<number> {
    const registered = await this.registered();
    if (!this.candidate.startsFull) return registered;
    const isAvailable = (fields: Record<string, unknown>): boolean =>
      fields['status'] === 'WS_AVAILABLE';
    const options = { from: this.#from, timeoutMs: waitMs };
    const { at } = await this.#unlessEnded(this.#server.line(says.status, isAvailable, options));
    return at;
  }

  /** The n-th of the facts of a kind, counted from 1, be it here already or still to come. */
  async fact(kind: Fact['fact'], count = 1): Promise<Fact> {
    const enough = (): boolean => this.facts(kind).length >= count;
    await this.#unlessEnded(
      this.#pipe.facts.waitFor(`Fact ${count} of "${kind}"`, enough, { timeoutMs: waitMs }),
    );
    return this.facts(kind)[count - 1] as Fact;
  }

  /** A fact about the job in a room; fails when the server has found nobody for it. */
  factAbout(kind: Fact['fact'], room: string): Promise<Fact> {
    const isIt = (fact: Fact): boolean => fact.fact === kind && fact.room === room;
    const options = { timeoutMs: waitMs };
    const refused = this.#server.refusal(room, options).then(
      (): never => {
        throw new Error(`${this.candidate.name} was not given the job in ${room}.`);
      },
      // Neither came: the other wait says so.
      () => new Promise<never>(() => {}),
    );
    const told = this.#pipe.facts.waitFor(`"${kind}" in ${room}`, isIt, options);
    return Promise.race([this.#unlessEnded(told), refused]);
  }

  /** The facts of a kind that have been told so far. */
  facts(kind: Fact['fact']): Fact[] {
    return this.#pipe.facts.items.filter(({ fact }) => fact === kind);
  }

  /** What it prints next as JSON with such a field, or has printed since it was last asked. */
  async told(field: string): Promise<Record<string, unknown>> {
    const from = this.#linesTold;
    const isIt = (line: string): boolean => Object.hasOwn(parseLogLine(line) ?? {}, field);
    const { output } = this.#program;
    const line = await this.#unlessEnded(
      output.waitFor(`"${field}"`, isIt, { from, timeoutMs: waitMs }),
    );
    this.#linesTold = output.items.indexOf(line, from) + 1;
    return parseLogLine(line) ?? {};
  }

  /** Signals the worker process. */
  signal(signal: NodeJS.Signals): void {
    this.#program.kill(signal);
  }

  /** When GET /worker counted no more than so many jobs. */
  async activeJobs(atMost: number): Promise<number> {
    for (;;) {
      const response = await fetch(`http://127.0.0.1:${this.#port}/worker`);
      const { active_jobs: active = 0 } = (await response.json()) as { active_jobs?: number };
      if (active <= atMost) return now();
      await pause(lookEveryMs);
    }
  }

  /** Sends SIGTERM and waits until nothing of it is left; what does not go is killed. Answers how long it took. */
  async stop(): Promise<number> {
    const tree = treeOf(this.pid);
    const asked = now();
    this.#program.kill('SIGTERM');
    const deadline = asked + stopWithinMs;
    while (tree.some((pid) => isRunning(pid)) && now() < deadline) await pause(lookEveryMs);
    const tookMs = now() - asked;
    for (const pid of tree.filter((each) => isRunning(each))) process.kill(pid, 'SIGKILL');
    await this.#program.exited;
    this.#pipe.close();
    return tookMs;
  }

  async #unlessEnded<Value>(wait: Promise<Value>): Promise<Value> {
    const { name } = this.candidate;
    const ended = this.#program.exited.then(() => {
      const lines = lastLines(this.#program.output.items);
      throw new Error(`The worker of ${name} has ended. ${lines}`);
    });
    // What was printed says more than that something did not come.
    const explained = wait.catch((error: Error) => {
      throw new Error(`${name}: ${error.message} ${lastLines(this.#program.output.items)}`);
    });
    return Promise.race([explained, ended]);
  }
}

/** Resolves with the time when a process was gone. */
export async function gone(pid: number): Promise<number> {
  while (isRunning(pid)) await pause(lookEveryMs);
  return now();
}

/** Resolves when the parent of a process that is gone has taken note of it: only then its CPU time counts as the parent's. */
export async function reaped(pid: number): Promise<void> {
  while (existsSync(`/proc/${pid}`)) await pause(lookEveryMs);
}

/** A process that has ended and was not waited for by its parent runs no more. */
export function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return !['Z', 'X'].includes(stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3));
  } catch {
    return false;
  }
}

/** Nothing but what every program needs: no variable of this shell makes one of them slower. */
function inheritedEnvironment(): NodeJS.ProcessEnv {
  const names = ['PATH', 'HOME', 'LANG', 'TMPDIR'];
  return Object.fromEntries(names.map((name) => [name, process.env[name]]));
}

async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => void server.close(resolve));
  return port;
}
