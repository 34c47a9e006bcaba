import { describe, expect, it } from 'vitest';
import { startPool, startServing } from './harness.ts';

const failed = {
  type: 'link.warmupFailed',
  failure: { code: 'GR_PREWARM_FAILED', message: 'no model' },
  fatal: false,
} as const;

/** What only a mutant would change; run by `process-pool.test.ts`. */
export function testEdges(): void {
  describe('a process that failed to get warm and is still there', () => {
    it('is replaced while the agent works', () => {
      const pool = startServing(1);
      pool.claim('job.1');
      pool.clock.increment(1_000);
      pool.children.last().says(failed);
      pool.clock.increment(500);
      expect(pool.processes()).toMatchObject({ 'process.2': 'stopping', 'process.3': 'warming' });
    });

    it('is replaced while nothing is proven', () => {
      const pool = startPool();
      pool.children.last().says(failed);
      pool.clock.increment(500);
      expect(pool.processes()).toEqual({ 'process.1': 'stopping', 'process.2': 'warming' });
    });

    it('counts for the restart period', () => {
      const pool = startServing(1);
      pool.claim('job.1');
      pool.clock.increment(1_000);
      pool.children.last().says(failed);
      pool.clock.increment(500);
      pool.children.last().getsWarm();
      expect(pool.actor.getSnapshot().context.failures).toBe(1);
      pool.clock.increment(60_000);
      expect(pool.actor.getSnapshot().context.failures).toBe(0);
    });

    it('is on its way out while the pool is failing', () => {
      const pool = startPool({ restartIntensity: 0 });
      pool.children.last().says(failed);
      pool.children.last().exits(1);
      pool.clock.increment(30_000);
      pool.children.last().says(failed);
      expect(pool.processes()).toEqual({ 'process.1': 'stopping' });
    });
  });

  describe('the proof that the agent works', () => {
    it('makes earlier failures forgotten', () => {
      const pool = startPool();
      pool.children.last().says(failed);
      pool.clock.increment(500);
      pool.children.last().getsWarm();
      expect(pool.actor.getSnapshot().context).toMatchObject({ failures: 0, period: 1 });
    });
  });
}
