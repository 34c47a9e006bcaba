/** `npm start` as a newcomer runs it, and what is left of it when it is killed. */
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import {
  describe as describeAll,
  processesOfRun,
  runVariable,
  waitForNone,
} from '../support/processes.ts';
import { type Program, startProgram } from '../support/program.mjs';
import { testGuard } from '../support/worker-program.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const goneWithinMs = 30_000;
let mark: string;

beforeEach(() => {
  mark = randomUUID();
});

afterEach(() => {
  for (const { pid } of processesOfRun(mark)) process.kill(pid, 'SIGKILL');
});

function npmStart(args: string[] = [], env: Record<string, string> = {}): Program {
  return startProgram(testGuard(), 'npm', ['start', '--silent', '--', ...args], {
    cwd: root,
    env: {
      ...process.env,
      LIVEKIT_SERVER_BIN: inject('liveKitBinary'),
      [runVariable]: mark,
      ...env,
    },
  });
}

/** The line that holds these words, once it is printed. */
const line = (program: Program, words: string) =>
  program.output.waitFor(words, (text) => text.includes(words), { timeoutMs: 25_000 });

async function expectNothingLeft(withinMs: number) {
  expect(describeAll(await waitForNone(() => processesOfRun(mark), withinMs))).toBe('');
}

test(
  'shows the whole lifecycle, in order and without colours, and ends with 0 within 30 s',
  { timeout: 40_000 },
  async () => {
    const started = performance.now();
    const program = npmStart();

    expect(await program.exited).toEqual({ code: 0, signal: null });

    expect(performance.now() - started).toBeLessThan(30_000);
    const output = program.output.items.join('\n');
    const inOrder = [
      /server \d+ +LiveKit \S+ \(LIVEKIT_SERVER_BIN\) listens on ws:\/\/127\.0\.0\.1:\d+/,
      /worker \d+ +starts: node docs\/examples\/main-job\/agent\.js start/,
      /job process \d+ +is warm after \d+ ms/,
      /worker \d+ +is available/,
      /caller \d+ +dispatched "main-job" to the room/,
      /worker \d+ +is offered the job AJ_/,
      /worker \d+ +accepts it, as the participant "agent-AJ_/,
      /worker \d+ +is assigned the job/,
      /job process \d+ +runs the agent's entry function/,
      /caller \d+ +is told: The room where performers wait/,
      /caller \d+ +is told that the agent heard \d{2,} frames of sound/,
      /caller \d+ +hung up/,
      /worker \d+ +the session closes: room-closed/,
      /worker \d+ +the job has ended: succeeded \(room-closed\)/,
      /worker \d+ +drains/,
      /worker \d+ +has ended: exit code 0/,
      /The main job, step by step/,
      /\d+ ms +drain the worker +exit code 0/,
    ];
    let from = 0;
    for (const expected of inOrder) {
      const found = expected.exec(output.slice(from));
      expect(
        found,
        `${expected} should come after:\n${output.slice(0, from)}\nin:\n${output.slice(from)}`,
      ).not.toBeNull();
      from += (found?.index ?? 0) + (found?.[0].length ?? 0);
    }
    // The one that ran the job, and the warm one.
    expect(output.match(/job process \d+ +has ended: exit code 0\n/g)).toHaveLength(2);
    expect(output).not.toContain('\u001B');
    await expectNothingLeft(2000);
  },
);

test(
  '--stay keeps the worker up for calls by the command it prints; SIGINT drains it and ends with 0',
  { timeout: 60_000 },
  async () => {
    const program = npmStart(['--stay']);
    const command = await line(program, 'node docs/examples/main-job/call.js');
    const caller = startProgram(testGuard(), '/bin/sh', ['-c', command], { cwd: root });
    expect(await caller.exited).toEqual({ code: 0, signal: null });
    expect(caller.output.items).toContain('hung up');

    program.kill('SIGINT');

    expect(await program.exited).toEqual({ code: 0, signal: null });
    await line(program, 'drain the worker');
    await expectNothingLeft(2000);
  },
);

test(
  'with --stay, a second SIGINT while a call goes on closes at once, with 130',
  { timeout: 60_000 },
  async () => {
    const program = npmStart(['--stay']);
    const command = await line(program, 'node docs/examples/main-job/call.js');
    const caller = startProgram(testGuard(), '/bin/sh', ['-c', command], { cwd: root });
    await caller.output.waitFor('The sound', (text) => text === 'sends sound');

    program.kill('SIGINT');
    // A drain waits for the job that runs.
    await line(program, 'drains: no new jobs, 1 still running');
    program.kill('SIGINT');

    expect(await program.exited).toEqual({ code: 130, signal: null });
    expect(program.output.items.join('\n')).toMatch(/the session closes: worker-closing/);
    await expectNothingLeft(2000);
    caller.kill('SIGKILL');
    await caller.exited;
  },
);

test.each(['starts: node', 'is available', 'joined the room', 'sends SIGTERM to the worker'])(
  'killed with SIGKILL at "%s", it leaves nothing',
  { timeout: 60_000 },
  async (words) => {
    const program = npmStart();
    await line(program, words);
    // npm, which runs the start program in its own group.
    program.kill('SIGKILL');
    const start = processesOfRun(mark).find(({ command }) => command.includes('start.mjs'));
    if (start) process.kill(start.pid, 'SIGKILL');

    await expectNothingLeft(goneWithinMs);
  },
);

test(
  'when npm alone is killed, it ends by itself and leaves nothing',
  { timeout: 60_000 },
  async () => {
    const program = npmStart(['--stay']);
    await line(program, 'Ctrl-C drains the worker');
    program.kill('SIGKILL');
    await expectNothingLeft(goneWithinMs);
  },
);

test('SIGTERM in the middle of a call ends everything, with 143', { timeout: 60_000 }, async () => {
  const program = npmStart();
  await line(program, 'sends sound');
  const start = processesOfRun(mark).find(({ command }) => command.includes('start.mjs'));
  process.kill(start?.pid ?? 0, 'SIGTERM');
  expect(await program.exited).toEqual({ code: 143, signal: null });
  await expectNothingLeft(2000);
});

test(
  'a worker that dies fails the run, which names the step and shows its last lines',
  { timeout: 60_000 },
  async () => {
    const program = npmStart();
    await line(program, 'sends sound');
    const worker = processesOfRun(mark).find(({ command }) => command.includes('agent.js start'));
    process.kill(worker?.pid ?? 0, 'SIGKILL');
    expect(await program.exited).toEqual({ code: 1, signal: null });
    const output = program.output.items.join('\n');
    expect(output).toMatch(
      /Failed at the step "call the agent": The worker has ended \(SIGKILL\)\.$/,
    );
    expect(output).toMatch(/Last lines of the worker \(process \d+\):\n[^]*"event":"job\.started"/);
    await expectNothingLeft(goneWithinMs);
  },
);

test(
  'uses the server that LIVEKIT_URL names, with an agent name of its own',
  { timeout: 40_000 },
  async () => {
    const { url, apiKey, apiSecret } = inject('liveKit');
    const program = npmStart([], {
      LIVEKIT_URL: url,
      LIVEKIT_API_KEY: apiKey,
      LIVEKIT_API_SECRET: apiSecret,
    });
    expect(await program.exited).toEqual({ code: 0, signal: null });
    const output = program.output.items.join('\n');
    expect(output).toContain(`uses the server at ${url}, which LIVEKIT_URL names`);
    expect(output).toMatch(
      /registered with the server as AW_\w+ for the agent "main-job-[0-9a-f]{8}"/,
    );
    expect(output).not.toMatch(/^ *\d+ ms {2}server/m);
    await expectNothingLeft(2000);
  },
);

test.each([
  ['without a key', { LIVEKIT_URL: 'ws://127.0.0.1:1' }, 'LIVEKIT_API_KEY is not set'],
  [
    'that nothing answers',
    { LIVEKIT_URL: 'ws://127.0.0.1:1', LIVEKIT_API_KEY: 'key', LIVEKIT_API_SECRET: 'secret' },
    'no server answers there',
  ],
])('LIVEKIT_URL %s is an error that says what to do', async (_case, env, words) => {
  const program = npmStart([], { LIVEKIT_API_KEY: '', LIVEKIT_API_SECRET: '', ...env });
  expect(await program.exited).toEqual({ code: 1, signal: null });
  expect(program.output.items.join('\n')).toContain(
    `"start the server": LIVEKIT_URL is ws://127.0.0.1:1`,
  );
  expect(program.output.items.join('\n')).toContain(words);
});

test('an unknown option is an error', async () => {
  const program = npmStart(['--sty']);
  expect(await program.exited).toEqual({ code: 1, signal: null });
  expect(program.output.items).toContain('There is no option --sty.');
});
