/** The command `dev` with real processes: what a saved file, a broken one, Ctrl-C and a crash do. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { isAlive } from '../support/processes.ts';
import type { EventLine, LogLine, WorkerProgram } from '../support/worker-program.ts';
import { Dispatcher } from './dispatcher.ts';
import { agentSource, binary, Project, waits } from './project.ts';

let project: Project;

afterEach(async () => {
  expect(await project.left()).toBe('');
});

/** An agent that tells which version of its file it is, and lives until SIGUSR2 or the end of its session. */
const versioned = (version: string, prewarm = '() => {}') =>
  agentSource(`{ prewarm: ${prewarm}, entry: async (ctx) => {
  console.log('this is ${version}');
  await new Promise((resolve) => {
    process.once('SIGUSR2', resolve);
    ctx.signal.addEventListener('abort', resolve);
  });
} }`);

const never = '() => new Promise(() => {})';

interface Dev {
  dispatcher: Dispatcher;
  program: WorkerProgram;
}

async function develop(source: string, args: string[] = [], agent?: string): Promise<Dev> {
  const dispatcher = await Dispatcher.start();
  project = new Project({ 'agent.js': source });
  const program = project.worker({
    server: dispatcher.access,
    args: [
      'dev',
      ...(agent === undefined ? [] : [project.path('agent.js')]),
      '--log-format',
      'json',
      ...args,
    ],
    ...(agent === undefined ? {} : { agent }),
  });
  return { dispatcher, program };
}

/** What the supervisor tells; the n-th time, counted from 1. */
async function told(program: WorkerProgram, event: string, count = 1): Promise<LogLine> {
  const all = () => program.log.items.filter((line) => line['event'] === event);
  await program.waitForLog(`${event} (${count})`, () => all().length >= count);
  return all()[count - 1]!;
}

const saidBy = (program: WorkerProgram, pid: unknown) =>
  program.log.items.filter((line) => line.pid === pid).map((line) => line['event']);

/** The end of a program that was interrupted by Ctrl-C, as a terminal does it: the signal goes to its whole group. */
async function interrupt(program: WorkerProgram) {
  process.kill(-program.pid, 'SIGINT');
  return program.exited;
}

const interrupted = { code: 130, signal: null };

describe('a saved file', () => {
  it.each([
    ['node agent.js dev', undefined],
    ['greenroom dev agent.js', binary],
  ])('gives new jobs to the new code, while running sessions live on: %s', async (_line, agent) => {
    const { dispatcher, program } = await develop(versioned('one'), [], agent);
    const first = await dispatcher.worker(1);
    await first.untilAvailable();
    await first.dispatch('AJ_1');
    const running = await program.waitForEvent('job.started');

    project.write('agent.js', versioned('two'));
    const second = await dispatcher.worker(2);
    await second.untilAvailable();
    await told(program, 'dev.serving', 2);

    await first.statuses.waitFor('FULL', ({ status }) => status === 1, {
      from: first.statuses.items.findIndex(({ status }) => status === 0),
    });
    expect(await first.dispatch('AJ_2')).toBe(false);
    expect(await second.dispatch('AJ_2')).toBe(true);
    await program.output.waitFor('two', (line) => line === 'this is two');
    expect(isAlive(Number(running.jobPid))).toBe(true);

    process.kill(Number(running.jobPid), 'SIGUSR2');
    await first.closed;
    const ended = await program.waitForEvent('worker.closed');
    expect(ended).toMatchObject({ pid: running.pid, outcome: 'drained' });
    expect(await interrupt(program)).toEqual(interrupted);
  });

  it('counts once when it is saved often', async () => {
    const { dispatcher, program } = await develop(versioned('one'));
    await (await dispatcher.worker(1)).untilAvailable();
    for (const version of ['two', 'three', 'four']) project.write('agent.js', versioned(version));
    const second = await dispatcher.worker(2);
    await second.untilAvailable();
    await second.dispatch('AJ_1');
    await program.output.waitFor('four', (line) => line === 'this is four');
    expect(await interrupt(program)).toEqual(interrupted);
    expect(dispatcher.workers.items).toHaveLength(2);
  });

  it('replaces a worker that still starts', async () => {
    const { dispatcher, program } = await develop(versioned('one'));
    await (await dispatcher.worker(1)).untilAvailable();
    project.write('agent.js', versioned('two', never));
    const second = await dispatcher.worker(2);
    project.write('agent.js', versioned('three'));
    const third = await dispatcher.worker(3);
    await third.untilAvailable();
    await second.closed;
    await third.dispatch('AJ_1');
    await program.output.waitFor('three', (line) => line === 'this is three');
    expect(await interrupt(program)).toEqual(interrupted);
  });
});

describe('a file that does not work leaves the worker before serving', () => {
  it.each([
    ['does not compile', 'const a = ;\n', 'agent.js:1'],
    ['throws while it is loaded', '\nthrow new Error("no key");\n', 'agent.js:2'],
    [
      'throws in prewarm',
      versioned('broken', `() => { throw new Error('no model'); }`),
      'no model',
    ],
    [
      'has no default export',
      `import { cli } from 'greenroom'; cli.runApp({ agent: import.meta.url });`,
      'must have a default export',
    ],
  ])('when it %s, and tells why', async (_name, source, words) => {
    const { dispatcher, program } = await develop(versioned('one'));
    const first = await dispatcher.worker(1);
    await first.untilAvailable();

    project.write('agent.js', source);
    await told(program, 'dev.kept');
    // It is written to the other stream, which may be read later.
    await program.output.waitFor(words, (line) => line.includes(words));
    expect(await first.dispatch('AJ_1')).toBe(true);

    project.write('agent.js', versioned('two'));
    await told(program, 'dev.serving', 2);
    await program.output.waitFor('one', (line) => line === 'this is one');
    expect(await interrupt(program)).toEqual(interrupted);
  });
});

describe('Ctrl-C', () => {
  it('ends the sessions of all workers, also during a reload', async () => {
    const { dispatcher, program } = await develop(versioned('one'));
    const first = await dispatcher.worker(1);
    await first.untilAvailable();
    await first.dispatch('AJ_1');
    await program.waitForEvent('job.started');
    project.write('agent.js', versioned('two'));
    await (await dispatcher.worker(2)).untilAvailable();
    project.write('agent.js', versioned('three', never));
    await dispatcher.worker(3);

    expect(await interrupt(program)).toEqual(interrupted);

    expect(await told(program, 'dev.closing')).toMatchObject({ workers: 3, step: 'close' });
    expect(program.log.items.find((line) => line.event === 'job.ended')).toMatchObject({
      session: { reason: 'worker-closing' },
    });
  });

  it('ends at once what has only just begun to start', async () => {
    const { program } = await develop(versioned('one'));
    await told(program, 'dev.watching');
    expect(await interrupt(program)).toEqual(interrupted);
  });

  it('kills when it comes again', async () => {
    const stubborn = agentSource(`{ entry: () => new Promise(() => setInterval(() => {}, 1000)) }`);
    const { dispatcher, program } = await develop(stubborn);
    const first = await dispatcher.worker(1);
    await first.untilAvailable();
    await first.dispatch('AJ_1');
    await program.waitForEvent('job.started');
    program.signal('SIGINT');
    await program.waitForEvent('job.closing');
    program.signal('SIGTERM');
    expect(await program.exited).toEqual(interrupted);
    expect(program.log.items.find((line) => line.event === 'worker.closed')).toMatchObject({
      abandoned: ['AJ_1'],
    });
  });

  it('ends with the exit code of its signal', async () => {
    const { program } = await develop(versioned('one'));
    await told(program, 'dev.serving');
    program.signal('SIGTERM');
    expect(await program.exited).toEqual({ code: 143, signal: null });
  });
});

describe('a worker that ends by itself', () => {
  it('is started again at the next change, and not before', async () => {
    const { dispatcher, program } = await develop(versioned('one'));
    await told(program, 'dev.serving');
    const { pid } = await told(program, 'worker.available');
    process.kill(Number(pid), 'SIGKILL');
    expect(await told(program, 'dev.waiting')).toMatchObject({ signal: 'SIGKILL' });
    project.write('agent.js', versioned('two'));
    await (await dispatcher.worker(2)).untilAvailable();
    await told(program, 'dev.serving', 2);
    expect(await interrupt(program)).toEqual(interrupted);
    expect(dispatcher.workers.items).toHaveLength(2);
  });

  it('ends the program when it is the first and no saved file would help', async () => {
    project = new Project({ 'agent.js': agentSource(waits) });
    const result = await project.run(['agent.js', 'dev'], { LIVEKIT_URL: 'ws://127.0.0.1:9' });
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/^Error GR_CREDENTIALS_MISSING: LIVEKIT_API_KEY and/);
  });
});

it('ends its sessions in order when the supervisor is killed', async () => {
  const { dispatcher, program } = await develop(agentSource(waits));
  const first = await dispatcher.worker(1);
  await first.untilAvailable();
  await first.dispatch('AJ_1');
  const { pid } = await program.waitForEvent('job.started');
  program.signal('SIGKILL');
  // Standard output ends with the last process that has it.
  await program.exited;
  expect(saidBy(program, pid).slice(-1)).toEqual(['worker.closed']);
  expect(program.log.items.find((line) => line.event === 'job.ended')).toMatchObject({
    session: { reason: 'worker-closing' },
  });
});

describe('the HTTP port', () => {
  const httpPort = (program: WorkerProgram, pid: unknown) =>
    program.waitForLog(
      'The HTTP port',
      (line) => line.pid === pid && typeof line['port'] === 'number',
    );

  it('that was asked for stays with the worker that has it, until it ends', async () => {
    const wanted = await freePort();
    const { dispatcher, program } = await develop(versioned('one'), ['--port', String(wanted)]);
    const first = await dispatcher.worker(1);
    await first.untilAvailable();
    await first.dispatch('AJ_1');
    const { pid: firstPid, jobPid } = await program.waitForEvent('job.started');
    expect(await httpPort(program, firstPid)).toMatchObject({ port: wanted });

    project.write('agent.js', versioned('two'));
    await told(program, 'dev.serving', 2);
    const { pid: secondPid } = await told(program, 'worker.available', 2);
    expect((await httpPort(program, secondPid))['port']).not.toBe(wanted);
    expect((await fetch(`http://127.0.0.1:${wanted}/`)).status).toBe(200);

    process.kill(Number(jobPid), 'SIGUSR2');
    await told(program, 'worker.closed');
    expect(await interrupt(program)).toEqual(interrupted);
  });
});

it('tells agents that they are being developed', async () => {
  const source = `import { isDevMode } from 'greenroom';
${agentSource(`{ entry: async () => { console.log('developed:', isDevMode()); } }`)}`;
  const { dispatcher, program } = await develop(source);
  const first = await dispatcher.worker(1);
  await first.untilAvailable();
  await first.dispatch('AJ_1');
  const line = await program.output.waitFor('The answer', (text) => text.startsWith('developed:'));
  expect(line).toBe('developed: true');
  const job: EventLine<'job.ended'> = await program.waitForEvent('job.ended');
  expect(job.end).toBe('succeeded');
  expect(await interrupt(program)).toEqual(interrupted);
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
