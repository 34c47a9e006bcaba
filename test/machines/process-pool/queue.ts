import { describe, expect, it } from 'vitest';
import { startPool, startServing } from './harness.ts';

/** Tests of the process pool machine; run by `process-pool.test.ts`. */
export function testQueue(): void {
  describe('a queue', () => {
    const claimAll = (pool: ReturnType<typeof startPool>, count: number) =>
      Array.from({ length: count }, (_, index) => pool.claim(`job.${index + 1}`));
    const refused = [{ type: 'pool.refused', failure: null }];

    it('is as long as the cores can warm up in 10 s: who comes later is refused at once', () => {
      const pool = startServing(0, { maxStarting: 2 });
      // The process of the proof, then 2 × 25 that take 400 ms each.
      const heard = claimAll(pool, 52);
      expect(heard[0]).toMatchObject([{ type: 'process.spawned' }, { type: 'pool.claimed' }]);
      expect(heard[50]).toMatchObject([{ type: 'pool.claimed' }]);
      expect(heard[51]).toEqual(refused);
      expect(Object.keys(pool.processes())).toHaveLength(51);
      // A job that is accepted already is not left alone.
      expect(pool.claim('job.53', true)).toMatchObject([{ type: 'pool.claimed' }]);
      // Room again.
      pool.children.last().getsWarm();
      pool.children.last().getsWarm();
      expect(pool.claim('job.54')).toMatchObject([{ type: 'pool.claimed' }]);
      expect(pool.claim('job.55')).toEqual(refused);
    });

    it('is for cold processes: a warm one is had at once', () => {
      const pool = startServing(0, { maxStarting: 1 });
      claimAll(pool, 26);
      expect(pool.claim('job.27')).toEqual(refused);
      pool.actor.send({ type: 'pool.release', slot: 'job.1' });
      expect(pool.claim('job.28').at(-1)).toMatchObject({ process: 'process.1' });
    });

    it('has room for one at a time for each core, however long it takes to get warm', () => {
      const pool = startPool({ numIdleProcesses: 0, maxStarting: 2 });
      pool.children.last().says({ type: 'link.warm', warmupMs: 60_000 });
      const heard = claimAll(pool, 4);
      expect(heard[2]?.[0]).toMatchObject({ type: 'pool.claimed' });
      expect(heard[3]).toEqual(refused);
    });

    it('before the first proof counts on 200 ms for each', () => {
      const pool = startPool({ numIdleProcesses: 0, maxStarting: 1 });
      const heard = claimAll(pool, 51);
      expect(heard[49]).toEqual([]);
      expect(heard[50]).toEqual(refused);
    });
  });
}
