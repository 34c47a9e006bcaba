/** The same with job processes of their own: from the built package, as users have it. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createTestWorker, type TestWorker } from 'greenroom/testing';
import { isAlive } from '../support/processes.ts';

const agent = new URL('../fixtures/testing/answers.mjs', import.meta.url);
let test: TestWorker;

beforeEach(async () => {
  test = await createTestWorker(agent, { executor: 'process' });
});

afterEach(() => test.close());

it('an agent in a process of its own talks to a caller, over a simulated room', async () => {
  const job = test.dispatch('lobby');
  const alice = await test.join('lobby', 'alice');
  const { pid, identity } = { ...(await job.started()), ...(await job.connected()) };
  await alice.waitForAgent();
  alice.sendData('why?', { topic: 'question' });
  expect(await alice.waitForData({ topic: 'answer' })).toMatchObject({
    text: 'alice asks why?',
    from: identity,
  });
  expect(await alice.performRpc('pid', '')).toBe(String(pid));
  expect(pid).not.toBe(process.pid);
  expect(test.server.room('lobby')?.participants.get(identity)?.info.attributes).toMatchObject({
    title: `greenroom job ${job.id}`,
  });
  alice.sendData('', { topic: 'media' });
  expect((await alice.waitForData({ topic: 'media' })).text).toBe('GR_NO_MEDIA');

  alice.leave();
  expect(await job.outcome()).toMatchObject({ end: 'succeeded', reason: 'room-closed' });
  expect(isAlive(pid ?? 0)).toBe(false);
});

it('an agent that crashes fails its job, and its participant is gone', async () => {
  const job = test.dispatch('lobby');
  const alice = await test.join('lobby', 'alice');
  await job.connected();
  await alice.waitForAgent();
  alice.sendData('', { topic: 'crash' });
  expect(await job.outcome()).toMatchObject({
    end: 'failed',
    failure: { code: 'GR_PROCESS_EXITED' },
  });
  const left = await test.server.waitFor('participant.left');
  expect(left.participant.identity).toMatch(/^agent-/);
  expect(alice.disconnectReason).toBeNull();
});

it('an error of entry comes back with its text', async () => {
  const job = test.dispatch('lobby', { metadata: 'throw' });
  expect(await job.outcome()).toMatchObject({
    end: 'failed',
    reason: 'entry-failed',
    failure: { message: 'asked to' },
  });
});
