/** Signals at moments that nobody chooses: none is lost, and nothing is left behind. */
import { randomUUID } from 'node:crypto';
import { appendFileSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { fault, type FaultRecord, section } from '../support/fault.ts';
import {
  describe,
  listProcesses,
  processesOfRun,
  runVariable,
  waitForNone,
} from '../support/processes.ts';
import { type Program, startProgram } from '../support/program.mjs';
import { ScriptedServer } from '../support/scripted-server.ts';
import { agentFile } from '../support/stage.ts';
import { testGuard, WorkerProgram } from '../support/worker-program.ts';

const packageFolder = fileURLToPath(new URL('../..', import.meta.url));
const drained = { code: 0, signal: null };

interface StartOptions {
  agent?: string;
  args?: string[];
  env?: Record<string, string>;
}

/** A worker program, and how to see that nothing of it is left. */
async function start(record: FaultRecord, { agent = 'stays', args, env = {} }: StartOptions = {}) {
  const server = await ScriptedServer.start(record);
  const mark = randomUUID();
  const program = new WorkerProgram({
    agent: agent.startsWith('/') ? agent : agentFile(agent),
    server: server.access,
    env: { [runVariable]: mark, ...env },
    ...(args === undefined ? {} : { args }),
  });
  record.after(() => program.stop());
  return { server, program, expectNothingLeft: () => expectNothingOf(mark) };
}

async function expectNothingOf(mark: string): Promise<void> {
  const left = await waitForNone(() => processesOfRun(mark), 3_000);
  expect(describe(left), 'what is left').toBe('');
}

/** A worker with one running job. */
async function startBusy(record: FaultRecord, options?: StartOptions) {
  const running = await start(record, options);
  const connection = await running.server.available(1);
  expect(await connection.dispatch('AJ_1')).toBe(true);
  const { jobPid } = await running.program.waitForEvent('job.started');
  return { ...running, connection, jobPid: Number(jobPid) };
}

const steps = ({ log }: WorkerProgram) =>
  log.items.filter(({ event }) => event === 'cli.signal').map(({ step }) => step);

section.concurrent('Signals', () => {
  fault('SIGTERM before the worker has registered', { within: 2_000 }, async (record) => {
    const { server, program, expectNothingLeft } = await start(record, {
      env: { AGENT_OPTIONS: '{"numIdleProcesses":0}' },
    });
    server.answersRegister = false;
    await server.registered(1);
    record.start();
    program.signal('SIGTERM');
    expect(await program.exited).toEqual(drained);
    await expectNothingLeft();
    record('exit code 0, nothing is left');
    expect(program.events).not.toContain('registration.registered');
  });

  fault('SIGTERM while the first process warms up', { within: 6_000 }, async (record) => {
    const { program, expectNothingLeft } = await start(record, {
      agent: 'harms-its-worker',
      env: { PREWARM: 'hangs' },
    });
    await program.output.waitFor('prewarm', (line) => line === 'prewarm runs');
    record.start();
    program.signal('SIGTERM');
    expect(await program.exited).toEqual(drained);
    await expectNothingLeft();
    record('exit code 0, nothing is left');
  });

  fault('SIGTERM while prewarm blocks', { within: 9_000 }, async (record) => {
    const { program, expectNothingLeft } = await start(record, {
      agent: 'harms-its-worker',
      env: { PREWARM: 'blocks' },
    });
    await program.output.waitFor('prewarm', (line) => line === 'prewarm runs');
    record.start();
    program.signal('SIGTERM');
    expect(await program.exited).toEqual(drained);
    await expectNothingLeft();
    record('the process is killed, exit code 0, nothing is left');
  });

  fault('SIGTERM in the moment a process is forked', { within: 4_000 }, async (record) => {
    const { program, expectNothingLeft } = await start(record);
    await program.waitForEvent('process.starting');
    record.start();
    program.signal('SIGTERM');
    expect(await program.exited).toEqual(drained);
    await expectNothingLeft();
    record('exit code 0, nothing is left');
  });

  fault('SIGTERM twice within a millisecond', { within: 3_000 }, async (record) => {
    const { program, connection, jobPid, expectNothingLeft } = await startBusy(record);
    record.start();
    program.signal('SIGTERM');
    program.signal('SIGTERM');
    await program.waitForEvent('worker.draining');
    expect(await connection.dispatch('AJ_2')).toBe(false);
    process.kill(jobPid, 'SIGTERM');
    expect(await program.exited).toEqual(drained);
    await expectNothingLeft();
    record('counts once: drained, exit code 0');
    expect(steps(program)).toEqual(['drain']);
  });

  fault('SIGTERM and SIGINT within a millisecond', { within: 3_000 }, async (record) => {
    const { program, expectNothingLeft } = await startBusy(record);
    record.start();
    program.signal('SIGTERM');
    program.signal('SIGINT');
    const { code } = await program.exited;
    await expectNothingLeft();
    record('both count: sessions are ended, exit code 130 or 143');
    expect(steps(program)).toEqual(['drain', 'close']);
    // The kernel gives them in the order of their numbers when both wait.
    expect([130, 143]).toContain(code);
  });

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const isEnd = signal === 'SIGTERM';
    fault(`${signal} to the job process alone`, { within: 3_000 }, async (record) => {
      const { program, connection, jobPid, expectNothingLeft } = await startBusy(record);
      record.start();
      process.kill(jobPid, signal);
      // Ctrl-C reaches everyone in a terminal: the worker decides, and it ends the job here.
      if (!isEnd) connection.terminate('AJ_1');
      const { session } = await program.waitForEvent('job.ended');
      const { status } = await connection.jobUpdate('AJ_1');
      record(
        isEnd ? 'its session ends in order, the worker goes on' : 'is left to the worker to decide',
      );
      const detail = isEnd ? 'SIGTERM' : '';
      expect(session).toMatchObject({ outcome: 'succeeded', reason: 'terminated', detail });
      expect(status).toBe(2);
      expect(await connection.dispatch('AJ_2')).toBe(true);
      await program.waitForEvent('job.started', ({ jobId }) => jobId === 'AJ_2');
      for (const end of ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const) program.signal(end);
      await program.exited;
      await expectNothingLeft();
    });
  }

  fault('SIGTERM to the whole group', { within: 3_000 }, async (record) => {
    const { program, jobPid, expectNothingLeft } = await startBusy(record);
    record.start();
    process.kill(-program.pid, 'SIGTERM');
    await program.waitForEvent('worker.draining');
    expect(program.events).not.toContain('job.closing');
    process.kill(jobPid, 'SIGTERM');
    expect(await program.exited).toEqual(drained);
    await expectNothingLeft();
    record('the worker drains, job processes are in groups of their own');
  });

  fault('Ctrl-C in a terminal, in development', { within: 4_000 }, async (record) => {
    const server = await ScriptedServer.start(record);
    const { program, mark, interrupt } = startInTerminal(record, server, ['dev']);
    const connection = await server.available(1);
    expect(await connection.dispatch('AJ_1')).toBe(true);
    await program.output.waitFor('The job', (line) => line.includes('job started'));
    record.start();
    interrupt();
    const exit = await program.exited;
    await expectNothingOf(mark);
    record('sessions end in order, exit code 130, nothing is left');
    expect(exit).toEqual({ code: 130, signal: null });
    expect((await connection.jobUpdate('AJ_1')).error).toBe('worker-closing');
    expect(program.output.items.join('\n')).toContain('SIGINT: closing 1 worker');
  });

  fault('SIGINT during a reload', { within: 6_000 }, async (record) => {
    const folder = mkdtempSync(join(tmpdir(), 'greenroom-faults-'));
    record.after(() => rmSync(folder, { recursive: true }));
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(packageFolder, join(folder, 'node_modules', 'greenroom'));
    const agent = join(folder, 'agent.mjs');
    copyFileSync(agentFile('reloads'), agent);
    const { server, program, expectNothingLeft } = await startBusy(record, {
      agent,
      args: ['dev', '--log-format', 'json'],
    });
    appendFileSync(agent, '// saved\n');
    await server.registered(2);
    record.start();
    program.signal('SIGINT');
    expect(await program.exited).toEqual({ code: 130, signal: null });
    await expectNothingLeft();
    record('both workers close, exit code 130, nothing is left');
    expect(program.events).toContain('job.closing');
  });
});

/** Runs a program in a terminal of its own; `interrupt` is Ctrl-C there: the signal goes to everyone in it. */
function startInTerminal(record: FaultRecord, server: ScriptedServer, args: string[]) {
  const mark = randomUUID();
  const { url, apiKey, apiSecret } = server.access;
  const env = { LIVEKIT_URL: url, LIVEKIT_API_KEY: apiKey, LIVEKIT_API_SECRET: apiSecret };
  const command = `exec '${process.execPath}' '${agentFile('stays')}' ${args.join(' ')}`;
  const program: Program = startProgram(
    testGuard(),
    'script',
    ['--quiet', '--return', '--command', command, join(tmpdir(), `greenroom-${mark}`)],
    { env: { ...process.env, ...env, [runVariable]: mark } },
  );
  record.after(() => rmSync(join(tmpdir(), `greenroom-${mark}`), { force: true }));
  record.after(() => void program.kill('SIGKILL'));
  const interrupt = (): void => {
    const leader = listProcesses().find((info) => info.parent === program.pid);
    if (leader === undefined) throw new Error('Nothing runs in the terminal.');
    process.kill(-leader.group, 'SIGINT');
  };
  return { program, mark, interrupt };
}
