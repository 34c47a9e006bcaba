import { describe, expect, it, vi } from 'vitest';
import { accepted } from '../job/harness.ts';
import { startReady, startWorker, type Worker } from './harness.ts';

const told = (worker: Worker, jobId: string) =>
  worker.childOf(jobId).told.filter(({ type }) => type !== 'ping' && type !== 'launch');

/** Idle processes and the server let go. */
function letGo(worker: Worker): void {
  for (const id of Object.keys(worker.poolProcesses())) worker.children.of(id).exits();
  worker.sockets.last().closes();
}

/** Tests of the worker machine; run by `worker.test.ts`. */
export function testDrain(): void {
  describe('a drain', () => {
    it('without jobs closes at once', () => {
      const worker = startReady();
      worker.actor.send({ type: 'worker.drain' });
      expect(worker.statuses()).toEqual([['full', 1, 0]]);
      expect(worker.state()).toBe('closing.stoppingPool');
      letGo(worker);
      expect(worker.output()).toEqual({
        outcome: 'drained',
        cause: 'drained',
        abandoned: [],
        failure: null,
      });
      expect(worker.emitted('worker.closed')).toEqual([
        { type: 'worker.closed', outcome: 'drained', abandoned: [], failure: null },
      ]);
    });

    it('waits for the sessions, which are told of it, and refuses what comes', async () => {
      const worker = startReady();
      await worker.run('AJ_1');
      await worker.run('AJ_2');
      worker.actor.send({ type: 'worker.drain' });
      expect(worker.emitted('worker.draining')).toEqual([
        { type: 'worker.draining', jobIds: ['AJ_1', 'AJ_2'], timeoutMs: 3_600_000 },
      ]);
      for (const jobId of ['AJ_1', 'AJ_2']) {
        expect(told(worker, jobId)).toEqual([{ type: 'drain', deadlineMs: 3_600_000 }]);
      }
      worker.request('AJ_3');
      expect(worker.answers().at(-1)).toEqual(['AJ_3', false]);
      expect(worker.reasons()).toEqual([['AJ_3', 'draining']]);
      expect(worker.statuses().at(-1)).toEqual(['full', 1, 2]);
      await worker.finish('AJ_1');
      expect(worker.state()).toBe('draining');
      await worker.finish('AJ_2');
      letGo(worker);
      expect(worker.output()).toMatchObject({ outcome: 'drained', cause: 'drained' });
      expect(worker.jobStatuses()).toEqual([
        ['AJ_1', 'success', ''],
        ['AJ_2', 'success', ''],
      ]);
    });

    it('lets a request that is being decided be accepted, run and end', async () => {
      const worker = startReady();
      worker.request('AJ_1');
      worker.actor.send({ type: 'worker.drain', timeoutMs: 60_000 });
      await worker.decisions.last().answer(accepted);
      worker.assign('AJ_1');
      worker.childOf('AJ_1').says({ type: 'session.started' });
      expect(worker.answers()).toEqual([['AJ_1', true]]);
      expect(told(worker, 'AJ_1')).toEqual([{ type: 'drain', deadlineMs: 60_000 }]);
      expect(worker.state()).toBe('draining');
      await worker.finish('AJ_1');
      expect(worker.state()).toBe('closing.leaving');
    });

    it('waits for an accepted job as long as its assignment may take', async () => {
      const worker = startReady();
      await worker.accept('AJ_1');
      worker.actor.send({ type: 'worker.drain' });
      worker.clock.increment(4_999);
      expect(worker.state()).toBe('draining');
      worker.clock.increment(1);
      expect(worker.ends()).toEqual([['AJ_1', 'unassigned']]);
      expect(worker.state()).toBe('closing.stoppingPool');
    });

    it('that takes too long ends the sessions in order', async () => {
      const worker = startReady({ drainTimeoutMs: 60_000 });
      await worker.run('AJ_1');
      worker.actor.send({ type: 'worker.drain' });
      // Told twice, it has no more time.
      worker.clock.increment(30_000);
      worker.actor.send({ type: 'worker.drain', timeoutMs: null });
      worker.clock.increment(29_999);
      expect(worker.state()).toBe('draining');
      worker.clock.increment(1);
      expect(told(worker, 'AJ_1').at(-1)).toEqual({
        type: 'close',
        reason: 'drain-timeout',
        detail: '',
      });
      expect(worker.emitted('worker.closing')).toEqual([
        { type: 'worker.closing', cause: 'drain-timeout', jobIds: ['AJ_1'] },
      ]);
      await worker.finish('AJ_1');
      letGo(worker);
      expect(worker.output()).toEqual({
        outcome: 'closed',
        cause: 'drain-timeout',
        abandoned: ['AJ_1'],
        failure: null,
      });
    });

    it.each<[string, number | null | undefined, number | null]>([
      ['the order', 5_000, 5_000],
      ['the option', undefined, 60_000],
      ['no limit', null, null],
    ])('has the time that is given by %s', async (_by, timeoutMs, expected) => {
      const worker = startReady({ drainTimeoutMs: 60_000 });
      await worker.run('AJ_1');
      worker.actor.send({
        type: 'worker.drain',
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
      });
      expect(worker.emitted('worker.draining')).toMatchObject([{ timeoutMs: expected }]);
      worker.clock.increment((expected ?? 3_600_000) - 1);
      expect(worker.state()).toBe('draining');
      worker.clock.increment(1);
      expect(worker.emitted('worker.closing')).toHaveLength(expected === null ? 0 : 1);
    });

    it('before it runs closes at once', () => {
      const worker = startWorker();
      worker.actor.send({ type: 'worker.drain' });
      expect(worker.state()).toBe('closing.stoppingPool');
      letGo(worker);
      expect(worker.output()).toMatchObject({ outcome: 'drained' });
    });

    it('outlives a registration that fails for good', async () => {
      // What a job reports to it goes nowhere.
      vi.spyOn(console, 'warn').mockReturnValue();
      const worker = startReady({ maxRetry: 1 });
      await worker.run('AJ_1');
      worker.actor.send({ type: 'worker.drain' });
      worker.sockets.last().closes();
      expect(worker.state()).toBe('draining');
      await worker.finish('AJ_1');
      for (const id of Object.keys(worker.poolProcesses())) worker.children.of(id).exits();
      expect(worker.output()).toMatchObject({ outcome: 'drained', failure: null });
    });
  });

  describe('a drain that is called off', () => {
    it('takes jobs again; who was told of it may stay, who starts later hears nothing', async () => {
      const worker = startReady({ drainTimeoutMs: 60_000, numIdleProcesses: 1 });
      await worker.run('AJ_1');
      await worker.accept('AJ_2');
      worker.actor.send({ type: 'worker.drain', timeoutMs: 5_000 });
      worker.clock.increment(3_000);
      worker.actor.send({ type: 'worker.resume' });
      expect(worker.state()).toBe('running.available.announced');
      expect(worker.emitted('worker.resumed')).toHaveLength(1);
      expect(worker.statuses().at(-1)).toEqual(['available', 0, 2]);
      worker.assign('AJ_2');
      worker.children.of(worker.processOf('AJ_2')).getsWarm();
      worker.childOf('AJ_2').says({ type: 'session.started' });
      expect(told(worker, 'AJ_1')).toEqual([{ type: 'drain', deadlineMs: 5_000 }]);
      expect(told(worker, 'AJ_2')).toEqual([]);
      // The pool keeps a process warm again, and the deadline has gone.
      worker.clock.increment(10_000);
      const { processes } = worker.actor.getSnapshot().context.pool.getSnapshot().context;
      expect(Object.values(processes).filter(({ claimedBy }) => claimedBy === null)).toHaveLength(
        1,
      );
      expect(worker.emitted('worker.closing')).toEqual([]);
      await worker.run('AJ_3');
      // The next one has its own time again.
      worker.actor.send({ type: 'worker.drain' });
      expect(worker.emitted('worker.draining').at(-1)).toMatchObject({ timeoutMs: 60_000 });
    });

    it('before the worker had started waits for the proof that the agent works', async () => {
      const worker = startWorker();
      worker.register();
      await worker.accept('AJ_1');
      worker.actor.send({ type: 'worker.drain' });
      expect(worker.state()).toBe('draining');
      worker.actor.send({ type: 'worker.resume' });
      expect(worker.state()).toBe('running.unavailable');
      worker.children.last().getsWarm();
      expect(worker.state()).toBe('running.available.announced');
      expect(worker.answers()).toEqual([['AJ_1', true]]);
    });

    it('before the worker had started leaves a pause alone', async () => {
      const worker = startWorker();
      worker.register();
      await worker.accept('AJ_1');
      worker.actor.send({ type: 'worker.drain' });
      worker.actor.send({ type: 'worker.resume' });
      worker.actor.send({ type: 'worker.pause' });
      worker.children.last().getsWarm();
      expect(worker.state()).toBe('running.paused');
      worker.actor.send({ type: 'worker.resume' });
      expect(worker.state()).toBe('running.available.announced');
    });

    it('knows what became of the job processes meanwhile', async () => {
      const worker = startWorker();
      worker.register();
      await worker.accept('AJ_1');
      worker.actor.send({ type: 'worker.drain' });
      worker.children.last().getsWarm();
      worker.actor.send({ type: 'worker.resume' });
      expect(worker.state()).toBe('running.available.announced');
    });

    it('takes no jobs while job processes fail, and takes them when one works again', async () => {
      const worker = startReady();
      await worker.run('AJ_1');
      const failure = { code: 'GR_WARMUP_FAILED', message: 'no model' };
      const fails = () => worker.actor.send({ type: 'pool.failing', failure });
      worker.actor.send({ type: 'worker.drain' });
      fails();
      worker.actor.send({ type: 'worker.resume' });
      expect(worker.state()).toBe('running.unavailable');
      worker.actor.send({ type: 'worker.drain' });
      worker.actor.send({ type: 'pool.recovered' });
      worker.actor.send({ type: 'worker.resume' });
      expect(worker.state()).toBe('running.available.announced');
    });

    it('does not bring back a worker that cannot go on', async () => {
      vi.spyOn(console, 'warn').mockReturnValue();
      const worker = startReady({ maxRetry: 0 });
      await worker.run('AJ_1');
      worker.sockets.last().closes();
      expect(worker.state()).toBe('draining');
      worker.actor.send({ type: 'worker.resume' });
      expect(worker.state()).toBe('draining');
      expect(worker.emitted('worker.resumed')).toEqual([]);
    });
  });
}
