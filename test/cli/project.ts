/** A user's project in a folder of its own, with this package in it, and its programs. */
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach } from 'vitest';
import {
  describe as describeAll,
  processesOfRun,
  runVariable,
  waitForNone,
} from '../support/processes.ts';
import { type Exit, type Program, startProgram } from '../support/program.mjs';
import { testGuard, WorkerProgram, type WorkerProgramOptions } from '../support/worker-program.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const projects: Project[] = [];

/** The `greenroom` program of the build. */
export const binary = join(root, 'dist/src/bundle/main.js');

afterEach(async () => {
  await Promise.all(projects.splice(0).map((project) => project.remove()));
});

/** An agent file: `definition` is what `defineAgent()` is given, `options` what `cli.runApp()` is given besides `agent`. */
export function agentSource(definition: string, options = '{}'): string {
  return `import { cli, defineAgent, getJobContext } from 'greenroom';
export default defineAgent(${definition});
cli.runApp({ agent: import.meta.url, ...${options} });
`;
}

/** A session that lives until it is ended; it never connects, as the server of these tests has no rooms. */
export const waits = `{ entry: async (ctx) => {
  console.log('entry runs', process.pid);
  await new Promise((resolve) => ctx.signal.addEventListener('abort', resolve));
} }`;

/** How a program ended, and what it printed. */
export interface Result extends Exit {
  stdout: string;
  stderr: string;
}

/** A project. */
export class Project {
  readonly directory: string;
  /** In the environment of everything that is started from here. */
  readonly #mark = randomUUID();

  constructor(files: Record<string, string>) {
    this.directory = mkdtempSync(join(tmpdir(), 'greenroom-project-'));
    projects.push(this);
    mkdirSync(join(this.directory, 'node_modules'));
    symlinkSync(root, join(this.directory, 'node_modules/greenroom'));
    for (const [name, content] of Object.entries({ 'package.json': '{"type":"module"}', ...files }))
      this.write(name, content);
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  write(name: string, content: string): void {
    mkdirSync(dirname(this.path(name)), { recursive: true });
    writeFileSync(this.path(name), content);
  }

  /** Puts a package that is installed here into it. */
  install(name: string): void {
    const link = this.path(`node_modules/${name}`);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), link);
  }

  /** Starts a worker program and reads its log. */
  worker(options: Omit<WorkerProgramOptions, 'agent'> & { agent?: string }): WorkerProgram {
    return new WorkerProgram({
      ...options,
      agent: options.agent ?? this.path('agent.js'),
      env: { [runVariable]: this.#mark, ...options.env },
    });
  }

  /** The environment of what is started from here; it names no server. */
  get env(): NodeJS.ProcessEnv {
    return { ...withoutServer(), [runVariable]: this.#mark };
  }

  /** Starts any program of Node. */
  start(args: string[], env: Record<string, string | undefined> = {}): Program {
    return startProgram(testGuard(), process.execPath, args, {
      cwd: this.directory,
      env: { ...this.env, ...env },
    });
  }

  /** Runs a program of Node to its end, in an environment that names no server. */
  async run(args: string[], env: Record<string, string | undefined> = {}): Promise<Result> {
    const child = testGuard().spawn(process.execPath, args, {
      cwd: this.directory,
      env: { ...this.env, ...env },
    });
    const text = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => (text.stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (text.stderr += chunk.toString()));
    return new Promise((resolve) => {
      child.once('close', (code, signal) => resolve({ code, signal, ...text }));
    });
  }

  /** What is left of everything that was started here, as text: empty when nothing is. */
  async left(withinMs = 5000): Promise<string> {
    return describeAll(await waitForNone(() => processesOfRun(this.#mark), withinMs));
  }

  async remove(): Promise<void> {
    for (const { pid } of processesOfRun(this.#mark)) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended by itself.
      }
    }
    await this.left();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

function withoutServer(): NodeJS.ProcessEnv {
  const { LIVEKIT_URL, LIVEKIT_API_KEY, LIVEKIT_API_SECRET, LOG_LEVEL, ...rest } = process.env;
  return rest;
}
