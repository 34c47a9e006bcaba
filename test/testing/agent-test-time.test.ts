import { expect, it } from 'vitest';
import { defineAgent } from '../../src/child/agent-definition.ts';
import { createTestWorker } from '../../src/testing/test-worker.ts';

const limitMs = 100;
/** The machine may be busy with other tests: one round is enough to show that it can be done. */
const maxRounds = 40;

const echo = defineAgent({
  entry: async (ctx) => {
    ctx.room.on('dataReceived', (payload) => void ctx.agent?.publishData(payload, {}));
    await ctx.connect();
  },
});

/** A test as users write it, from the start of the worker to its end. */
async function agentTest(): Promise<void> {
  const test = await createTestWorker(echo);
  const job = test.dispatch('lobby');
  await job.connected();
  const alice = await test.join('lobby', 'alice');
  alice.sendData('hello');
  expect((await alice.waitForData()).text).toBe('hello');
  alice.leave();
  expect(await job.outcome()).toMatchObject({ end: 'succeeded' });
  await test.close();
}

it(`a whole agent test takes less than ${limitMs} ms`, async () => {
  const timesMs: number[] = [];
  do {
    const startedAt = performance.now();
    await agentTest();
    timesMs.push(Math.round(performance.now() - startedAt));
  } while (timesMs.length < maxRounds && (timesMs.length < 5 || Math.min(...timesMs) >= limitMs));
  process.stdout.write(`An agent test, inline: ${timesMs.join(', ')} ms\n`);
  expect(Math.min(...timesMs)).toBeLessThan(limitMs);
});
