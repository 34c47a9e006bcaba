/** An agent that was written for `@livekit/agents` runs here with only its import changed, TypeScript and all. */
import { fileURLToPath } from 'node:url';
import { afterAll, expect, inject, test, vi } from 'vitest';
import { newRoom, Stage } from '../support/stage.ts';
import { startWorkerProgram } from '../support/worker-program.ts';

const stage = new Stage(inject('liveKit'));
const program = startWorkerProgram({
  agent: fileURLToPath(new URL('../fixtures/peer-agent/agent.ts', import.meta.url)),
  nodeArgs: ['--import', 'tsx'],
  server: stage.server,
});

afterAll(async () => {
  await stage.clear();
  await stage.endWorker({ program, agentName: 'ada' });
});

const said = (words: string) => program.waitForLog(words, ({ msg }) => msg === words);

test('from its prewarm to its shutdown callback', async () => {
  // tsx compiles the whole of it first, three times.
  await program.waitForLog('registered', ({ msg }) => msg === 'registered worker');
  await stage.ready({ program, agentName: 'ada' });

  const room = newRoom();
  const caller = await stage.join(room, 'caller');
  const { dispatchId } = await stage.dispatch('ada', { room, metadata: 'be kind' });
  const { jobId, identity } = await program.waitForEvent('job.connected');
  expect(identity).toBe(`ada-${jobId}`);
  expect(await said('entry')).toMatchObject({ metadata: 'be kind', dispatch: dispatchId });
  expect(await said('somebody is here')).toMatchObject({ room, participant: 'caller' });

  const ada = await caller.waitForParticipant(identity);
  expect({ name: ada.name, metadata: ada.metadata }).toEqual({
    name: 'Ada',
    metadata: '{"role":"host"}',
  });
  // The last thing that its entry does.
  await vi.waitFor(() => expect(ada.attributes).toMatchObject({ talksTo: 'caller' }), 5000);
  expect(await stage.participant(room, identity)).toMatchObject({
    attributes: { language: 'en', 'lk.agent.name': 'ada' },
    permission: { canPublish: false, canSubscribe: true, canPublishData: true },
  });

  await caller.send('hello', '');
  expect(await caller.waitForMessage('greeting')).toMatchObject({
    from: identity,
    text: 'Good evening, caller',
  });
  await caller.send('bye', '');
  expect(await said('cleaned up')).toMatchObject({ job: jobId });
  expect(await program.waitForEvent('job.ended')).toMatchObject({
    end: 'succeeded',
    session: { reason: 'agent-ended', detail: 'the caller said goodbye' },
  });
});

test('what it rejects is not its job', async () => {
  const { dispatchId } = await stage.dispatch('ada', { metadata: 'a job for somebody else' });
  const rejected = await program.waitForEvent('job.rejected');
  expect(rejected).toMatchObject({ dispatchId, reason: 'rejected' });
});

test('it drains at SIGTERM, and exits with 0', async () => {
  program.signal('SIGTERM');
  await said('worker drained');
  expect(await program.exited).toEqual({ code: 0, signal: null });
});
