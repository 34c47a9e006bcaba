import { afterEach, describe, expect, it, vi } from 'vitest';
import { SimulatedClock } from 'xstate';
import { type AgentDefinition, defineAgent } from '../../src/child/agent-definition.ts';
import { getJobContext } from '../../src/child/job-context-storage.ts';
import { TestClock } from '../../src/testing/clock.ts';
import type { TestWorkerOptions } from '../../src/testing/test-worker-options.ts';
import { createTestWorker, type TestWorker } from '../../src/testing/test-worker.ts';

const open: TestWorker[] = [];

afterEach(async () => {
  vi.useRealTimers();
  for (const test of open.splice(0)) await test.close();
});

async function start(agent: AgentDefinition, options: TestWorkerOptions = {}): Promise<TestWorker> {
  const test = await createTestWorker(agent, options);
  open.push(test);
  return test;
}

const echo = defineAgent({
  prewarm: (proc) => {
    proc.userData['greeting'] = 'hello';
  },
  entry: async (ctx) => {
    ctx.room.on('dataReceived', (payload, from) => {
      const text = `${String(ctx.proc.userData['greeting'])} ${from?.identity}, ${new TextDecoder().decode(payload)}`;
      void ctx.agent?.publishData(new TextEncoder().encode(text), { topic: 'echo' });
    });
    await ctx.connect();
  },
});

const waits = defineAgent({ entry: (ctx) => ctx.connect() });

describe('a job, inline', () => {
  it('goes from the dispatch to its outcome', async () => {
    const test = await start(echo);
    const job = test.dispatch('lobby');
    await job.connected();
    const alice = await test.join('lobby', 'alice');
    alice.sendData('what is new?');
    expect((await alice.waitForData({ topic: 'echo' })).text).toBe('hello alice, what is new?');
    alice.leave();
    expect(await job.outcome()).toEqual({
      end: 'succeeded',
      reason: 'room-closed',
      detail: 'ROOM_CLOSED',
      failure: null,
    });
    expect(job.events.map(({ type }) => type)).toEqual([
      'job.requested',
      'job.accepted',
      'job.assigned',
      'job.launching',
      'job.started',
      'job.connected',
      'job.closing',
      'job.ended',
    ]);
    expect(test.jobs).toEqual([job]);
    expect(job.id).toMatch(/^AJ_/);
    expect(await test.server.waitFor('job.updated')).toMatchObject({ jobId: job.id, status: 2 });
  });

  it('gets what the dispatch says, and its own context also where it is asked for', async () => {
    const seen: unknown[] = [];
    const test = await start(
      defineAgent({
        entry: async (ctx) => {
          await ctx.connect();
          seen.push(ctx.job.metadata, ctx.job.attributes, getJobContext() === ctx);
        },
      }),
      { agentName: 'greeter' },
    );
    const job = test.dispatch('lobby', { metadata: 'from the test', attributes: { tier: 'gold' } });
    expect(await job.requested()).toMatchObject({ agentName: 'greeter', room: 'lobby' });
    const job2 = test.dispatch('other', { metadata: 'second' });
    await Promise.all([job.connected(), job2.connected()]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toEqual(['from the test', { tier: 'gold' }, true, 'second', {}, true]);
  });

  it('fails with the error of its entry', async () => {
    const test = await start(
      defineAgent({
        entry: async () => {
          throw new TypeError('no such tool');
        },
      }),
    );
    const { end, reason, failure } = await test.dispatch('lobby').outcome();
    expect({ end, reason, failure: { ...failure, stack: '' } }).toEqual({
      end: 'failed',
      reason: 'entry-failed',
      failure: { code: 'GR_ENTRY_FAILED', message: 'no such tool', stack: '' },
    });
    expect(failure?.stack).toContain('test-worker.test.ts');
  });

  it('comes with its room when the worker has no agent name', async () => {
    const test = await start(echo, { agentName: '' });
    expect(() => test.dispatch('lobby')).toThrow('dispatch() needs an agent name');
    const job = test.jobIn('lobby');
    await test.join('lobby', 'alice');
    await test.join('hall', 'bob');
    expect((await job.connected()).room).toBe('lobby');
    expect((await test.jobIn('hall').connected()).room).toBe('hall');
  });

  it('runs shutdown callbacks and onSessionEnd', async () => {
    const called: string[] = [];
    const test = await start(
      defineAgent({
        entry: async (ctx) => {
          ctx.addShutdownCallback((reason) => void called.push(`callback ${reason}`));
          await ctx.connect();
        },
        onSessionEnd: () => void called.push('onSessionEnd'),
      }),
    );
    const job = test.dispatch('lobby');
    await job.connected();
    await test.worker.close();
    expect(await job.outcome()).toMatchObject({ reason: 'worker-closing' });
    expect(called).toEqual(['onSessionEnd', 'callback worker-closing']);
  });

  it('is waited for by a drain', async () => {
    const test = await start(waits);
    const job = test.dispatch('lobby');
    const alice = await test.join('lobby', 'alice');
    await job.connected();
    const drained = test.drain();
    alice.leave();
    expect(await drained).toMatchObject({ outcome: 'drained', abandoned: [] });
    expect(await job.outcome()).toMatchObject({ end: 'succeeded', reason: 'room-closed' });
  });

  it('leaves its room when its process is killed', async () => {
    const test = await start(waits);
    const job = test.dispatch('lobby');
    await job.connected();
    await test.worker.kill();
    expect((await test.server.waitFor('participant.left')).participant.identity).toMatch(/^agent-/);
    expect(await job.outcome()).toMatchObject({ end: 'failed' });
  });

  it('is refused by requestFunc, and whoever waits for more is told at once', async () => {
    const test = await start(waits, { requestFunc: (request) => request.reject() });
    const job = test.dispatch('lobby');
    const startedAt = performance.now();
    await expect(job.connected()).rejects.toMatchObject({
      code: 'GR_TEST_TIMEOUT',
      message: expect.stringMatching(
        /^No job\.connected will come\. Of the job in the room "lobby" was told: job\.requested, job\.rejected \(rejected\)\. /,
      ),
    });
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    expect(await job.rejected()).toMatchObject({ reason: 'rejected' });
  });
});

describe('a wait', () => {
  it('that ends tells what has happened and the states', async () => {
    const test = await start(waits, { waitTimeoutMs: 30 });
    const job = test.dispatch('lobby');
    await job.connected({ timeoutMs: 5_000 });
    await expect(job.outcome()).rejects.toMatchObject({
      code: 'GR_TEST_TIMEOUT',
      message: expect.stringMatching(
        new RegExp(
          '^No job\\.ended within 30 ms\\. Of the job in the room "lobby" was told: job\\.requested, job\\.accepted, ' +
            'job\\.assigned, job\\.launching, job\\.started, job\\.connected\\. ' +
            'The worker is \\{"running":.*\\}, its jobs: AJ_\\w+ \\{"running":"connected"\\}\\.$',
        ),
      ),
    });
  });

  it('for a job that no worker takes ends at once', async () => {
    const test = await start(waits);
    const job = test.dispatch('lobby', { agentName: 'nobody' });
    await expect(job.connected()).rejects.toThrow(
      'The server gave it to no worker: no worker has the agent name.',
    );
    expect(job.id).toBeNull();
  });
});

describe('time', () => {
  it.each([
    ['TestClock', new TestClock(), (clock: TestClock) => clock.advance(60_000)],
    ['SimulatedClock', new SimulatedClock(), (clock: SimulatedClock) => clock.increment(60_000)],
  ])('is wound by hand with a %s', async (_name, clock, wind) => {
    const test = await start(
      defineAgent({
        entry: async (ctx) => {
          await ctx.connect();
          await new Promise(() => {});
        },
      }),
      { clock, shutdownTimeoutMs: 40_000, entryGraceTimeoutMs: 30_000 },
    );
    const job = test.dispatch('lobby');
    await job.connected();
    const closed = test.worker.close();
    await job.closing();
    await expect(job.outcome({ timeoutMs: 30 })).rejects.toThrow('job.closing (worker-closing)');
    await (wind as (time: typeof clock) => unknown)(clock);
    expect(await closed).toMatchObject({ outcome: 'closed' });
    expect(job.events).toContainEqual(
      expect.objectContaining({ type: 'job.warning', step: 'entry' }),
    );
  });
});

it('close() kills what does not end, also when the clock stands', async () => {
  const test = await start(
    defineAgent({
      entry: async (ctx) => {
        await ctx.connect();
        await new Promise(() => {});
      },
    }),
    { clock: new TestClock() },
  );
  const job = test.dispatch('lobby');
  await job.connected();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const closed = test.close();
  await job.closing();
  vi.advanceTimersByTime(4_999);
  expect(test.worker.getSnapshot().matches('closing')).toBe(true);
  vi.advanceTimersByTime(1);
  vi.useRealTimers();
  expect(await closed).toMatchObject({ outcome: 'closed', cause: 'test-over' });
  expect(await job.outcome()).toMatchObject({ end: 'failed' });
});
