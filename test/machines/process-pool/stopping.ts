import { describe, expect, it } from 'vitest';
import { startPool, startServing } from './harness.ts';

const failure = { code: 'GR_PREWARM_FAILED', message: 'no model' };

/** Tests of the process pool machine; run by `process-pool.test.ts`. */
export function testStopping(): void {
  describe('stopping', () => {
    it('asks every process to end, and ends with the last', () => {
      const pool = startServing(2);
      pool.claim('job.1');
      pool.actor.send({ type: 'pool.stop' });
      for (const child of pool.children.children) {
        expect(child.told).toEqual([{ type: 'close', reason: 'worker-closing', detail: '' }]);
      }
      pool.children.of('process.1').exits();
      expect(pool.state()).toBe('stopping');
      pool.children.of('process.2').exits();
      expect(pool.output()).toEqual({ outcome: 'stopped' });
    });

    it('climbs the ladder for those that do not', () => {
      const pool = startServing(0);
      pool.claim('job.1');
      pool.actor.send({ type: 'pool.stop' });
      pool.clock.increment(4_000);
      // A claim is given up meanwhile: nobody is asked anew.
      pool.actor.send({ type: 'pool.release', slot: 'job.1' });
      pool.clock.increment(3_000);
      expect(pool.children.last().signals).toEqual(['SIGTERM', 'SIGKILL']);
    });

    it('is done at once when there is no process', () => {
      const pool = startPool();
      pool.children.last().says({ type: 'link.warmupFailed', failure, fatal: false });
      pool.children.last().exits(1);
      pool.actor.send({ type: 'pool.stop' });
      expect(pool.output()).toEqual({ outcome: 'stopped' });
    });

    it.each([{ type: 'pool.stop' }, { type: 'pool.kill' }] as const)(
      'refuses claims, those that wait and those that come: $type',
      (command) => {
        const pool = startPool();
        const waiting = pool.claim('job.1');
        pool.actor.send(command);
        expect(waiting).toEqual([{ type: 'pool.refused', failure: null }]);
        expect(pool.claim('job.2')).toEqual([{ type: 'pool.refused', failure: null }]);
        // Nothing that happens now starts a process.
        pool.children.last().says({ type: 'link.warmupFailed', failure, fatal: false });
        pool.clock.increment(60_000);
        expect(pool.started()).toHaveLength(1);
      },
    );

    it('starts nothing anew', () => {
      const pool = startServing(2);
      pool.actor.send({ type: 'pool.stop' });
      pool.children.of('process.1').exits(9);
      pool.clock.increment(60_000);
      expect(pool.started()).toHaveLength(2);
    });
  });

  describe('killing', () => {
    it('kills every process at once', () => {
      const pool = startServing(2);
      pool.claim('job.1');
      pool.actor.send({ type: 'pool.kill' });
      for (const child of pool.children.children) {
        expect(child).toMatchObject({ told: [], signals: ['SIGKILL'] });
        child.exits(null, 'SIGKILL');
      }
      expect(pool.output()).toEqual({ outcome: 'stopped' });
    });

    it('cuts the stopping short', () => {
      const pool = startServing(1);
      pool.actor.send({ type: 'pool.stop' });
      pool.actor.send({ type: 'pool.kill' });
      expect(pool.children.last().signals).toEqual(['SIGKILL']);
    });

    it('is done at once when there is no process', () => {
      const pool = startPool();
      pool.children.last().exits(1);
      pool.actor.send({ type: 'pool.kill' });
      expect(pool.output()).toEqual({ outcome: 'stopped' });
    });
  });

  it('reaps every process that is gone', () => {
    const pool = startServing(2, { restartIntensity: 99 });
    for (let round = 0; round < 20; round += 1) {
      pool.claim('job.1');
      pool.clock.increment(1_000);
      for (const id of Object.keys(pool.processes())) pool.children.of(id).exits();
      pool.clock.increment(1_000);
      for (const id of Object.keys(pool.processes())) pool.children.of(id).getsWarm();
    }
    expect(Object.keys(pool.actor.getSnapshot().children).toSorted()).toEqual(
      Object.keys(pool.processes()).toSorted(),
    );
    expect(new Set(pool.started())).toEqual(new Set(['process.1', 'process.2', 'process.3']));
  });
}
