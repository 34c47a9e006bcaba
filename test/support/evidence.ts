/** Everything that could be seen of a worker program and its job processes, to look for what must not be there. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startWorkerProgram, type WorkerProgram } from './worker-program.ts';
import type { ServerAccess } from './participants.ts';
import { descendantsOf } from './processes.ts';

const program = fileURLToPath(new URL('../fixtures/shows-everything.mjs', import.meta.url));

/** Header and payload of a token, or more. */
const anyToken = /eyJ[\w-]{8,}\.[\w-]{8,}/;

/** One program that shows all it can, and what was seen of it. */
export class Evidence {
  readonly program: WorkerProgram;
  readonly #secrets: string[];
  readonly #seen: string[] = [];

  /** Starts the program; `secrets` must never be seen. */
  constructor(
    server: ServerAccess,
    secrets: string[],
    { options = {}, env = {} }: { options?: object; env?: Record<string, string> } = {},
  ) {
    this.#secrets = secrets;
    this.program = startWorkerProgram({
      agent: program,
      server,
      args: [],
      env: { WORKER_OPTIONS: JSON.stringify(options), ...env },
    });
  }

  /** Looks at the command lines and names of the program and of all processes that it started. */
  lookAtProcesses(): void {
    for (const pid of [this.program.pid, ...this.jobPids()]) {
      for (const file of ['cmdline', 'comm']) {
        this.#seen.push(`${file} of ${pid}: ${read(`/proc/${pid}/${file}`)}`);
      }
    }
  }

  /** What the program has started. */
  jobPids(): number[] {
    return descendantsOf(this.program.pid).map(({ pid }) => pid);
  }

  /** Asks the HTTP server of the worker, in good ways and in bad ones. */
  async lookAtHttp(): Promise<void> {
    const { port } = await this.program.waitForLog('The port', ({ msg = '' }) =>
      msg.startsWith('HTTP server listens'),
    );
    for (const path of ['/', '/worker', '/worker?options', '/options', '/%00', '/metrics']) {
      for (const method of ['GET', 'POST', 'OPTIONS']) {
        const response = await fetch(`http://127.0.0.1:${String(port)}${path}`, { method });
        const headers = JSON.stringify([...response.headers]);
        this.#seen.push(
          `${method} ${path}: ${response.status} ${headers} ${await response.text()}`,
        );
      }
    }
  }

  /** Everything that was seen so far, line by line. */
  get lines(): string[] {
    return [...this.#seen, ...this.program.output.items];
  }

  /** The lines that show a secret or a token, the place of it in short. */
  leaks(): string[] {
    return this.lines.flatMap((line) => {
      const at = [...this.#secrets.map((secret) => line.indexOf(secret)), line.search(anyToken)];
      return at.filter((index) => index >= 0).map((index) => excerpt(line, index));
    });
  }
}

function excerpt(line: string, index: number): string {
  return `${line.slice(0, 60)} … ${line.slice(Math.max(0, index - 80), index + 60)}`;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8').replaceAll('\0', ' ');
  } catch {
    // It ended while we looked, or there is no such file system.
    return '';
  }
}
