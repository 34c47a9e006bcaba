import { describe, expect, it } from 'vitest';
import { ended, exit, startAccepted, startRunning } from './harness.ts';

/** What only a mutant would change; run by `job.test.ts`. */
export function testEdges(): void {
  describe('the end of a job', () => {
    it.each(['succeeded', 'failed'] as const)('is the state %s', async (outcome) => {
      const job = await startRunning('connected');
      job.hears({ type: 'session.closing', reason: 'agent-ended', detail: '' });
      job.hears({ type: 'session.outcome', outcome: { ...ended, outcome } });
      job.actor.send({ type: 'server.statusRead' });
      job.hears(exit());
      expect(job.state()).toBe(outcome);
    });
  });

  describe('an assignment that comes while another process is claimed', () => {
    it('is launched with its own token', async () => {
      const job = await startAccepted();
      job.hears(exit());
      job.assigned();
      job.granted();
      expect(job.toProcess()).toMatchObject([
        { type: 'process.launch', order: { token: 'secret' } },
      ]);
    });
  });
}
