/** A worker process that meets with what it cannot help: bugs, readers that go away. */
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { testGuard } from '../support/worker-program.ts';
import { Dispatcher } from './dispatcher.ts';
import { agentSource, Project } from './project.ts';

let project: Project;

afterEach(async () => {
  expect(await project.left()).toBe('');
});

describe('an error that nobody catches ends the worker process with exit code 1', () => {
  it.each([
    ['an exception', `throw new Error('a bug')`, 'uncaughtException'],
    ['a rejection', `void Promise.reject(new Error('a bug'))`, 'unhandledRejection'],
  ])('%s; its sessions end in order', async (_name, statement, origin) => {
    const dispatcher = await Dispatcher.start();
    const bug = `if (process.send === undefined) process.on('SIGUSR2', () => { ${statement}; });\n`;
    const tellsItsEnd = `{ entry: async (ctx) => {
      ctx.addShutdownCallback((reason) => console.log('ended:', reason));
      await new Promise((resolve) => ctx.signal.addEventListener('abort', resolve));
    } }`;
    project = new Project({ 'agent.js': bug + agentSource(tellsItsEnd) });
    const args = ['start', '--port', 'none'];
    const program = project.worker({ server: dispatcher.access, args });
    const worker = await dispatcher.worker(1);
    await worker.untilAvailable();
    await worker.dispatch('AJ_1');
    await program.waitForEvent('job.started');

    program.signal('SIGUSR2');

    expect(await program.exited).toEqual({ code: 1, signal: null });
    const { items } = program.log;
    expect(items.find((line) => line.event === 'cli.crashed')).toMatchObject({
      level: 60,
      origin,
      jobs: 1,
      err: { message: 'a bug' },
    });
    // The job process outlives the worker for as long as its session needs, and writes to the same pipe.
    expect(program.output.items).toContain('ended: orphaned');
  });
});

it('goes on when nobody reads its output any more', async () => {
  const dispatcher = await Dispatcher.start();
  const { url, apiKey, apiSecret } = dispatcher.access;
  project = new Project({ 'agent.js': agentSource('{ entry: async () => {} }') });
  const child = testGuard().spawn(
    process.execPath,
    ['agent.js', 'start', '--port', 'none', '--log-level', 'debug', '--url', url],
    {
      cwd: project.directory,
      env: { ...process.env, LIVEKIT_API_KEY: apiKey, LIVEKIT_API_SECRET: apiSecret },
    },
  );
  const worker = await dispatcher.worker(1);
  await worker.untilAvailable();

  child.stdout.destroy();
  child.stderr.destroy();

  // Each of these logs more than one line into the broken pipe.
  expect(await worker.dispatch('AJ_1')).toBe(true);
  await worker.jobUpdates.waitFor('The end of the job', ({ status }) => status === 2);
  expect(await worker.dispatch('AJ_2')).toBe(true);
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});
