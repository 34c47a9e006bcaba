import { describe, expect, it } from 'vitest';
import { accept, closing, crash, ended, exit, startRunning, status } from './harness.ts';

/** Tests of the job machine; run by `job.test.ts`. */
export function testGhosts(): void {
  describe('a ghost', () => {
    it.each(['connecting', 'connected'] as const)(
      'is removed at once after a crash while %s',
      async (when) => {
        const job = await startRunning(when);
        job.hears(crash);
        expect(job.state()).toBe('removing.reporting');
        expect(job.sent).toEqual([
          status('failed', 'crashed: The job process was ended by SIGSEGV.'),
        ]);
        expect(job.removals.calls).toEqual([]);
        job.read();
        expect(job.removals.calls).toMatchObject([
          { input: { room: 'room of AJ_1', identity: accept.identity } },
        ]);
        await job.removals.last().answer();
        expect(job.output()).toMatchObject({ outcome: 'failed', session: { reason: 'crashed' } });
      },
    );

    it('cannot be there before the agent connects', async () => {
      const job = await startRunning('unconnected');
      job.hears(crash);
      expect(job.removals.calls).toEqual([]);
      expect(job.output()).toMatchObject({ outcome: 'failed' });
    });

    it('can be there when the agent connects while it closes', async () => {
      const job = await startRunning('unconnected');
      job.actor.send({ type: 'job.close', reason: 'worker-closing' });
      job.hears({ type: 'session.connecting' }, crash);
      expect(job.state()).toBe('removing.reporting');
    });

    it.each(['before', 'after'])(
      'is removed when the process was killed %s it could leave',
      async (when) => {
        const job = await startRunning('connected');
        job.hears(closing('agent-ended'), { type: 'session.outcome', outcome: ended });
        if (when === 'after') job.read();
        const killed = when === 'after' ? 'removing.calling' : 'removing.reporting';
        job.hears(exit({ code: null, signal: 'SIGKILL', cause: 'close-timeout' }));
        expect(job.state()).toBe(killed);
        job.read();
        await job.removals.last().answer();
        // The outcome was told, and stands.
        expect(job.sent).toEqual([status('success')]);
        expect(job.output()).toMatchObject({ outcome: 'succeeded', session: ended });
      },
    );

    it('that cannot be removed is warned about', async () => {
      const job = await startRunning('connected');
      job.hears(closing('agent-ended'), crash);
      job.read();
      await job.removals.last().fail(new Error('no such room'));
      expect(job.emitted.slice(-2)).toMatchObject([
        {
          type: 'job.warning',
          step: 'removeParticipant',
          failure: { code: 'GR_STEP_FAILED', message: 'no such room' },
        },
        { type: 'job.ended', end: 'failed' },
      ]);
    });

    it('is removed when nobody is left who could read of it', async () => {
      const job = await startRunning('connected');
      job.hears(crash);
      job.actor.send({ type: 'registration.lost' });
      expect(job.state()).toBe('removing.calling');
    });

    it('is removed after 2 s when the server does not say that it has read of it', async () => {
      const job = await startRunning('connected');
      job.hears(crash);
      job.clock.increment(1_999);
      expect(job.state()).toBe('removing.reporting');
      job.clock.increment(1);
      expect(job.state()).toBe('removing.calling');
    });

    it('is not waited for longer than 3 s', async () => {
      const job = await startRunning('connected');
      job.hears(crash);
      job.read();
      job.clock.increment(2_999);
      expect(job.state()).toBe('removing.calling');
      job.clock.increment(1);
      expect(job.removals.last().aborted()).toBe(true);
      expect(job.output()).toMatchObject({ outcome: 'failed' });
    });
  });
}
