import { describe, expect, it } from 'vitest';
import type { CloseReason } from '../../../machines/messages.ts';
import { OUTCOMES } from '../../../machines/session/outcomes.ts';
import { startSession } from './harness.ts';
import { settled } from '../settling.ts';

const steady = { running: 'steady' };

/** Tests of the session machine; run by `session.test.ts`. */
export function testCourse(): void {
  describe('a session without trouble', () => {
    it('reports each change, from launch to outcome', async () => {
      const session = startSession();
      await session.connect();
      await session.entryReturns();
      expect(session.course()).toEqual(steady);
      session.room({ type: 'room.reconnecting' }, { type: 'room.reconnected' });
      session.room({ type: 'room.disconnected', reason: 'room-closed', detail: '' });
      await session.confirm();

      expect(session.emitted).toEqual([
        { type: 'session.started' },
        { type: 'session.connecting' },
        { type: 'session.connected', roomSid: 'RM_1', identity: 'agent-AJ_1' },
        { type: 'session.reconnecting' },
        { type: 'session.reconnected' },
        { type: 'session.closing', reason: 'room-closed', detail: '' },
        {
          type: 'session.outcome',
          outcome: { outcome: 'succeeded', reason: 'room-closed', detail: '', failure: null },
        },
      ]);
      expect(session.actor.getSnapshot().value).toBe('succeeded');
      expect(session.output()).toEqual({
        outcome: 'succeeded',
        reason: 'room-closed',
        detail: '',
        failure: null,
        exitCode: 0,
        warnings: [],
      });
    });

    it('tells the agent of a drain and runs on', async () => {
      const session = startSession();
      await session.connect();
      session.actor.send({ type: 'link.drained', deadlineMs: 60_000 });
      expect(session.emitted.at(-1)).toEqual({ type: 'session.draining', deadlineMs: 60_000 });
      expect(session.course()).toEqual(steady);
    });
  });

  describe('entry', () => {
    it('that returns without having connected ends the job', async () => {
      const session = startSession();
      await session.entryReturns();
      await session.confirm();
      expect(session.output()).toMatchObject({
        outcome: 'succeeded',
        reason: 'entry-returned',
        exitCode: 0,
      });
    });

    it('that returns while it connects leaves the session running', async () => {
      const session = startSession();
      session.room({ type: 'room.connecting' });
      await session.entryReturns();
      expect(session.course()).toEqual(steady);
      await session.connect();
      expect(session.value()['active']).toMatchObject({ room: { present: 'connected' } });
    });

    it('that returned and left a connect behind that fails ends as connection-lost', async () => {
      const session = startSession();
      session.room({ type: 'room.connecting' });
      await session.entryReturns();
      const failure = { code: 'GR_ROOM_CONNECT_FAILED', message: 'refused' };
      session.room({ type: 'room.connectFailed', failure });
      await session.confirm();
      expect(session.output()).toMatchObject({
        outcome: 'failed',
        reason: 'connection-lost',
        detail: 'refused',
        failure,
      });
    });

    it('may try to connect again', async () => {
      const session = startSession();
      const failure = { code: 'GR_ROOM_CONNECT_FAILED', message: 'refused' };
      session.room({ type: 'room.connecting' }, { type: 'room.connectFailed', failure });
      expect(session.value()['active']).toMatchObject({ room: { away: 'unconnected' } });
      await session.connect();
      expect(session.course()).toEqual(steady);
    });

    it('that throws fails the job with the error', async () => {
      const session = startSession();
      await session.entryThrows(new TypeError('x is not a function'));
      await session.confirm();
      expect(session.output()).toMatchObject({
        outcome: 'failed',
        reason: 'entry-failed',
        detail: 'x is not a function',
        exitCode: 1,
        failure: { code: 'GR_ENTRY_FAILED', message: 'x is not a function' },
      });
      expect(session.output()?.failure?.stack).toContain('TypeError');
    });

    it('that throws when it is told to stop changes nothing but the record', async () => {
      const session = startSession({ hold: ['endSession'] });
      await session.connect();
      session.actor.send({ type: 'agent.shutdown', detail: 'done' });
      await settled();
      await session.entryThrows(new Error('late'));
      expect(session.cause()).toMatchObject({ reason: 'agent-ended' });
      expect(session.emitted.at(-1)).toMatchObject({
        type: 'session.warning',
        step: 'entry',
        failure: { code: 'GR_ENTRY_FAILED', message: 'late' },
      });
    });

    it('that forgets to connect is warned about once', () => {
      const session = startSession();
      session.clock.increment(9_999);
      expect(session.types()).toEqual(['session.started']);
      session.clock.increment(1);
      expect(session.emitted[1]).toMatchObject({
        type: 'session.warning',
        step: 'connect',
        failure: { code: 'GR_ROOM_NOT_CONNECTED' },
      });
      session.clock.increment(60_000);
      expect(session.types()).toHaveLength(2);
    });

    it('is not warned about once it is connected or closing', async () => {
      const connected = startSession();
      await connected.connect();
      connected.clock.increment(10_000);
      expect(connected.types()).not.toContain('session.warning');

      const ended = startSession({ hold: ['settleEntry'] });
      ended.actor.send({ type: 'agent.shutdown', detail: '' });
      ended.clock.increment(10_000);
      expect(ended.types()).not.toContain('session.warning');
    });
  });

  describe('each reason to end', () => {
    const failure = { code: 'GR_UNCAUGHT', message: 'boom' };
    const cases: [CloseReason, Parameters<ReturnType<typeof startSession>['actor']['send']>[0]][] =
      [
        ['room-closed', { type: 'room.disconnected', reason: 'room-closed', detail: '' }],
        ['agent-ended', { type: 'agent.shutdown', detail: '' }],
        ['session-ended', { type: 'agent.endSession', detail: '' }],
        ['drain-timeout', { type: 'link.closed', reason: 'drain-timeout', detail: '' }],
        ['worker-closing', { type: 'link.closed', reason: 'worker-closing', detail: '' }],
        ['crashed', { type: 'process.crashed', failure }],
        ['terminated', { type: 'process.signalled', signal: 'SIGTERM' }],
      ];

    it.each(cases)('%s comes to the outcome of the table', async (reason, event) => {
      const session = startSession();
      await session.connect();
      session.actor.send(event);
      expect(session.emitted.at(-1)).toMatchObject({ type: 'session.closing', reason });
      await session.confirm();
      const { outcome, exitCode } = OUTCOMES[reason];
      expect(session.output()).toMatchObject({ outcome, reason, exitCode });
      expect(session.actor.getSnapshot().value).toBe(outcome);
    });

    it('deletes the room only when the agent ends the session for everyone', async () => {
      const session = startSession();
      await session.connect();
      session.actor.send({ type: 'agent.endSession', detail: 'goodbye' });
      await session.confirm();
      expect(session.steps).toContain('deleteRoom');
      expect(session.output()).toMatchObject({ reason: 'session-ended', detail: 'goodbye' });
    });

    it('is the first one, whatever comes later', async () => {
      const session = startSession({ hold: ['settleEntry'] });
      await session.connect();
      session.actor.send({ type: 'agent.shutdown', detail: 'first' });
      session.room({ type: 'room.disconnected', reason: 'connection-lost', detail: '' });
      session.actor.send({ type: 'process.crashed', failure });
      session.actor.send({ type: 'link.closed', reason: 'worker-closing', detail: '' });
      expect(session.cause()).toEqual({ reason: 'agent-ended', detail: 'first', failure: null });
      expect(session.types().filter((type) => type === 'session.closing')).toHaveLength(1);
      expect(session.emitted.at(-1)).toEqual({ type: 'session.warning', step: 'process', failure });
    });

    it('before the agent was ever in the room is a disconnect, too', async () => {
      const session = startSession();
      session.room({ type: 'room.connecting' });
      session.room({ type: 'room.disconnected', reason: 'room-deleted', detail: '' });
      await session.confirm();
      expect(session.output()).toMatchObject({ reason: 'room-deleted' });
    });
  });

  describe('another room under the same name (R9)', () => {
    it('is left at once', async () => {
      const session = startSession();
      await session.connect({ roomSid: 'RM_other' });
      expect(session.types().slice(2, 4)).toEqual(['session.connected', 'session.closing']);
      await session.confirm();
      expect(session.steps).toContain('leaveRoom');
      expect(session.output()).toMatchObject({
        outcome: 'succeeded',
        reason: 'wrong-room',
        detail: 'RM_other',
      });
    });

    it.each([
      ['the job has no SID', '', 'RM_other'],
      ['the room has none yet', 'RM_1', ''],
    ])('is not suspected when %s', async (_case, roomSid, joined) => {
      const session = startSession({ roomSid });
      await session.connect({ roomSid: joined });
      expect(session.course()).toEqual(steady);
    });
  });
}
