/** `npm start` where there is no LiveKit server and nothing to build one with. */
import { randomUUID } from 'node:crypto';
import { accessSync, constants, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  describe as describeAll,
  processesOfRun,
  runVariable,
  waitForNone,
} from '../support/processes.ts';
import { type Program, startProgram } from '../support/program.mjs';
import { testGuard } from '../support/worker-program.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** What the start program and its guards call. */
const tools = ['sh', 'sleep', 'kill', 'ps', 'cat', 'env', 'node'];

let folder: string;
let mark: string;

beforeEach(() => {
  mark = randomUUID();
  folder = mkdtempSync(join(tmpdir(), 'greenroom-no-server-'));
  mkdirSync(join(folder, 'bin'));
  mkdirSync(join(folder, 'cache'));
  for (const tool of tools) {
    const found = (process.env['PATH'] ?? '')
      .split(delimiter)
      .map((place) => join(place, tool))
      .find(isProgram);
    if (found !== undefined) symlinkSync(found, join(folder, 'bin', tool));
  }
});

afterEach(() => {
  for (const { pid } of processesOfRun(mark)) process.kill(pid, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function start(...args: string[]): Program {
  const {
    LIVEKIT_URL: _url,
    LIVEKIT_API_KEY: _key,
    LIVEKIT_API_SECRET: _secret,
    LIVEKIT_SERVER_BIN: _bin,
    npm_lifecycle_event: _npm,
    ...env
  } = process.env;
  const file = 'docs/examples/main-job/start.mjs';
  return startProgram(testGuard(), process.execPath, [file, ...args], {
    cwd: root,
    env: {
      ...env,
      PATH: join(folder, 'bin'),
      XDG_CACHE_HOME: join(folder, 'cache'),
      [runVariable]: mark,
    },
  });
}

async function expectNothingLeft() {
  expect(describeAll(await waitForNone(() => processesOfRun(mark), 2000))).toBe('');
}

test(
  'a simulated server and caller take the place, and it says so',
  { timeout: 60_000 },
  async () => {
    const program = start();

    expect(await program.exited).toEqual({ code: 0, signal: null });

    const output = program.output.items.join('\n');
    const inOrder = [
      /start +There is no LiveKit server on this machine: server, room and caller are simulated, without sound and video\./,
      /start +For a real one: set LIVEKIT_URL, put livekit-server on the PATH, or install Go\./,
      /server \d+ +Greenroom's simulated server listens on ws:\/\/127\.0\.0\.1:\d+/,
      /worker \d+ +registered with the server as AW_\w+ for the agent "main-job"/,
      /worker \d+ +is offered the job AJ_/,
      /caller \d+ +is told: The room where performers wait/,
      /caller \d+ +hung up/,
      /worker \d+ +the session closes: room-closed/,
      /worker \d+ +the job has ended: succeeded \(room-closed\)/,
      /worker \d+ +has ended: exit code 0/,
      /The main job, step by step/,
      /start the server +simulated, no media/,
      /drain the worker +exit code 0/,
    ];
    let from = 0;
    for (const expected of inOrder) {
      const found = expected.exec(output.slice(from));
      expect(found, `${expected} should come after:\n${output.slice(0, from)}`).not.toBeNull();
      from += (found?.index ?? 0) + (found?.[0].length ?? 0);
    }
    expect(output).not.toMatch(/^ *-\d/m);
    await expectNothingLeft();
  },
);

test(
  '--stay prints a command that calls the simulated agent again',
  { timeout: 60_000 },
  async () => {
    const program = start('--stay');
    const command = await program.output.waitFor(
      'The command',
      (text) => text.includes('node docs/examples/main-job/simulated-call.js'),
      { timeoutMs: 30_000 },
    );
    const caller = startProgram(testGuard(), '/bin/sh', ['-c', command], { cwd: root });
    expect(await caller.exited).toEqual({ code: 0, signal: null });
    expect(caller.output.items.at(-1)).toBe('hung up');
    program.kill('SIGINT');
    expect(await program.exited).toEqual({ code: 0, signal: null });
    await expectNothingLeft();
  },
);
