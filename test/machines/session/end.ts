import { describe, expect, it } from 'vitest';
import { createActor } from 'xstate';
import { sessionMachine } from '../../../machines/session/session.machine.ts';
import { caller, limits, startSession } from './harness.ts';
import { settled } from '../settling.ts';

/** Tests of the session machine; run by `session.test.ts`. */
export function testEnd(): void {
  describe('the end of the link', () => {
    it('ends the session as orphaned, without waiting for a confirmation', async () => {
      const session = startSession();
      await session.connect();
      session.actor.send({ type: 'link.lost' });
      await settled();
      expect(session.output()).toMatchObject({
        outcome: 'failed',
        reason: 'orphaned',
        warnings: [],
      });
    });

    it('leaves an orphan its own, shorter budget', async () => {
      const session = startSession({ hold: ['runCallbacks'] });
      await session.connect();
      session.actor.send({ type: 'link.lost' });
      await settled();
      session.clock.increment(10_000);
      await settled();
      expect(session.output()).toMatchObject({
        reason: 'orphaned',
        warnings: [{ step: 'callbacks' }],
      });

      const stuck = startSession({
        hold: ['runCallbacks'],
        limits: { ...limits, callbacksMs: 300_000 },
      });
      stuck.actor.send({ type: 'link.lost' });
      await settled();
      stuck.clock.increment(25_000);
      expect(stuck.output()?.warnings[0]?.failure.message).toContain('longer than 25000 ms in all');
    });

    it.each([
      ['succeeded', { type: 'agent.shutdown', detail: '' }],
      ['failed', { type: 'link.closed', reason: 'worker-closing', detail: '' }],
    ] as const)('during a close that %s bounds what is left of it', async (outcome, event) => {
      const session = startSession({
        hold: ['runCallbacks'],
        limits: { ...limits, callbacksMs: 50_000 },
      });
      await session.connect();
      session.actor.send(event);
      await session.confirm();
      session.clock.increment(5_000);
      session.actor.send({ type: 'link.lost' });
      session.clock.increment(25_999);
      expect(session.output()).toBeUndefined();
      session.clock.increment(1);
      expect(session.output()).toMatchObject({
        outcome,
        warnings: [{ step: 'close', failure: { code: 'GR_STEP_TIMEOUT' } }],
      });
    });

    it('during the wait for the confirmation ends that wait', async () => {
      const session = startSession();
      await session.connect();
      session.actor.send({ type: 'agent.shutdown', detail: '' });
      await settled();
      expect(session.steps).not.toContain('leaveRoom');
      session.actor.send({ type: 'link.lost' });
      await settled();
      expect(session.output()).toMatchObject({ reason: 'agent-ended' });
    });
  });

  describe('bugs and gaps', () => {
    it('a room that cannot be watched ends the session as crashed', async () => {
      const session = startSession({ brokenRoom: new Error('no room') });
      await session.confirm();
      expect(session.output()).toMatchObject({
        reason: 'crashed',
        failure: { code: 'GR_INTERNAL', message: 'no room' },
      });
    });

    it('a session close that breaks still tells the outcome', async () => {
      const session = startSession({ hold: ['settleEntry'] });
      session.actor.send({ type: 'agent.shutdown', detail: 'bye' });
      const close = session.actor.getSnapshot().children['close']!;
      session.actor.send({
        type: 'xstate.error.actor.close',
        error: new Error('bug'),
        actorId: close.id,
      } as never);
      expect(session.types().slice(-2)).toEqual(['session.warning', 'session.outcome']);
      expect(session.output()).toMatchObject({
        reason: 'agent-ended',
        warnings: [{ step: 'close', failure: { message: 'bug' } }],
      });
    });

    it('warnings of the close are in the record', async () => {
      const session = startSession({ hold: ['leaveRoom'] });
      await session.connect();
      session.actor.send({ type: 'agent.shutdown', detail: '' });
      await session.confirm();
      session.clock.increment(5_000);
      await settled();
      expect(session.emitted.at(-1)).toMatchObject({ type: 'session.warning', step: 'leave' });
      expect(session.output()?.warnings).toMatchObject([{ step: 'leave' }]);
    });

    it('without implementations the session fails and says what to provide', async () => {
      const actor = createActor(sessionMachine, {
        input: { jobId: 'AJ_1', roomSid: '', linked: null, limits },
      });
      actor.start();
      await settled();
      actor.send({ type: 'link.outcomeReported' });
      await settled();
      expect(actor.getSnapshot().output?.failure?.message).toContain(
        'is not implemented. Put it in with sessionMachine.provide',
      );
    });

    it('hands the linked participant to the room', () => {
      expect(startSession({ linked: caller }).roomInputs).toEqual([{ linked: caller }]);
    });
  });
}
