/** `AgentServer`, the worker as users of `@livekit/agents` know it, in a program that uses it. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Program } from '../support/program.mjs';
import { Dispatcher } from '../cli/dispatcher.ts';
import { Project } from '../cli/project.ts';

let project: Project;

afterEach(async () => {
  expect(await project.left()).toBe('');
});

const agent = `import { defineAgent } from 'greenroom';
export default defineAgent({ entry: async (ctx) => {
  console.log('entry runs');
  await new Promise((resolve) => ctx.signal.addEventListener('abort', resolve));
} });`;

/** A program that does `onSignal` when it gets SIGUSR2. */
const program = (
  onSignal: string,
) => `import { AgentServer, ServerOptions, Worker } from 'greenroom';
const server = new AgentServer(new ServerOptions({ agent: 'agent.js', agentName: 'x', port: null, logLevel: 'error', logFormat: 'json' }));
const say = (...values) => console.log(JSON.stringify(values, (_key, value) => typeof value === 'bigint' ? String(value) : value));
say('before', server.id, server.activeJobs.length, Worker === AgentServer);
server.event.on('worker_registered', (id, info) => say('registered', id, server.id, info.version));
process.on('SIGUSR2', async () => { ${onSignal} });
server.run().then(() => say('run resolved'), (error) => say('run failed', error.code));
`;

async function launch(onSignal: string) {
  const dispatcher = await Dispatcher.start();
  const { url, apiKey, apiSecret } = dispatcher.access;
  project = new Project({ 'agent.js': agent, 'main.js': program(onSignal) });
  const started = project.start(['main.js'], {
    LIVEKIT_URL: url,
    LIVEKIT_API_KEY: apiKey,
    LIVEKIT_API_SECRET: apiSecret,
  });
  const worker = await dispatcher.worker(1);
  await worker.untilAvailable();
  return { started, worker };
}

const said = ({ output }: Program) =>
  output.items.filter((line) => line.startsWith('[')).map((line) => JSON.parse(line) as unknown[]);

it('runs, shows its jobs, asks for one and closes', async () => {
  const { started, worker } = await launch(`
    const [job] = server.activeJobs;
    say('job', job.job.id, job.job.constructor.typeName, job.acceptArguments.identity, job.token, job.workerId, job.url);
    await server.simulateJob('another-room', 'ann');
    await server.close();
    say('closed');`);
  await worker.dispatch('AJ_1');
  await started.output.waitFor('The job', (line) => line === 'entry runs');

  started.kill('SIGUSR2');

  expect(await worker.simulated.waitFor('The simulated job', () => true)).toEqual({
    room: 'another-room',
    participant: 'ann',
  });
  expect(await started.exited).toEqual({ code: 0, signal: null });
  expect(said(started)).toEqual([
    ['before', 'unregistered', 0, true],
    ['registered', 'AW_1', 'AW_1', 'test'],
    [
      'job',
      'AJ_1',
      'livekit.Job',
      'agent-AJ_1',
      expect.stringMatching(/^x\..+\.x$/),
      'AW_1',
      expect.stringMatching(/^ws:/),
    ],
    ['closed'],
    ['run resolved'],
  ]);
});

it('drains, and tells when that takes too long; the jobs go on until close()', async () => {
  const { started, worker } = await launch(`
    await server.drain(200).catch((error) => say('drain failed', error.code, error.message));
    say('still', server.activeJobs.length);
    await server.close();`);
  await worker.dispatch('AJ_1');
  await started.output.waitFor('The job', (line) => line === 'entry runs');
  started.kill('SIGUSR2');
  expect(await started.exited).toEqual({ code: 0, signal: null });
  expect(said(started).slice(2)).toEqual([
    ['drain failed', 'GR_DRAIN_TIMEOUT', 'timed out draining: jobs still running after 200 ms: 1.'],
    ['still', 1],
    ['run resolved'],
  ]);
});

it('drains at once without jobs, and runs only once', async () => {
  const { started } = await launch(`
    await server.run().catch((error) => say('second run', error.code));
    await server.drain();
    say('drained');`);
  started.kill('SIGUSR2');
  expect(await started.exited).toEqual({ code: 0, signal: null });
  expect(new Set(said(started).slice(2))).toEqual(
    new Set([['drained'], ['run resolved'], ['second run', 'GR_WORKER_STATE']]),
  );
});

describe('without a server', () => {
  it.each([
    [
      'credentials',
      `new AgentServer({ agent: 'agent.js' })`,
      'MissingCredentialsError GR_CREDENTIALS_MISSING',
    ],
    [
      'right options',
      `new AgentServer({ agent: 'agent.js', maxJobs: 0 })`,
      'WorkerError GR_OPTION_INVALID',
    ],
    [
      'a run',
      `await new AgentServer({ agent: 'agent.js', wsURL: 'ws://127.0.0.1:9', apiKey: 'k', apiSecret: 's' }).simulateJob('r')`,
      'WorkerError GR_WORKER_STATE',
    ],
    [
      'a free port',
      `await new AgentServer({ agent: 'agent.js', wsURL: 'ws://127.0.0.1:9', apiKey: 'k', apiSecret: 's', host: '192.0.2.1', port: 1, logLevel: 'fatal' }).run()`,
      'WorkerError GR_HTTP_PORT',
    ],
  ])('and without %s it says so', async (_name, call, expected) => {
    project = new Project({
      'agent.js': agent,
      'main.js': `import { AgentServer } from 'greenroom';
try { ${call}; } catch (error) { console.log(error.name, error.code); }`,
    });
    expect(await project.run(['main.js'])).toMatchObject({ code: 0, stdout: `${expected}\n` });
  });

  it('closes before it has run', async () => {
    project = new Project({
      'agent.js': agent,
      'main.js': `import { AgentServer } from 'greenroom';
const server = new AgentServer({ agent: 'agent.js', wsURL: 'ws://127.0.0.1:9', apiKey: 'k', apiSecret: 's' });
await Promise.all([server.run(), server.close()]);
console.log('ended');`,
    });
    expect(await project.run(['main.js'])).toMatchObject({ code: 0, stdout: 'ended\n' });
  });
});
