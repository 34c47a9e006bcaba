/**
 * Tests of ../first-agent/agent.js with the test runner of Node.
 *
 *   node --test docs/examples/testing-node/greeter.test.js
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createTestWorker } from 'greenroom/testing';

const agent = new URL('../first-agent/agent.js', import.meta.url);

for (const executor of /** @type {const} */ (['inline', 'process'])) {
  describe(`the greeter, ${executor}`, () => {
    /** @type {import('greenroom/testing').TestWorker} */
    let worker;

    before(async () => {
      worker = await createTestWorker(agent, { executor, agentName: 'greeter' });
    });

    after(() => worker.close());

    it('greets who asks', async () => {
      worker.dispatch('lobby');
      const ann = await worker.join('lobby', 'ann');
      await ann.waitForAgent();
      assert.equal(await ann.performRpc('greet', ''), 'Welcome to the green room, ann!');
    });

    it('ends when it is removed from its room', async () => {
      const job = worker.dispatch('hall');
      const { identity } = await job.connected();
      worker.removeParticipant('hall', identity);
      const { end, reason } = await job.outcome();
      assert.deepEqual({ end, reason }, { end: 'succeeded', reason: 'participant-removed' });
    });
  });
}
