/** What signals do to a worker program, step by step, and what its exit code tells. */
import { afterEach, describe, expect, it } from 'vitest';
import type { WorkerProgram } from '../support/worker-program.ts';
import { type ConnectedWorker, Dispatcher } from './dispatcher.ts';
import { agentSource, binary, Project, waits } from './project.ts';

let project: Project;

afterEach(async () => {
  expect(await project.left()).toBe('');
});

/** Lives until SIGUSR2 ends it as if its work were done. */
const untilTold = `{ entry: async () => {
  await new Promise((resolve) => process.once('SIGUSR2', resolve));
} }`;

/** Does not listen to anything for the 15 s that it is given. */
const stubborn = `{ entry: () => new Promise(() => setInterval(() => {}, 1000)) }`;

async function launch(definition: string, args = ['start', '--port', 'none'], options?: string) {
  const dispatcher = await Dispatcher.start();
  project = new Project({ 'agent.js': agentSource(definition, options) });
  const program = project.worker({ server: dispatcher.access, args });
  return { dispatcher, program };
}

interface Busy {
  program: WorkerProgram;
  worker: ConnectedWorker;
  jobPid: number;
}

/** A worker with one running job. */
async function launchBusy(definition: string, args?: string[], options?: string): Promise<Busy> {
  const { dispatcher, program } = await launch(definition, args, options);
  const worker = await dispatcher.worker(1);
  await worker.untilAvailable();
  expect(await worker.dispatch('AJ_1')).toBe(true);
  const { jobPid } = await program.waitForEvent('job.started');
  return { program, worker, jobPid: Number(jobPid) };
}

/** The next step that a signal took. */
const step = (program: WorkerProgram, wanted: string) =>
  program.waitForLog(
    `The step ${wanted}`,
    (line) => line['event'] === 'cli.signal' && line['step'] === wanted,
  );

const closed = (program: WorkerProgram) =>
  program.log.items.find((line) => line.event === 'worker.closed');

describe('in production the first signal drains', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const)(
    '%s, without a job',
    async (signal) => {
      const { dispatcher, program } = await launch(waits);
      await (await dispatcher.worker(1)).untilAvailable();
      program.signal(signal);
      expect(await program.exited).toEqual({ code: 0, signal: null });
      expect(await step(program, 'drain')).toMatchObject({
        msg: `${signal}: no job runs, closing`,
      });
      expect(program.log.items.at(-1)).toMatchObject({ msg: 'worker drained' });
    },
  );

  it('and a running job ends by itself', async () => {
    const { program, worker, jobPid } = await launchBusy(untilTold);
    program.signal('SIGTERM');
    expect(await step(program, 'drain')).toMatchObject({
      jobs: 1,
      msg: 'SIGTERM: waiting for 1 job to end, for 3600 s at most. Send it again to end the sessions now, a third time to kill them.',
    });
    expect(await worker.dispatch('AJ_2')).toBe(false);
    process.kill(jobPid, 'SIGUSR2');
    expect(await program.exited).toEqual({ code: 0, signal: null });
    expect(closed(program)).toMatchObject({ outcome: 'drained', abandoned: [] });
  });

  it('also while the program is still being loaded', async () => {
    const dispatcher = await Dispatcher.start();
    // The signal comes in the very moment cli.runApp() has returned.
    const source = `${agentSource(waits)}process.send ?? process.kill(process.pid, 'SIGTERM');`;
    project = new Project({ 'agent.js': source });
    const program = project.worker({
      server: dispatcher.access,
      args: ['start', '--port', 'none'],
    });
    expect(await program.exited).toEqual({ code: 0, signal: null });
    expect(program.log.items).toEqual([]);
  });

  it.each([
    ['start', 0],
    ['dev', 143],
  ])('also while the file is being loaded, and for ever: greenroom %s', async (command, code) => {
    project = new Project({
      'agent.js': `console.log('loading'); setInterval(() => {}, 1000); await new Promise(() => {});`,
    });
    const program = project.start([binary, command, 'agent.js']);
    await program.output.waitFor('The load', (line) => line === 'loading');
    program.kill('SIGTERM');
    expect(await program.exited).toEqual({ code, signal: null });
  });

  it('for --drain-timeout at most', async () => {
    const args = ['start', '--port', 'none', '--drain-timeout', '200ms'];
    const { program } = await launchBusy(waits, args);
    program.signal('SIGTERM');
    expect(await program.exited).toEqual({ code: 143, signal: null });
    expect(program.log.items.find((line) => line.event === 'job.ended')).toMatchObject({
      session: { reason: 'drain-timeout' },
    });
  });
});

describe('in production the second signal ends the sessions', () => {
  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
    ['SIGHUP', 129],
    ['SIGQUIT', 131],
  ] as const)('%s: exit code %i', async (signal, code) => {
    const { program } = await launchBusy(waits);
    program.signal('SIGTERM');
    await step(program, 'drain');
    await untilNoEcho();
    program.signal(signal);
    expect(await step(program, 'close')).toMatchObject({
      msg: `${signal}: ending the sessions of 1 job. Send it again to kill them.`,
    });
    expect(await program.exited).toEqual({ code, signal: null });
    expect(closed(program)).toMatchObject({ outcome: 'closed', abandoned: [] });
  });
});

it('in production the third signal kills', async () => {
  const { program, jobPid } = await launchBusy(stubborn);
  program.signal('SIGTERM');
  await step(program, 'drain');
  program.signal('SIGINT');
  await step(program, 'close');
  program.signal('SIGHUP');
  expect(await step(program, 'kill')).toMatchObject({ msg: 'SIGHUP: killing 1 job' });
  expect(await program.exited).toEqual({ code: 129, signal: null });
  expect(closed(program)).toMatchObject({ outcome: 'closed', abandoned: ['AJ_1'] });
  expect(() => process.kill(jobPid, 0)).toThrow('ESRCH');
});

describe('while developing', () => {
  const args = ['connect', '--room', 'the-room', '--log-format', 'json'];

  it('the first signal ends the sessions', async () => {
    const { program } = await launchBusy(waits, args);
    program.signal('SIGINT');
    expect(await step(program, 'close')).toMatchObject({ jobs: 1 });
    expect(await program.exited).toEqual({ code: 130, signal: null });
  });

  it('the second signal kills', async () => {
    const { program } = await launchBusy(stubborn, args);
    program.signal('SIGINT');
    await step(program, 'close');
    program.signal('SIGTERM');
    expect(await program.exited).toEqual({ code: 143, signal: null });
    expect(closed(program)).toMatchObject({ abandoned: ['AJ_1'] });
  });
});

/** Longer than the time in which a signal counts as the echo of the one before. */
function untilNoEcho(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 150));
}
