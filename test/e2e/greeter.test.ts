/** The agent that README.md shows does what its words say. */
import { fileURLToPath } from 'node:url';
import { afterAll, expect, inject, test } from 'vitest';
import { newRoom, Stage } from '../support/stage.ts';
import { startWorkerProgram } from '../support/worker-program.ts';

const stage = new Stage(inject('liveKit'));
const program = startWorkerProgram({
  agent: fileURLToPath(new URL('../../docs/examples/greeter/agent.ts', import.meta.url)),
  args: ['start', '--port', 'none', '--num-idle-processes', '1', '--load-threshold', 'Infinity'],
  nodeArgs: ['--import', 'tsx'],
  server: stage.server,
});

afterAll(async () => {
  await stage.clear();
  await stage.endWorker({ program, agentName: 'greeter' });
});

test('it greets the caller, and leaves when the caller has left', async () => {
  await program.waitForEvent('worker.available');
  const room = newRoom();
  await stage.rooms.createRoom({ name: room, departureTimeout: 1 });
  const caller = await stage.join(room, 'caller');
  await stage.dispatch('greeter', { room });

  // It comes so early that the server has not told the caller yet whom it is from.
  expect((await caller.waitForMessage('greeting')).text).toBe('Good evening, caller');
  await caller.leave();

  const end = 'the session ends: room-closed';
  await program.waitForLog(end, ({ msg }) => msg === end);
  expect(await program.waitForEvent('job.ended')).toMatchObject({ end: 'succeeded' });
});
