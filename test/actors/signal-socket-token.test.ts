import { Job, JobAssignment, ServerMessage } from '@livekit/protocol';
import { expect, it } from 'vitest';
import { defineSignalSocket } from '../../src/actors/signal-socket.ts';
import { openToken } from '../../src/token-seal.ts';
import { runUnderParent } from '../support/run-under-parent.ts';
import { startSignalServer } from '../support/signal-server.ts';

it('seals the token of an assignment: machines, and whoever looks at them, get no other', async () => {
  const server = await startSignalServer();
  const actor = runUnderParent(
    defineSignalSocket({
      url: server.url,
      apiKey: 'k',
      apiSecret: 's'.repeat(32),
      workerToken: null,
    }),
  );
  try {
    const { socket } = await server.accept();
    const token = 'eyJhbGciOi.eyJzdWIi.c2ln';
    const value = new JobAssignment({ job: new Job({ id: 'AJ_1' }), url: 'ws://x', token });
    socket.send(new ServerMessage({ message: { case: 'assignment', value } }).toBinary());
    const event = await actor.next('server.jobAssigned');
    expect(event).toMatchObject({ job: { id: 'AJ_1' }, url: 'ws://x' });
    expect(JSON.stringify(event)).not.toContain('eyJ');
    expect(openToken(event['token'] as string)).toBe(token);
  } finally {
    actor.stop();
    await server.close();
  }
});
