import { describe, expect, it } from 'vitest';
import { caller, startSession } from './harness.ts';

const active = (session: ReturnType<typeof startSession>) => session.value()['active'];

/** What only a mutant would change; run by `session.test.ts`. */
export function testEdges(): void {
  describe('the room that is left', () => {
    it.each(['before the connect', 'after it'])('%s is known to be left', async (when) => {
      const session = startSession({ hold: ['settleEntry'] });
      if (when === 'after it') await session.connect();
      session.room({ type: 'room.disconnected', reason: 'room-deleted', detail: '' });
      expect(active(session)).toMatchObject({ room: 'left' });
    });
  });

  it('the agent knows its identity once it has connected', async () => {
    const session = startSession();
    await session.connect();
    expect(session.actor.getSnapshot().context).toMatchObject({
      identity: 'agent-AJ_1',
      hasConnected: true,
    });
  });

  it('a signal is the cause of the end', () => {
    const session = startSession({ hold: ['settleEntry'] });
    session.actor.send({ type: 'process.signalled', signal: 'SIGTERM' });
    expect(session.cause()).toMatchObject({ detail: expect.stringContaining('SIGTERM') });
  });

  it.each([
    ['succeeded', 'agent.shutdown'],
    ['failed', 'process.crashed'],
  ] as const)('an orphan that is cut off has %s after %s', async (state, type) => {
    const session = startSession({ hold: ['settleEntry', 'endSession', 'disposeNative'] });
    if (type === 'agent.shutdown') session.actor.send({ type, detail: 'bye' });
    else session.actor.send({ type, failure: { code: 'GR_UNCAUGHT_ERROR', message: 'no' } });
    session.actor.send({ type: 'link.lost' });
    session.clock.increment(26_000);
    expect(session.actor.getSnapshot()).toMatchObject({ status: 'done', value: state });
  });

  it('somebody else who joins does not stand for the one that was linked', async () => {
    const session = startSession({ linked: caller });
    await session.connect({ isLinkedHere: true });
    session.room({ type: 'room.reconnecting' }, { type: 'room.participantLeft', ...caller });
    session.clock.increment(1_000);
    expect(active(session)).toMatchObject({ linked: 'unseen' });
    session.room({ type: 'room.participantJoined', identity: 'other', sid: 'PA_other' });
    expect(active(session)).toMatchObject({ linked: 'unseen' });
  });
}
