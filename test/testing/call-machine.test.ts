/** The machine of `docs/examples/call-machine` as an agent, inline. On a real server it runs in `test/e2e/call-machine.test.ts`. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createFakeJobContext, createTestWorker, type TestWorker } from 'greenroom/testing';
import { defineAgent } from 'greenroom';
import { createActor, setup, waitFor } from 'xstate';
import { callMachine } from '../../docs/examples/call-machine/call-machine.ts';

let test: TestWorker;

beforeEach(async () => {
  test = await createTestWorker(() => import('../../docs/examples/call-machine/agent.ts'));
});

afterEach(() => test.close());

describe('a call that is a machine', () => {
  it('meets the caller who was there before, and answers', async () => {
    const alice = await test.join('lobby', 'alice');
    test.dispatch('lobby');
    expect((await alice.waitForData({ topic: 'desk' })).text).toBe('Good evening, alice');
    alice.sendData('Where is the green room?', { topic: 'question' });
    expect((await alice.waitForData({ topic: 'desk' })).text).toBe('Down the hall, to the left.');
  });

  it('says goodbye while the agent is still in the room', async () => {
    const alice = await test.join('lobby', 'alice');
    const job = test.dispatch('lobby');
    await alice.waitForData({ topic: 'desk' });
    const closed = test.worker.close();
    expect((await alice.waitForData({ topic: 'desk' })).text).toBe('Goodbye');
    await closed;
    expect(await job.outcome()).toMatchObject({ reason: 'worker-closing' });
    expect(job.events.map(({ type }) => type)).not.toContain('job.warning');
  });

  it('hangs up when the caller has left for good', async () => {
    // XState warns when the session runs inside an action of the call.
    const warned = vi.spyOn(console, 'warn');
    const alice = await test.join('lobby', 'alice');
    await test.join('lobby', 'bob');
    const job = test.dispatch('lobby');
    await alice.waitForData({ topic: 'desk' });
    alice.leave();
    expect(await job.outcome()).toMatchObject({
      end: 'succeeded',
      reason: 'agent-ended',
      detail: 'the caller left',
    });
    expect(warned).not.toHaveBeenCalled();
  });

  it('is an actor like any other: a test may give it the events itself', async () => {
    await using job = createFakeJobContext();
    const alice = await job.join('alice');
    const call = createActor(callMachine, { input: { ctx: job.ctx } }).start();
    await waitFor(call, (snapshot) => snapshot.matches('waiting'));
    const participant = [...job.ctx.room.remoteParticipants.values()][0]!;
    call.send({ type: 'room.participantConnected', identity: 'alice', sid: 'PA_1', participant });
    expect((await alice.waitForData({ topic: 'desk' })).text).toBe('Good evening, alice');
    await waitFor(call, (snapshot) => snapshot.matches('listening'));
    call.send({ type: 'session.closing', reason: 'room-closed', detail: '' });
    expect((await alice.waitForData({ topic: 'desk' })).text).toBe('Goodbye');
    await waitFor(call, ({ status }) => status === 'done');
  });

  it('fails the job when it throws', async () => {
    await using broken = await createTestWorker(
      defineAgent({
        session: setup({
          actions: {
            fail: () => {
              throw new TypeError('no such tool');
            },
          },
        }).createMachine({ entry: 'fail' }),
      }),
    );
    expect(await broken.dispatch('lobby').outcome()).toMatchObject({
      end: 'failed',
      reason: 'entry-failed',
      failure: { code: 'GR_ENTRY_FAILED', message: 'no such tool' },
    });
  });

  it('is refused when it is none', async () => {
    const agent = defineAgent({ session: { id: 'call' } } as never);
    await expect(createTestWorker(agent)).rejects.toMatchObject({
      code: 'GR_AGENT_INVALID',
      message: expect.stringContaining('received {"id":"call"} (object)'),
    });
  });
});
