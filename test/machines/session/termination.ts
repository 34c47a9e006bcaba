import { describe, expect, it } from 'vitest';
import { startSession } from './harness.ts';

const terminated = { type: 'link.terminated' } as const;

async function connected() {
  const session = startSession();
  await session.connect();
  return session;
}

/** Tests of the session machine; run by `session.test.ts`. */
export function testTermination(): void {
  describe('a JobTermination', () => {
    it('ends a session that stays connected, after a second', async () => {
      const session = await connected();
      session.actor.send(terminated);
      expect(session.course()).toEqual({ running: 'terminating' });
      session.clock.increment(999);
      expect(session.course()).toEqual({ running: 'terminating' });
      session.clock.increment(1);
      expect(session.cause()).toEqual({ reason: 'terminated', detail: '', failure: null });
    });

    it('gives way to the reason that the room tells', async () => {
      const session = await connected();
      session.actor.send(terminated);
      session.clock.increment(4);
      session.room({ type: 'room.disconnected', reason: 'room-deleted', detail: '' });
      expect(session.cause()).toMatchObject({ reason: 'room-deleted' });
    });

    it('is forgotten when the connection is renewed meanwhile', async () => {
      const session = await connected();
      session.room({ type: 'room.reconnecting' });
      session.actor.send(terminated);
      session.clock.increment(300);
      session.room({ type: 'room.reconnected' });
      expect(session.course()).toEqual({ running: 'steady' });
      session.clock.increment(60_000);
      expect(session.cause()).toBeNull();
    });

    it('waits for a renewal that takes longer, which cancels it', async () => {
      const session = await connected();
      session.room({ type: 'room.reconnecting' });
      session.actor.send(terminated);
      session.clock.increment(5_000);
      expect(session.course()).toEqual({ running: 'awaitingReconnect' });
      session.room({ type: 'room.reconnected' });
      expect(session.course()).toEqual({ running: 'steady' });
    });

    it('waits for a renewal that fails, which tells the reason', async () => {
      const session = await connected();
      session.room({ type: 'room.reconnecting' });
      session.actor.send(terminated);
      session.clock.increment(5_000);
      session.room({ type: 'room.disconnected', reason: 'participant-removed', detail: '' });
      expect(session.cause()).toMatchObject({ reason: 'participant-removed' });
    });

    it('right after a renewal speaks of the old connection', async () => {
      const session = await connected();
      session.room({ type: 'room.reconnecting' }, { type: 'room.reconnected' });
      session.clock.increment(20);
      session.actor.send(terminated);
      expect(session.course()).toEqual({ running: 'steady' });
      session.clock.increment(60_000);
      expect(session.cause()).toBeNull();
    });

    it('counts again when the renewal is a second old', async () => {
      const session = await connected();
      session.room({ type: 'room.reconnecting' }, { type: 'room.reconnected' });
      session.clock.increment(1_000);
      session.actor.send(terminated);
      session.clock.increment(1_000);
      expect(session.cause()).toMatchObject({ reason: 'terminated' });
    });

    it('is patient with a connection that breaks again', async () => {
      const session = await connected();
      session.room({ type: 'room.reconnecting' }, { type: 'room.reconnected' });
      session.room({ type: 'room.reconnecting' });
      session.actor.send(terminated);
      session.clock.increment(1_000);
      expect(session.course()).toEqual({ running: 'awaitingReconnect' });
    });

    it('ends at once what has not connected: no room will tell a reason', () => {
      const session = startSession();
      session.actor.send(terminated);
      expect(session.cause()).toMatchObject({ reason: 'terminated' });
    });

    it('does not hold up another reason to end', async () => {
      const session = await connected();
      session.actor.send(terminated);
      session.actor.send({ type: 'agent.shutdown', detail: 'bye' });
      expect(session.cause()).toMatchObject({ reason: 'agent-ended' });
    });
  });
}
