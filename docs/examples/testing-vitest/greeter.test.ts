/**
 * Tests of ../greeter/agent.ts with vitest: no LiveKit server, no job processes, a few milliseconds each.
 *
 *   npx vitest run --root docs/examples/testing-vitest
 */
import { createFakeJobContext, createTestWorker, TestClock } from 'greenroom/testing';
import { expect, test } from 'vitest';

/** The file also calls `cli.runApp()`: the function takes its options over, and no worker is started. */
const agent = () => import('../greeter/agent.ts');

test('greets the caller, and ends when the caller leaves', async () => {
  const worker = await createTestWorker(agent);
  const job = worker.dispatch('lobby');
  const ann = await worker.join('lobby', 'ann');

  expect((await ann.waitForData({ topic: 'greeting' })).text).toBe('Good evening, ann');

  ann.leave();
  expect(await job.outcome()).toMatchObject({ end: 'succeeded', reason: 'room-closed' });
  await worker.close();
});

test('takes as many jobs as it may, and no more', async () => {
  const worker = await createTestWorker(agent, { maxJobs: 1 });
  await worker.dispatch('lobby').connected();

  const second = worker.dispatch('hall');
  await expect(second.accepted()).rejects.toThrow('all workers are full');
  await worker.close();
});

test('an agent that hangs is given up after its time', async () => {
  const clock = new TestClock();
  const { defineAgent } = await import('greenroom');
  const hangs = defineAgent({
    entry: async (ctx) => {
      await ctx.connect();
      await new Promise(() => {});
    },
  });
  const worker = await createTestWorker(hangs, { clock, entryGraceTimeoutMs: 15_000 });
  const job = worker.dispatch('lobby');
  await job.connected();

  worker.deleteRoom('lobby');
  await job.closing();
  await clock.advance(15_000);

  expect(await job.outcome()).toMatchObject({ reason: 'room-deleted' });
  expect(await job.waitFor('job.warning')).toMatchObject({ step: 'entry' });
  await worker.close();
});

test('its entry by itself', async () => {
  const { default: greeter } = await agent();
  const job = createFakeJobContext({ userData: { greeting: 'Hi' } });
  const ann = await job.join('ann');

  await greeter.entry(job.ctx);

  expect((await ann.waitForData()).text).toBe('Hi, ann');
  expect(await job.end('room-closed')).toEqual({ reason: 'room-closed', detail: '' });
});
