/** Forks a real job process and plays the worker on the other end of its link. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach } from 'vitest';
import type { LaunchOrder } from '../../machines/messages.ts';
import {
  LINK_VERSION,
  type FromJobProcess,
  type SessionLimits,
  type ToJobProcess,
} from '../../src/ipc/messages.ts';
import { Recorder } from '../support/recorder.mjs';

const mainFile = fileURLToPath(new URL('../../src/child/main.ts', import.meta.url));
const agentModule = new URL('../../src/child/', import.meta.url).href;

export const limits: SessionLimits = {
  totalMs: 8_000,
  entryGraceMs: 1_000,
  sessionEndMs: 1_000,
  reportMs: 500,
  leaveMs: 1_000,
  callbacksMs: 1_000,
  flushMs: 500,
  disposeMs: 1_000,
  terminationMs: 1_000,
  unconnectedWarnMs: 5_000,
  orphanMs: 3_000,
};

export const order: LaunchOrder = {
  job: {
    id: 'AJ_test',
    dispatchId: 'AD_test',
    type: 0,
    agentName: 'greeter',
    metadata: 'some metadata',
    deployment: '',
    attributes: { color: 'green' },
    room: { sid: 'RM_test', name: 'the-room', creationTime: '1700000000' },
  },
  accept: { name: '', identity: 'agent-AJ_test', metadata: '', attributes: {} },
  // Nothing listens there.
  url: 'ws://127.0.0.1:9',
  token: `x.${Buffer.from(JSON.stringify({ sub: 'agent-AJ_test' })).toString('base64url')}.x`,
  workerId: 'AW_test',
};

let folder: string | null = null;
const running: JobProcessOnFork[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((child) => child.end()));
  if (folder !== null) rmSync(folder, { recursive: true, force: true });
  folder = null;
});

/** Writes an agent file and returns its path. `imports` gives it the names it needs from `src/child`. */
export function agentFile(name: string, source: string, imports: Record<string, string> = {}) {
  folder ??= mkdtempSync(join(tmpdir(), 'greenroom-agents-'));
  const path = join(folder, name);
  const lines = Object.entries(imports).map(
    ([names, file]) => `import { ${names} } from '${agentModule}${file}';\n`,
  );
  writeFileSync(path, lines.join('') + source);
  return path;
}

/** An agent file in ESM whose default export is `defineAgent(<definition>)`. */
export function agent(definition: string, before = '') {
  return agentFile('agent.mjs', `${before}\nexport default defineAgent(${definition});\n`, {
    defineAgent: 'agent-definition.ts',
    getJobContext: 'job-context-storage.ts',
  });
}

/** A forked job process. */
export class JobProcessOnFork {
  readonly child: ChildProcess;
  readonly messages = new Recorder<FromJobProcess>((items) => JSON.stringify(items));
  readonly exited: Promise<{ code: number | null; signal: string | null }>;
  output = '';

  constructor(args: { env?: Record<string, string>; main?: string; execArgv?: string[] } = {}) {
    this.child = fork(args.main ?? mainFile, {
      execArgv: args.execArgv ?? ['--import', 'tsx'],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...process.env, ...args.env },
    });
    this.child.on('message', (message) => this.messages.add(message as FromJobProcess));
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    }
    // 'close' never comes once the link was disconnected from here.
    const streams = [this.child.stdout!, this.child.stderr!].map((stream) => once(stream, 'close'));
    this.exited = once(this.child, 'exit').then(async ([code, signal]) => {
      await Promise.all(streams);
      return { code, signal };
    });
    running.push(this);
  }

  /** Forks a job process and waits until it is warm. */
  static async warm(agentPath: string, change: Partial<SessionLimits> = {}) {
    const child = new JobProcessOnFork();
    child.initialize(agentPath, change);
    await child.next('warm');
    return child;
  }

  /** Forks a job process and launches the job. */
  static async launched(agentPath: string, change: Partial<SessionLimits> = {}) {
    const child = await JobProcessOnFork.warm(agentPath, change);
    child.send({ type: 'launch', order, credentials: null });
    return child;
  }

  send(message: ToJobProcess): void {
    this.child.send(message);
  }

  initialize(agentPath: string, change: Partial<SessionLimits> = {}, level = 'info'): void {
    this.send({
      type: 'initialize',
      version: LINK_VERSION,
      agent: agentPath,
      log: { level, pretty: false },
      limits: { ...limits, ...change },
      announce: true,
      rehearse: false,
      quickConnect: false,
    });
  }

  /** The first message of that type, be it here already or still to come. */
  next<Type extends FromJobProcess['type']>(type: Type) {
    return this.messages.waitFor(`The message ${type}`, (message) => message.type === type, {
      timeoutMs: 10_000,
    }) as Promise<Extract<FromJobProcess, { type: Type }>>;
  }

  /** Waits for the outcome, confirms it and waits for the end of the process. */
  async finish() {
    const { outcome } = await this.next('session.outcome');
    this.send({ type: 'outcomeReported' });
    return { outcome, exit: await this.exited };
  }

  types(): string[] {
    return this.messages.items.map(({ type }) => type);
  }

  /** What the process printed, as far as it is JSON lines. */
  log(): Record<string, unknown>[] {
    return this.output
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  async end(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited;
  }
}
