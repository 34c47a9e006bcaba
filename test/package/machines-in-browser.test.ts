/** `greenroom/machines` stands on XState alone: it is bundled as for a browser, and runs where nothing of Node is. */
import { fileURLToPath } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import { build, type BuildOptions } from 'esbuild';
import { expect, it } from 'vitest';
import * as machines from '../../machines/index.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What a page with the machines would load. */
async function bundle(options: BuildOptions) {
  const result = await build({
    absWorkingDir: root,
    entryPoints: ['dist/machines/index.js'],
    bundle: true,
    platform: 'browser',
    format: 'iife',
    globalName: 'greenroom',
    write: false,
    metafile: true,
    logLevel: 'silent',
    ...options,
  });
  return { code: result.outputFiles?.[0]?.text ?? '', inputs: result.metafile?.inputs ?? {} };
}

it('imports nothing but xstate', async () => {
  const { inputs } = await bundle({ packages: 'external', format: 'esm' });
  const imported = Object.values(inputs).flatMap(({ imports }) => imports);
  const packages = imported.filter(({ external }) => external === true).map(({ path }) => path);
  expect(new Set(packages)).toEqual(new Set(['xstate']));
  expect(Object.keys(inputs).every((path) => path.startsWith('dist/machines/'))).toBe(true);
});

/** Starts the worker machine of the bundle with a server that answers, until the worker has registered. */
const script = `
const { workerMachine, registrationMachine, processPoolMachine, jobProcessMachine } = greenroom;
const { createActor, fromCallback } = xstate;
const sent = [];
const signalSocket = fromCallback(({ sendBack, receive }) => {
  receive(({ type, message }) => {
    if (type !== 'socket.send') return sendBack({ type: 'socket.closed', code: 1000, reason: '', jitter: 0 });
    if (message.type === 'ping') return sendBack({ type: 'server.ponged', lastTimestamp: 0, timestamp: 0 });
    sent.push(message.type);
    if (message.type === 'register')
      sendBack({ type: 'server.registered', workerId: 'AW_1', serverInfo: null });
  });
  sendBack({ type: 'socket.opened' });
});
const childProcess = {
  getInitialSnapshot: (_, input) => ({ status: 'active', input, pid: null, phase: 'spawning' }),
  getPersistedSnapshot: (snapshot) => snapshot,
  start: (_, { self }) => void self._parent.send({ type: 'link.warm', warmupMs: 1 }),
  transition: (snapshot, event) =>
    event.type === 'child.tell' && event.message.type === 'close'
      ? { ...snapshot, status: 'done', output: { pid: null, code: 0, signal: null } }
      : snapshot,
};
const jobProcess = jobProcessMachine.provide({ actors: { childProcess } });
const worker = createActor(
  workerMachine.provide({
    actors: {
      registration: registrationMachine.provide({ actors: { signalSocket } }),
      processPool: processPoolMachine.provide({ actors: { jobProcess } }),
      sampleLoad: fromCallback(() => {}),
    },
  }),
  {
    clock: { setTimeout: () => 0, clearTimeout: () => {} },
    input: {
      registrations: [{ key: 'a', agentName: 'a', jobType: 'room', deployment: '' }],
      version: '', url: '', permissions: {}, maxRetry: null, maxJobs: null, loadThreshold: null,
      numIdleProcesses: 1, maxStarting: 1, restartIntensity: 3, drainTimeoutMs: null,
      jobLimits: {}, processLimits: {},
    },
  },
).start();
const running = JSON.stringify(worker.getSnapshot().value);
worker.send({ type: 'worker.drain' });
JSON.stringify({ running: JSON.parse(running), sent, output: worker.getSnapshot().output });
`;

it('runs where there is nothing of Node and nothing of a browser', async () => {
  const { code } = await bundle({
    stdin: {
      contents: `export * as greenroom from './dist/machines/index.js'; export * as xstate from 'xstate';`,
      resolveDir: root,
    },
    entryPoints: [],
    globalName: 'loaded',
  });
  const context = createContext({}, { codeGeneration: { strings: false, wasm: false } });
  for (const name of ['process', 'require', 'setTimeout', 'URL', 'AbortController'])
    expect(runInContext(`typeof ${name}`, context)).toBe('undefined');

  runInContext(`${code}; var { greenroom, xstate } = loaded;`, context);

  expect(runInContext('Object.keys(greenroom).sort().join()', context)).toBe(
    Object.keys(machines).toSorted().join(),
  );
  expect(JSON.parse(String(runInContext(script, context)))).toEqual({
    running: { running: { available: 'announced' } },
    sent: ['register', 'status', 'status', 'status'],
    output: { outcome: 'drained', cause: 'drained', abandoned: [], failure: null },
  });
});
