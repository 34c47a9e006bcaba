import { describe, expect, it } from 'vitest';
import { LINK_VERSION } from '../../src/ipc/messages.ts';
import { agent, agentFile, JobProcessOnFork } from './forked-job-process.ts';

const nothing = '{ entry: async () => {} }';

async function failure(agentPath: string) {
  const child = new JobProcessOnFork();
  child.initialize(agentPath);
  const message = await child.next('warmupFailed');
  const { code } = await child.exited;
  expect(code).toBe(1);
  expect(child.types()).toEqual(['warmupFailed']);
  return message;
}

describe('a job process gets warm', () => {
  it('with the agent loaded and prewarm done', async () => {
    const child = new JobProcessOnFork();
    child.initialize(
      agent(`{
        prewarm: async (proc) => { console.log('prewarm', proc.pid, typeof proc.userData); },
        entry: async () => {},
      }`),
    );
    const warm = await child.next('warm');
    expect(warm).toEqual({ type: 'warm', version: LINK_VERSION, warmupMs: expect.any(Number) });
    expect(warm.warmupMs).toBeGreaterThan(0);
    expect(child.output).toContain(`prewarm ${child.child.pid} object`);
  });

  it('with an agent file in TypeScript', async () => {
    const path = agentFile(
      'agent.ts',
      `const answer: number = 42;
       export default defineAgent({ entry: async (): Promise<void> => void answer });`,
      { defineAgent: 'agent-definition.ts' },
    );
    await JobProcessOnFork.warm(path);
  });

  it.each([
    ['module.exports = agent', 'module.exports = agent;'],
    ['exports.default = agent', 'exports.default = agent;'],
  ])('with an agent file in CommonJS: %s', async (_name, exported) => {
    const path = agentFile(
      'agent.cjs',
      `const agent = { entry: async () => {} };
       Object.defineProperty(agent, Symbol.for('livekit.agents.AgentDefinition'), { value: true });
       ${exported}`,
    );
    await JobProcessOnFork.warm(path);
  });

  it('and knows that it is a job process, which its children are not', async () => {
    const marker = new URL('../../src/job-process-marker.ts', import.meta.url).href;
    const path = agent(
      nothing,
      `import { isJobProcess } from '${marker}';
       import { execFileSync } from 'node:child_process';
       console.log('here', isJobProcess());
       console.log('there', execFileSync(process.execPath, ['--import', 'tsx', '-e',
         "import('${marker}').then((m) => console.log(m.isJobProcess()))"]).toString());`,
    );
    const child = await JobProcessOnFork.warm(path);
    expect(child.output).toContain('here true');
    expect(child.output).toContain('there false');
  });

  it('and answers pings, also while prewarm hangs', async () => {
    const child = new JobProcessOnFork();
    child.initialize(agent(`{ prewarm: () => new Promise(() => {}), entry: async () => {} }`));
    child.send({ type: 'ping', id: 7 });
    expect(await child.next('pong')).toEqual({ type: 'pong', id: 7 });
    child.send({ type: 'close', reason: 'worker-closing', detail: '' });
    expect(await child.exited).toEqual({ code: 0, signal: null });
  });
});

describe('a job process does not get warm', () => {
  it('without the agent file', async () => {
    expect(await failure('/nowhere/agent.js')).toMatchObject({
      fatal: true,
      failure: {
        code: 'GR_AGENT_NOT_FOUND',
        message: 'There is no agent file at /nowhere/agent.js.',
      },
    });
  });

  it.each([
    ['agent.mjs', 'const a = 1;\nconst b = = 2;\n', ':2'],
    ['agent.cjs', 'const a = 1;\nconst b = = 2;\n', ':2'],
    ['agent.ts', 'const a: number = 1;\nconst b = = 2;\n', ':2'],
    ['agent.mjs', '\n\nthrow new Error("no luck");\n', ':3'],
  ])('with a %s that cannot be loaded: %s', async (name, source, line) => {
    const path = agentFile(name, source);
    const message = await failure(path);
    expect(message).toMatchObject({ fatal: true, failure: { code: 'GR_AGENT_LOAD_FAILED' } });
    expect(message.failure.message).toContain(`The agent file ${path} could not be loaded: `);
    expect(message.failure.message).toContain(`${path}${line}`);
  });

  it('with a syntax error in a file that the agent file imports', async () => {
    agentFile('broken.mjs', 'const = 1;\n');
    const message = await failure(agent(nothing, `import './broken.mjs';`));
    expect(message.failure).toMatchObject({ code: 'GR_AGENT_LOAD_FAILED' });
    expect(message.failure.message).toContain('SyntaxError');
  });

  it('with an import that does not exist, which is named', async () => {
    const message = await failure(agent(nothing, `import 'no-such-package';`));
    expect(message.failure).toMatchObject({ code: 'GR_AGENT_LOAD_FAILED' });
    expect(message.failure.message).toContain(`Cannot find package 'no-such-package'`);
  });

  it('with an error that the agent file throws to nobody while it loads', async () => {
    const message = await failure(
      agent(nothing, `Promise.reject(new Error('lost')); await new Promise(() => {});`),
    );
    expect(message).toMatchObject({ fatal: true, failure: { code: 'GR_AGENT_LOAD_FAILED' } });
    expect(message.failure.message).toContain('lost');
  });

  it.each([
    ['export const agent = 1;', 'it has no default export, only "agent"'],
    ['export {};', 'it exports nothing'],
    ['export default 42;', 'its default export is 42 (number)'],
    ['export default { entry() {} };', 'its default export is a plain object with "entry"'],
  ])('without an agent in it: %s', async (source, found) => {
    const path = agentFile('agent.mjs', source);
    expect(await failure(path)).toMatchObject({
      fatal: true,
      failure: {
        code: 'GR_AGENT_INVALID',
        message: `The agent file ${path} must have a default export made by defineAgent(): ${found}.`,
      },
    });
  });

  it.each([
    [
      `{ entry: 'soon' }`,
      'needs a function "entry", or a machine "session", received "soon" (string)',
    ],
    ['{}', 'needs a function "entry", or a machine "session", received undefined'],
    [
      '{ session: () => {} }',
      'needs a machine or another actor logic of XState as "session", received function session',
    ],
    [
      '{ entry: async () => {}, session: 1 }',
      'needs either a function "entry" or a machine "session", received both',
    ],
  ])('without a job to do: %s', async (definition, problem) => {
    const path = agent(definition);
    expect((await failure(path)).failure).toMatchObject({
      code: 'GR_AGENT_INVALID',
      message: `defineAgent() in ${path} ${problem}.`,
    });
  });

  it.each([
    ['throws', `() => { throw new TypeError('no model'); }`],
    ['rejects', `async () => { throw new TypeError('no model'); }`],
    [
      'throws to nobody',
      `() => new Promise(() => setTimeout(() => { throw new TypeError('no model'); }))`,
    ],
  ])('when prewarm %s; another try may help', async (_how, prewarm) => {
    const message = await failure(agent(`{ prewarm: ${prewarm}, entry: async () => {} }`));
    expect(message).toMatchObject({
      fatal: false,
      failure: { code: 'GR_PREWARM_FAILED', message: 'prewarm failed: no model' },
    });
    expect(message.failure.stack).toContain('TypeError: no model');
  });

  it('when the worker is of another version', async () => {
    const child = new JobProcessOnFork();
    child.send({
      type: 'initialize',
      version: LINK_VERSION + 1,
      agent: agent(nothing),
      log: { level: 'info', pretty: false },
      limits: {} as never,
      announce: true,
      rehearse: false,
      quickConnect: false,
    });
    expect(await child.next('warmupFailed')).toMatchObject({
      fatal: true,
      failure: { code: 'GR_LINK_VERSION' },
    });
    expect((await child.exited).code).toBe(1);
  });
});

describe('a warm job process ends', () => {
  it('when it is told to', async () => {
    const child = await JobProcessOnFork.warm(agent(nothing));
    child.send({ type: 'close', reason: 'worker-closing', detail: '' });
    expect(await child.exited).toEqual({ code: 0, signal: null });
  });

  it('when the worker is gone', async () => {
    const child = await JobProcessOnFork.warm(agent(nothing));
    child.child.disconnect();
    expect(await child.exited).toEqual({ code: 0, signal: null });
  });

  it('on SIGTERM, but not on SIGINT', async () => {
    const child = await JobProcessOnFork.warm(agent(nothing));
    child.child.kill('SIGINT');
    child.send({ type: 'ping', id: 1 });
    await child.next('pong');
    child.child.kill('SIGTERM');
    expect(await child.exited).toEqual({ code: 0, signal: null });
  });

  it('when an error is thrown in it that nothing catches', async () => {
    const child = await JobProcessOnFork.warm(
      agent(`{
        prewarm: () => void setTimeout(() => { throw new Error('stray'); }, 300),
        entry: async () => {},
      }`),
    );
    expect(await child.exited).toEqual({ code: 1, signal: null });
    expect(child.log().at(-1)).toMatchObject({
      level: 60,
      failure: { code: 'GR_UNCAUGHT_ERROR', message: 'stray' },
    });
  });

  it('is not started by hand', async () => {
    const { execFile } = await import('node:child_process');
    const main = new URL('../../src/child/main.ts', import.meta.url).pathname;
    const error = await new Promise<Error | null>((resolve) => {
      execFile(process.execPath, ['--import', 'tsx', main], (failed) => resolve(failed));
    });
    expect(error).toMatchObject({ code: 1 });
    expect(error?.message).toContain('it is started by a greenroom worker');
  });
});
