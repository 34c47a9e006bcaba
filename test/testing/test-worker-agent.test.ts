/** What `createTestWorker()` takes as an agent and as options. */
import { afterEach, describe, expect, it } from 'vitest';
import { type AgentDefinition, defineAgent } from '../../src/child/agent-definition.ts';
import { createTestWorker, type TestWorker } from '../../src/testing/test-worker.ts';

const open: TestWorker[] = [];

afterEach(async () => {
  for (const test of open.splice(0)) await test.close();
});

const waits = defineAgent({ entry: (ctx) => ctx.connect() });

describe('an agent', () => {
  it('from a function that imports its module brings the options of cli.runApp() along', async () => {
    const load = () => import('../fixtures/testing/runs-as-app.ts');
    const first = await createTestWorker(load);
    open.push(first);
    expect(await first.dispatch('lobby').accepted()).toMatchObject({
      agentName: 'desk',
      identity: 'agent-of-the-desk',
    });
    // The module is not evaluated again.
    const [second, third] = await Promise.all([
      createTestWorker(load, { agentName: 'other' }),
      createTestWorker(load),
    ]);
    open.push(second, third);
    expect(await second.dispatch('lobby').requested()).toMatchObject({ agentName: 'other' });
    expect(await third.dispatch('lobby').requested()).toMatchObject({ agentName: 'desk' });
  });

  it('from a path does so, too', async () => {
    const file = new URL('../fixtures/testing/named.mjs', import.meta.url);
    for (const source of [file, file.href, file.pathname]) {
      const test = await createTestWorker(source);
      open.push(test);
      expect(await test.dispatch('lobby').requested()).toMatchObject({ agentName: 'named' });
    }
  });

  it.each(['inline', 'process'] as const)('that is no file is not found, %s', async (executor) => {
    await expect(createTestWorker('/nowhere/agent.js', { executor })).rejects.toMatchObject({
      code: 'GR_AGENT_NOT_FOUND',
    });
  });

  it.each([
    ['undefined', undefined, 'received undefined'],
    ['a plain object', { entry: () => {} }, 'received {} (object)'],
    ['a module without one', async () => ({ default: 1 }), 'received 1 (number)'],
    ['without a job', defineAgent({} as AgentDefinition), 'needs a function "entry"'],
  ])('that is %s is refused', async (_name, agent, words) => {
    await expect(createTestWorker(agent as never)).rejects.toMatchObject({
      code: 'GR_AGENT_INVALID',
      message: expect.stringContaining(words),
    });
  });

  it('that is no file is refused for job processes of their own', async () => {
    await expect(createTestWorker(waits, { executor: 'process' })).rejects.toMatchObject({
      code: 'GR_OPTION_INVALID',
      message: expect.stringContaining("new URL('./agent.js', import.meta.url)"),
    });
  });

  it('whose prewarm fails keeps the worker from starting', async () => {
    const broken = defineAgent({
      prewarm: () => {
        throw new Error('no model');
      },
      entry: async () => {},
    });
    const test = createTestWorker(broken);
    await expect(test).rejects.toMatchObject({ code: 'GR_PREWARM_FAILED' });
  });
});

it('wrong options are told, all at once', async () => {
  await expect(
    createTestWorker(waits, { executor: 'thread' as 'inline', waitTimeoutMs: 0 }),
  ).rejects.toMatchObject({
    code: 'GR_OPTION_INVALID',
    message: expect.stringMatching(/executor: received "thread"[^]*waitTimeoutMs: received 0/),
  });
  await expect(createTestWorker(waits, { maxJobs: -1 })).rejects.toThrow('maxJobs');
  await expect(createTestWorker(waits, { server: { port: -1 } })).rejects.toThrow('port');
});
