import { describe, expect, it } from 'vitest';
import { startPool, startServing } from './harness.ts';

/** Tests of the process pool machine; run by `process-pool.test.ts`. */
export function testClaims(): void {
  describe('proving that the agent works', () => {
    it('starts the processes it is to keep, and says when the first is warm', () => {
      const pool = startPool({ numIdleProcesses: 2 });
      expect(pool.processes()).toEqual({ 'process.1': 'warming', 'process.2': 'warming' });
      expect(pool.reports).toEqual([]);
      pool.children.of('process.2').getsWarm();
      expect(pool.state()).toBe('serving');
      expect(pool.reports).toEqual([{ type: 'pool.ready' }]);
      expect(pool.emitted).toEqual([{ type: 'pool.ready' }]);
    });

    it('starts one process even when none is to be kept, and keeps it for the first job', () => {
      const pool = startPool({ numIdleProcesses: 0 });
      pool.children.last().getsWarm();
      pool.clock.increment(30_000);
      expect(pool.processes()).toEqual({ 'process.1': 'warm' });
      pool.claim('job.1');
      pool.clock.increment(60_000);
      expect(pool.processes()).toEqual({ 'process.1': 'warm for job.1' });
    });

    it('lets claims wait for the proof', () => {
      const pool = startPool({ numIdleProcesses: 1 });
      const first = pool.claim('job.1');
      const second = pool.claim('job.2');
      const third = pool.claim('job.3');
      pool.actor.send({ type: 'pool.release', slot: 'job.2' });
      expect(first).toEqual([]);
      pool.children.last().getsWarm();
      expect(first).toMatchObject([
        { type: 'pool.claimed', process: 'process.1' },
        { type: 'process.spawned', pid: 101 },
      ]);
      expect(third).toMatchObject([
        { type: 'pool.claimed', process: 'process.2' },
        { type: 'process.spawned', pid: 102 },
      ]);
      expect(second).toEqual([]);
      expect(pool.processes()).toEqual({
        'process.1': 'warm for job.1',
        'process.2': 'warming for job.3',
        'process.3': 'warming',
      });
    });
  });

  describe('a claim', () => {
    it('is granted at once by a warm process', () => {
      const pool = startServing(2);
      const heard = pool.claim('job.1');
      expect(heard).toMatchObject([
        { type: 'process.spawned', pid: 101 },
        { type: 'pool.claimed', process: 'process.1' },
      ]);
      expect(pool.processes()).toEqual({
        'process.1': 'warm for job.1',
        'process.2': 'warm',
      });
    });

    it('takes the process that is nearest to warm: warm, warming, queued, new', () => {
      const pool = startPool({ numIdleProcesses: 3, maxStarting: 2 });
      pool.children.of('process.2').getsWarm();
      expect(pool.processes()).toEqual({
        'process.1': 'warming',
        'process.2': 'warm',
        'process.3': 'warming',
      });
      const granted = ['job.1', 'job.2', 'job.3', 'job.4', 'job.5'].map((slot) => {
        const heard = pool.claim(slot).find(({ type }) => type === 'pool.claimed');
        return heard?.type === 'pool.claimed' ? heard.process : null;
      });
      expect(granted).toEqual(['process.2', 'process.1', 'process.3', 'process.4', 'process.5']);
      expect(pool.processes()).toMatchObject({
        'process.4': 'queued for job.4',
        'process.5': 'queued for job.5',
      });
    });

    it('is refilled 1 s later, not before', () => {
      const pool = startServing(1);
      pool.claim('job.1');
      pool.clock.increment(999);
      expect(pool.started()).toEqual(['process.1']);
      pool.clock.increment(1);
      expect(pool.started()).toEqual(['process.1', 'process.2']);
    });

    it('after another puts the refill of the first one off no longer', () => {
      const pool = startServing(1);
      pool.claim('job.1');
      pool.clock.increment(600);
      pool.claim('job.2');
      expect(pool.started()).toEqual(['process.1', 'process.2']);
      pool.clock.increment(400);
      expect(pool.started()).toEqual(['process.1', 'process.2', 'process.3']);
    });

    it('does not refill what the back-off holds back', () => {
      const pool = startServing(2);
      pool.claim('job.1');
      const [first, second] = pool.children.children;
      // Three losses in a row: the next process is started after 2 s.
      second?.exits(1);
      for (const afterMs of [500, 1_000]) {
        pool.clock.increment(afterMs);
        pool.children.last().exits(1);
      }
      const started = pool.started().length;
      pool.actor.send({ type: 'process.joined', process: first?.process ?? '' });
      pool.claim('job.2');
      pool.clock.increment(1_000);
      // The claim got the one that still warms up.
      expect(pool.started().length).toBe(started);
      pool.clock.increment(1_000);
      expect(pool.started().length).toBe(started + 2);
    });

    it('is all that is kept warm for when the worker drains', () => {
      const pool = startServing(3);
      pool.claim('job.1');
      pool.actor.send({ type: 'pool.resize', numIdleProcesses: 0 });
      expect(pool.processes()).toEqual({
        'process.1': 'warm for job.1',
        'process.2': 'stopping',
        'process.3': 'warm',
      });
      pool.clock.increment(10_000);
      expect(pool.started()).toHaveLength(3);
    });

    it('is refilled as soon as its job is in its room', () => {
      const pool = startServing(1);
      const heard = pool.claim('job.1');
      const claimed = heard.at(-1);
      if (claimed?.type !== 'pool.claimed') throw new Error('no process was granted');
      claimed.processRef.send({ type: 'process.launch', order: {} as never });
      pool.children.last().says({ type: 'session.started' }, { type: 'session.connecting' });
      expect(pool.started()).toEqual(['process.1']);
      pool.children.last().says({ type: 'session.connected', roomSid: 'RM_1', identity: 'agent' });
      expect(pool.started()).toEqual(['process.1', 'process.2']);
    });

    it('that is given up returns the process clean, to be claimed again', () => {
      const pool = startServing(1);
      pool.claim('job.1');
      pool.actor.send({ type: 'pool.release', slot: 'job.1' });
      expect(pool.processes()).toEqual({ 'process.1': 'warm' });
      expect(pool.children.last().told).toEqual([]);
      const heard = pool.claim('job.2');
      expect(heard.at(-1)).toMatchObject({ type: 'pool.claimed', process: 'process.1' });
    });

    it('that is given up late leaves no more than are to be kept', () => {
      const pool = startServing(1);
      pool.claim('job.1');
      pool.clock.increment(1_000);
      pool.actor.send({ type: 'pool.release', slot: 'job.1' });
      // The one that is not warm yet goes.
      expect(pool.processes()).toEqual({ 'process.1': 'warm', 'process.2': 'stopping' });
      expect(pool.children.of('process.2').told).toMatchObject([{ type: 'close' }]);
      pool.children.of('process.2').exits();
      expect(pool.processes()).toEqual({ 'process.1': 'warm' });
    });

    it('of a slot that has none is given up without harm', () => {
      const pool = startServing(1);
      pool.actor.send({ type: 'pool.release', slot: 'job.7' });
      expect(pool.processes()).toEqual({ 'process.1': 'warm' });
    });
  });

  describe('starts', () => {
    it('are never more at once than maxStarting', () => {
      const pool = startPool({ numIdleProcesses: 5, maxStarting: 2 });
      expect(pool.started()).toEqual(['process.1', 'process.2']);
      pool.children.of('process.1').getsWarm();
      expect(pool.started()).toEqual(['process.1', 'process.2', 'process.3']);
      for (let index = 1; index <= 6; index += 1) pool.claim(`job.${index}`);
      pool.clock.increment(5_000);
      const warming = Object.values(pool.processes()).filter((phase) =>
        phase.startsWith('warming'),
      );
      expect(warming).toHaveLength(2);
    });

    it('are for claimed processes first', () => {
      const pool = startPool({ numIdleProcesses: 1, maxStarting: 1 });
      pool.children.last().getsWarm();
      for (const slot of ['job.1', 'job.2', 'job.3', 'job.4']) pool.claim(slot);
      pool.actor.send({ type: 'pool.release', slot: 'job.3' });
      expect(pool.processes()).toEqual({
        'process.1': 'warm for job.1',
        'process.2': 'warming for job.2',
        'process.3': 'queued',
        'process.4': 'queued for job.4',
      });
      pool.children.of('process.2').getsWarm();
      expect(pool.started()).toEqual(['process.1', 'process.2', 'process.4']);
    });

    it('get the turn of a claimed process that died while it warmed up', () => {
      const pool = startPool({ numIdleProcesses: 1, maxStarting: 1 });
      pool.children.last().getsWarm();
      for (const slot of ['job.1', 'job.2', 'job.3']) pool.claim(slot);
      pool.children.of('process.2').exits(1);
      pool.clock.increment(500);
      expect(pool.processes()).toMatchObject({ 'process.3': 'warming for job.3' });
    });
  });

  describe('the number of processes kept', () => {
    it('is no more than there can be jobs beside the claimed ones', () => {
      const pool = startServing(3, { maxJobs: 2 });
      expect(pool.processes()).toEqual({ 'process.1': 'warm', 'process.2': 'warm' });
      pool.claim('job.1');
      pool.clock.increment(30_000);
      expect(pool.processes()).toEqual({ 'process.1': 'warm for job.1', 'process.2': 'warm' });
      pool.claim('job.2');
      pool.clock.increment(30_000);
      expect(pool.started()).toHaveLength(2);
    });

    it('grows again when a claimed process is gone: the lowest free id, 1 s later', () => {
      const pool = startServing(1, { maxJobs: 1 });
      const heard = pool.claim('job.1');
      expect(heard.at(-1)).toMatchObject({ type: 'pool.claimed', process: 'process.1' });
      pool.clock.increment(30_000);
      expect(pool.processes()).toEqual({ 'process.1': 'warm for job.1' });
      pool.children.last().exits();
      pool.clock.increment(999);
      expect(pool.processes()).toEqual({});
      pool.clock.increment(1);
      expect(pool.processes()).toEqual({ 'process.1': 'warming' });
      expect(pool.actor.getSnapshot().context.failures).toBe(0);
    });

    it('shrinks by queued and warming ones first', () => {
      const pool = startServing(1, { maxStarting: 1 });
      for (const slot of ['job.1', 'job.2', 'job.3']) pool.claim(slot);
      expect(pool.processes()).toEqual({
        'process.1': 'warm for job.1',
        'process.2': 'warming for job.2',
        'process.3': 'queued for job.3',
      });
      for (const slot of ['job.3', 'job.2', 'job.1']) {
        pool.actor.send({ type: 'pool.release', slot });
      }
      // The queued one is gone at once, the warming one was asked to go.
      expect(pool.processes()).toEqual({ 'process.1': 'warm', 'process.2': 'stopping' });
      expect(pool.started()).toEqual(['process.1', 'process.2']);
    });
  });
}
