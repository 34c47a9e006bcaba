import { describe, expect, it } from 'vitest';
import { caller, startSession } from './harness.ts';

const left = { type: 'room.participantLeft', ...caller } as const;
const joined = { type: 'room.participantJoined', ...caller } as const;

async function withCaller() {
  const session = startSession({ linked: caller });
  await session.connect({ isLinkedHere: true });
  return session;
}

/** Tests of the session machine; run by `session.test.ts`. */
export function testLinked(): void {
  describe('the participant of a publisher or participant job (R10)', () => {
    it('takes the session along when it leaves', async () => {
      const session = await withCaller();
      session.room(left);
      session.clock.increment(999);
      expect(session.cause()).toBeNull();
      session.clock.increment(1);
      expect(session.cause()).toEqual({
        reason: 'participant-left',
        detail: 'caller',
        failure: null,
      });
    });

    it('is not confused with others', async () => {
      const session = await withCaller();
      session.room({ type: 'room.participantLeft', identity: 'other', sid: 'PA_other' });
      session.clock.increment(60_000);
      expect(session.cause()).toBeNull();
    });

    it('that joins again is somebody else: it gets a job of its own', async () => {
      const session = await withCaller();
      session.room(left, { ...joined, sid: 'PA_again' });
      session.clock.increment(1_000);
      expect(session.cause()).toMatchObject({ reason: 'participant-left' });
    });

    it('is known by its identity when there is no SID', async () => {
      const session = startSession({ linked: { identity: 'caller', sid: '' } });
      await session.connect({ isLinkedHere: true });
      session.room(left);
      session.clock.increment(1_000);
      expect(session.cause()).toMatchObject({ reason: 'participant-left' });
    });

    it('that seems to leave while our connection is renewed is waited for', async () => {
      const session = await withCaller();
      session.room(left, { type: 'room.reconnecting' });
      session.clock.increment(5_000);
      session.room(joined, { type: 'room.reconnected' });
      session.clock.increment(60_000);
      expect(session.cause()).toBeNull();
    });

    it('that comes back in the same moment has not left', async () => {
      const session = await withCaller();
      session.room(left, joined);
      session.clock.increment(60_000);
      expect(session.cause()).toBeNull();
    });

    it('that is missing after the renewal has left', async () => {
      const session = await withCaller();
      session.room(left, { type: 'room.reconnecting' });
      session.clock.increment(5_000);
      session.room({ type: 'room.reconnected' });
      session.clock.increment(999);
      expect(session.cause()).toBeNull();
      session.clock.increment(1);
      expect(session.cause()).toMatchObject({ reason: 'participant-left' });
    });

    it('gets a whole second after a quick renewal', async () => {
      const session = await withCaller();
      session.room(left, { type: 'room.reconnecting' });
      session.clock.increment(900);
      session.room({ type: 'room.reconnected' });
      session.clock.increment(999);
      expect(session.cause()).toBeNull();
      session.clock.increment(1);
      expect(session.cause()).toMatchObject({ reason: 'participant-left' });
    });

    it('that was gone before the agent came ends the session', async () => {
      const session = startSession({ linked: caller });
      await session.connect({ isLinkedHere: false });
      session.clock.increment(1_000);
      expect(session.cause()).toMatchObject({ reason: 'participant-left' });
    });

    it('is nobody in a room job', async () => {
      const session = startSession();
      await session.connect();
      session.room(left);
      session.clock.increment(60_000);
      expect(session.cause()).toBeNull();
    });
  });
}
