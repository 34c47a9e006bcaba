import { describe, expect, it } from 'vitest';
import { startPool, startServing } from './harness.ts';

/** Tests of the process pool machine; run by `process-pool.test.ts`. */
export function testQueue(): void {
  describe('a queue', () => {
    const claimAll = (pool: ReturnType<typeof startPool>, count: number) =>
      Array.from({ length: count }, (_, index) => pool.claim(`job.${index + 1}`));
    /** Its proof, and with it every process, takes 10 s to get warm: three for each core are a queue of 30 s. */
    const startSlow = (maxStarting: number) => {
      const pool = startPool({ numIdleProcesses: 0, maxStarting });
      pool.children.last().says({ type: 'link.warm', warmupMs: 10_000 });
      return pool;
    };
    const refused = [{ type: 'pool.refused', failure: null }];

    it('is as long as the cores can warm up in 30 s: who comes later is refused at once', () => {
      const pool = startSlow(2);
      // The process of the proof, then 2 × 3 cold ones.
      const heard = claimAll(pool, 8);
      expect(heard[0]).toMatchObject([{ type: 'process.spawned' }, { type: 'pool.claimed' }]);
      expect(heard[6]).toMatchObject([{ type: 'pool.claimed' }]);
      expect(heard[7]).toEqual(refused);
      expect(Object.keys(pool.processes())).toHaveLength(7);
      // A job that is accepted already is not left alone.
      expect(pool.claim('job.9', true)).toMatchObject([{ type: 'pool.claimed' }]);
      // Room again.
      for (let warm = 0; warm < 2; warm += 1) {
        pool.children.last().says({ type: 'link.warm', warmupMs: 10_000 });
      }
      expect(pool.claim('job.10')).toMatchObject([{ type: 'pool.claimed' }]);
      expect(pool.claim('job.11')).toEqual(refused);
    });

    it('is for cold processes: a warm one is had at once', () => {
      const pool = startSlow(1);
      claimAll(pool, 4);
      expect(pool.claim('job.5')).toEqual(refused);
      pool.actor.send({ type: 'pool.release', slot: 'job.1' });
      expect(pool.claim('job.6').at(-1)).toMatchObject({ process: 'process.1' });
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
      const heard = claimAll(pool, 151);
      expect(heard[149]).toEqual([]);
      expect(heard[150]).toEqual(refused);
    });

    // A job that was accepted hears nothing else while it waits for another process: it counts on that.
    it.each([
      ['serving', 'pool.claimed', () => {}],
      ['failing.resting', 'pool.refused', (pool) => pool.children.last().exits(1)],
      ['stopping', 'pool.refused', (pool) => pool.actor.send({ type: 'pool.stop' })],
      ['killing', 'pool.refused', (pool) => pool.actor.send({ type: 'pool.kill' })],
    ] satisfies [string, string, (pool: ReturnType<typeof startPool>) => void][])(
      'has no place for a claim of an accepted job: %s, %s in the same turn',
      (state, answer, bring) => {
        const pool = startServing(1, { restartIntensity: 0 });
        bring(pool);
        expect(pool.state()).toBe(state);
        expect(pool.claim('job.1', true).at(-1)).toMatchObject({ type: answer });
      },
    );
  });
}
