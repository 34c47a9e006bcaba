import { describe, expect, it } from 'vitest';
import { startPool, startServing } from './harness.ts';

const failure = { code: 'GR_PREWARM_FAILED', message: 'no model' };

type Pool = ReturnType<typeof startPool>;

/** The last process started fails to get warm, and is gone. */
function failLast(pool: Pool, fatal = false): void {
  const child = pool.children.last();
  child.says({ type: 'link.warmupFailed', failure, fatal });
  child.exits(1);
}

/** Fails until the pool says so. */
function failing(change: Parameters<typeof startPool>[0] = {}): Pool {
  const pool = startPool(change);
  for (const ms of [500, 1_000, 2_000, 0]) {
    failLast(pool);
    pool.clock.increment(ms);
  }
  return pool;
}

/** Tests of the process pool machine; run by `process-pool.test.ts`. */
export function testFailures(): void {
  describe('a process that fails to get warm', () => {
    it('is replaced with back-off while nothing is proven', () => {
      const pool = startPool();
      failLast(pool);
      expect(pool.processes()).toEqual({});
      pool.clock.increment(499);
      expect(pool.started()).toHaveLength(1);
      pool.clock.increment(1);
      expect(pool.started()).toEqual(['process.1', 'process.1']);
      failLast(pool);
      pool.clock.increment(999);
      expect(pool.started()).toHaveLength(2);
      pool.clock.increment(1);
      expect(pool.started()).toHaveLength(3);
      failLast(pool);
      pool.clock.increment(1_999);
      expect(pool.started()).toHaveLength(3);
      pool.clock.increment(1);
      expect(pool.started()).toHaveLength(4);
      expect(pool.state()).toBe('proving');
    });

    it('is on its way out, and counts once', () => {
      const pool = startPool();
      pool.children.last().says({ type: 'link.warmupFailed', failure, fatal: false });
      expect(pool.processes()).toEqual({ 'process.1': 'stopping' });
      pool.children.last().exits(1);
      expect(pool.actor.getSnapshot().context).toMatchObject({ failures: 1, failuresInARow: 1 });
    });

    it('for good ends the pool: another try cannot help', () => {
      const pool = startPool({ numIdleProcesses: 2 });
      const heard = pool.claim('job.1');
      pool.children.last().says({ type: 'link.warmupFailed', failure, fatal: true });
      expect(heard).toEqual([{ type: 'pool.refused', failure }]);
      expect(pool.state()).toBe('stopping');
      for (const child of pool.children.children) child.exits(1);
      expect(pool.output()).toEqual({ outcome: 'failed', failure });
    });

    it('later on is replaced with back-off, whoever has claimed it', () => {
      const pool = startServing(1);
      pool.claim('job.1');
      pool.clock.increment(1_000);
      pool.claim('job.2');
      failLast(pool);
      expect(pool.actor.getSnapshot().context).toMatchObject({ failures: 1, failure });
      expect(pool.processes()).toEqual({ 'process.1': 'warm for job.1' });
      pool.clock.increment(500);
      expect(pool.processes()).toEqual({
        'process.1': 'warm for job.1',
        'process.2': 'warming',
      });
    });
  });

  describe('an idle process that dies', () => {
    it.each([
      ['by itself', 0, null],
      ['with an error', 7, null],
      ['by a signal', null, 'SIGKILL'],
    ])('%s is replaced with back-off', (_how, code, signal) => {
      const pool = startServing(1);
      pool.children.last().exits(code, signal);
      expect(pool.processes()).toEqual({});
      pool.clock.increment(499);
      expect(pool.processes()).toEqual({});
      pool.clock.increment(1);
      expect(pool.processes()).toEqual({ 'process.1': 'warming' });
    });

    it('of unresponsiveness is replaced, too', () => {
      const pool = startServing(1);
      pool.clock.increment(71_000);
      expect(pool.children.last().signals).toEqual(['SIGKILL']);
      pool.children.last().exits(null, 'SIGKILL');
      expect(pool.actor.getSnapshot().context).toMatchObject({
        failures: 1,
        failure: { code: 'GR_PROCESS_UNRESPONSIVE' },
      });
    });

    it('waits longer each time, from the beginning again once one got warm', () => {
      const pool = startServing(1, { restartIntensity: 9 });
      for (const ms of [500, 1_000, 2_000, 4_000]) {
        pool.children.last().exits(1);
        pool.clock.increment(ms - 1);
        expect(pool.processes()).toEqual({});
        pool.clock.increment(1);
        expect(pool.processes()).toEqual({ 'process.1': 'warming' });
      }
      pool.children.last().getsWarm();
      pool.children.last().exits(1);
      pool.clock.increment(500);
      expect(pool.processes()).toEqual({ 'process.1': 'warming' });
    });

    it('with a job is no failure of the pool', () => {
      const pool = startServing(1);
      pool.claim('job.1');
      pool.children.last().exits(null, 'SIGSEGV');
      expect(pool.actor.getSnapshot().context).toMatchObject({ failures: 0 });
    });

    it('as surplus is no failure of the pool', () => {
      const pool = startServing(1);
      pool.claim('job.1');
      pool.clock.increment(1_000);
      pool.children.last().getsWarm();
      pool.actor.send({ type: 'pool.release', slot: 'job.1' });
      expect(pool.processes()).toEqual({ 'process.1': 'stopping', 'process.2': 'warm' });
      pool.children.of('process.1').exits();
      expect(pool.actor.getSnapshot().context).toMatchObject({ failures: 0 });
    });
  });

  describe('processes that cannot be started', () => {
    it('are not started in a loop for a job that claims one after the other', () => {
      const pool = startServing(1);
      pool.claim('job.1');
      pool.children.break();
      for (let index = 0; index < 4; index += 1) {
        pool.claim('job.2');
        pool.children.last().fails(new Error('spawn EAGAIN'));
      }
      expect(pool.claim('job.2')).toMatchObject([{ type: 'pool.refused' }]);
      expect(pool.state()).toBe('failing.resting');
      expect(pool.started()).toHaveLength(5);
      expect(pool.emitted).toMatchObject([
        { type: 'pool.failing', failure: { code: 'GR_PROCESS_SPAWN_FAILED' } },
      ]);
    });
  });

  describe('too many failures', () => {
    it('are told, and nothing is started for 30 s', () => {
      const pool = failing();
      expect(pool.state()).toBe('failing.resting');
      expect(pool.reports).toEqual([{ type: 'pool.failing', failure }]);
      expect(pool.emitted).toEqual([{ type: 'pool.failing', failure, failures: 4 }]);
      pool.clock.increment(29_999);
      expect(pool.started()).toHaveLength(4);
      pool.clock.increment(1);
      expect(pool.started()).toHaveLength(5);
      expect(pool.state()).toBe('failing.trying');
    });

    it('refuse the claims that wait, and those that come', () => {
      const pool = startPool({ restartIntensity: 0 });
      const waiting = pool.claim('job.1');
      failLast(pool);
      expect(waiting).toEqual([{ type: 'pool.refused', failure }]);
      expect(pool.claim('job.2')).toEqual([{ type: 'pool.refused', failure }]);
    });

    it('are followed by one try every 30 s', () => {
      const pool = failing();
      pool.clock.increment(30_000);
      for (const count of [6, 7, 8]) {
        failLast(pool);
        pool.clock.increment(29_999);
        expect(pool.started()).toHaveLength(count - 1);
        pool.clock.increment(1);
        expect(pool.started()).toHaveLength(count);
      }
      expect(pool.reports).toHaveLength(1);
    });

    it('are over when one process gets warm', () => {
      const pool = failing();
      pool.clock.increment(30_000);
      pool.children.last().getsWarm();
      expect(pool.state()).toBe('serving');
      expect(pool.reports.slice(1)).toEqual([{ type: 'pool.recovered' }]);
      expect(pool.emitted.slice(1)).toEqual([{ type: 'pool.recovered' }]);
      expect(pool.claim('job.1').at(-1)).toMatchObject({ type: 'pool.claimed' });
    });

    it('are not over for a process that was warm before: another one has to prove it', () => {
      const pool = startServing(1);
      pool.claim('job.1');
      pool.clock.increment(1_000);
      for (const ms of [500, 1_000, 2_000, 0]) {
        failLast(pool);
        pool.clock.increment(ms);
      }
      expect(pool.state()).toBe('failing.resting');
      pool.actor.send({ type: 'pool.release', slot: 'job.1' });
      pool.clock.increment(30_000);
      expect(pool.processes()).toEqual({ 'process.1': 'warm', 'process.2': 'warming' });
      pool.children.last().getsWarm();
      expect(pool.reports.at(-1)).toEqual({ type: 'pool.recovered' });
      // One of the two is enough.
      expect(pool.processes()).toEqual({ 'process.1': 'stopping', 'process.2': 'warm' });
    });

    it('are those of the last minute', () => {
      const pool = startServing(1);
      const die = (): void => {
        pool.children.last().exits(1);
        pool.clock.increment(500);
        pool.children.last().getsWarm();
      };
      for (let round = 0; round < 4; round += 1) {
        for (let time = 0; time < 3; time += 1) die();
        expect(pool.state()).toBe('serving');
        pool.clock.increment(60_000);
        pool.children.last().says({ type: 'link.ponged', id: pool.children.last().told.length });
      }
    });

    it('are counted anew after a recovery: what is forgotten later is of the time before', () => {
      const pool = failing();
      pool.clock.increment(30_000);
      pool.children.last().getsWarm();
      pool.clock.increment(20_000);
      for (let time = 0; time < 4; time += 1) {
        pool.children.last().exits(1);
        pool.clock.increment(5_000);
        if (time < 3) pool.children.last().getsWarm();
      }
      expect(pool.state()).toBe('failing.resting');
    });
  });

  describe('a process actor that breaks', () => {
    it('takes its process along, and its job hears of an exit', () => {
      const pool = startPool({ restartIntensity: 9 });
      pool.children.last().getsWarm();
      const heard = pool.claim('job.1');
      heard.length = 0;
      const { ref } = pool.actor.getSnapshot().context.processes['process.1']!;
      const { child } = ref.getSnapshot().children;
      pool.actor.send({
        type: 'xstate.error.actor.process.1',
        error: new Error('bug'),
        actorId: 'process.1',
      });
      expect(child).toBeDefined();
      expect(pool.children.children[0]!.signals).toEqual(['SIGKILL']);
      expect(heard).toEqual([
        {
          type: 'process.exited',
          process: 'process.1',
          pid: null,
          code: null,
          signal: null,
          cause: null,
          failure: { code: 'GR_INTERNAL', message: 'bug', stack: expect.any(String) },
        },
      ]);
      expect(pool.processes()).toEqual({});
    });

    it('while idle is replaced with back-off', () => {
      let isBroken = true;
      const pool = startPool({}, () => {
        if (isBroken) throw new Error('bug');
      });
      pool.children.last().getsWarm();
      expect(pool.processes()).toEqual({});
      expect(pool.children.children[0]!.signals).toEqual(['SIGKILL']);
      isBroken = false;
      pool.clock.increment(500);
      pool.children.last().getsWarm();
      expect(pool.state()).toBe('serving');
      expect(Object.keys(pool.actor.getSnapshot().children)).toEqual(['process.1']);
    });
  });
}
