/** What a worker does until it is registered, and in which order: each package that it loads there costs its start. */
import { describe, expect, it } from 'vitest';
import { Dispatcher } from './dispatcher.ts';
import { agentSource, Project, waits } from './project.ts';

/** Tells each package that Greenroom's own code or the program loads, and each process that it starts. */
const tellsOrder = `
const { ChildProcess } = require('node:child_process');
const { writeSync } = require('node:fs');
const Module = require('node:module');
if (process.send === undefined) {
  const { spawn } = ChildProcess.prototype;
  ChildProcess.prototype.spawn = function (options) {
    writeSync(1, 'starts ' + options.file.split('/').at(-1) + '\\n');
    return spawn.call(this, options);
  };
  const load = Module._load;
  Module._load = function (name, parent, ...rest) {
    const isOurs = parent?.filename != null && !parent.filename.includes('/node_modules/');
    if (isOurs && !/^(node:|[./])/.test(name)) writeSync(1, 'loads ' + name + '\\n');
    return load.call(this, name, parent, ...rest);
  };
  Module.register('./hooks.mjs', require('node:url').pathToFileURL(__filename));
}`;
const hooks = `
import { writeSync } from 'node:fs';
export function resolve(name, context, next) {
  const isOurs = context.parentURL !== undefined && !context.parentURL.includes('/node_modules/');
  if (isOurs && !/^(node:|[./]|file:)/.test(name)) writeSync(1, 'loads ' + name + '\\n');
  return next(name, context);
}`;

it('job processes have the flags of their worker', async () => {
  const dispatcher = await Dispatcher.start();
  const tells = `{ prewarm: () => console.log('flags', process.execArgv.join()), ...${waits} }`;
  const project = new Project({ 'agent.js': agentSource(tells) });
  const { url, apiKey, apiSecret } = dispatcher.access;
  const args = ['--stack-trace-limit=20', 'agent.js', 'start', '--port', 'none'];
  const program = project.start(args, {
    LIVEKIT_URL: url,
    LIVEKIT_API_KEY: apiKey,
    LIVEKIT_API_SECRET: apiSecret,
  });
  const told = await program.output.waitFor('The flags', (line) => line.startsWith('flags '));
  expect(told).toBe('flags --stack-trace-limit=20,--conditions=greenroom-job');
  program.kill('SIGTERM');
  expect(await program.exited).toEqual({ code: 0, signal: null });
  expect(await project.left()).toBe('');
});

it('a worker starts its job processes before it loads what speaks to the server', async () => {
  const dispatcher = await Dispatcher.start();
  const project = new Project({
    'agent.js': agentSource(waits),
    'order.cjs': tellsOrder,
    'hooks.mjs': hooks,
  });
  const { url, apiKey, apiSecret } = dispatcher.access;
  const args = ['start', '--port', 'none', '--num-idle-processes', '2', '--log-level', 'error'];
  const program = project.start(['-r', './order.cjs', 'agent.js', ...args], {
    LIVEKIT_URL: url,
    LIVEKIT_API_KEY: apiKey,
    LIVEKIT_API_SECRET: apiSecret,
  });
  await dispatcher.worker(1);
  const told = [...new Set(program.output.items)].filter((line) => /^(loads|starts) /.test(line));
  const firstStart = told.findIndex((line) => line.startsWith('starts '));

  expect(told.slice(0, firstStart).toSorted()).toEqual([
    'loads greenroom',
    'loads greenroom/package.json',
    'loads pino',
    'loads xstate',
  ]);
  expect(told.slice(firstStart).toSorted()).toEqual(['loads ws', 'starts node', 'starts sh']);
  program.kill('SIGTERM');
  expect(await program.exited).toEqual({ code: 0, signal: null });
  expect(await project.left()).toBe('');
});

describe('what requestFunc is given', () => {
  const withOptions = (options: string) =>
    new Project({
      'agent.js': agentSource('{ entry: async () => {} }', options),
      'order.cjs': tellsOrder,
      'hooks.mjs': hooks,
    });

  async function dispatch(project: Project): Promise<string[]> {
    const dispatcher = await Dispatcher.start();
    const { url, apiKey, apiSecret } = dispatcher.access;
    const args = ['agent.js', 'start', '--port', 'none', '--log-level', 'error'];
    const program = project.start(['-r', './order.cjs', ...args], {
      LIVEKIT_URL: url,
      LIVEKIT_API_KEY: apiKey,
      LIVEKIT_API_SECRET: apiSecret,
    });
    const worker = await dispatcher.worker(1);
    await worker.untilAvailable();
    expect(await worker.dispatch('AJ_1')).toBe(true);
    program.kill('SIGTERM');
    await program.exited;
    expect(await project.left()).toBe('');
    return program.output.items;
  }

  it('is of the class that user code imports', async () => {
    const requestFunc = `async (request) => {
      const { Job } = await import('@livekit/protocol');
      console.log('same class', request.job instanceof Job, request.job.id);
      await request.accept();
    }`;
    const project = withOptions(`{ requestFunc: ${requestFunc} }`);
    project.install('@livekit/protocol');
    const told = await dispatch(project);
    expect(told).toContain('same class true AJ_1');
    expect(told).toContain('loads @livekit/protocol');
  });

  it('is not loaded by a worker that accepts every job', async () => {
    const told = await dispatch(withOptions('{}'));
    expect(told).toContain('loads greenroom');
    expect(told).not.toContain('loads @livekit/protocol');
  });
});
