import { describe, expect, it, vi } from 'vitest';
import { accepted } from '../job/harness.ts';
import { greeter, startReady, startWorker, type Worker } from './harness.ts';

const failure = { code: 'GR_PREWARM_FAILED', message: 'no model' };

/** A process fails to get warm, and is gone. */
function failWarmUp(worker: Worker, fatal = false): void {
  const child = worker.children.last();
  child.says({ type: 'link.warmupFailed', failure, fatal });
  child.exits(1);
}

/** Processes fail until the pool says so. */
function failPool(worker: Worker): void {
  if (worker.actor.getSnapshot().context.isPoolReady) {
    worker.children.last().exits(1);
    worker.clock.increment(500);
  }
  for (const ms of [1_000, 2_000, 4_000]) {
    failWarmUp(worker);
    worker.clock.increment(ms);
  }
  if (worker.emitted('worker.unavailable').length === 0) failWarmUp(worker);
}

/** An actor of the worker fails by a bug. */
function breakActor(worker: Worker, actorId: string): void {
  worker.actor.send({
    type: `xstate.error.actor.${actorId}`,
    error: new Error('bug'),
    actorId,
  } as never);
}

const bug = { code: 'GR_INTERNAL', message: 'A bug in Greenroom: bug', stack: expect.any(String) };

/** Tests of the worker machine; run by `worker.test.ts`. */
export function testFailing(): void {
  describe('a registration that fails for good', () => {
    it('on the first connection fails the worker', () => {
      const worker = startWorker();
      worker.sockets.last().does({ type: 'socket.refused', status: 401, body: '', jitter: 1 });
      expect(worker.emitted('worker.closing')).toEqual([
        { type: 'worker.closing', cause: 'failed', jobIds: [] },
      ]);
      expect(worker.actor.getSnapshot().children['registration.1']).toBeUndefined();
      worker.children.last().exits();
      expect(worker.output()).toEqual({
        outcome: 'failed',
        cause: 'failed',
        abandoned: [],
        failure: {
          code: 'GR_REGISTRATION_REFUSED',
          message: expect.stringContaining('HTTP 401'),
        },
      });
    });

    it('lets running jobs end, then fails the worker', async () => {
      // What a job reports to it goes nowhere.
      vi.spyOn(console, 'warn').mockReturnValue();
      const worker = startReady({ maxRetry: 1 });
      await worker.run('AJ_1');
      worker.sockets.last().closes();
      expect(worker.state()).toBe('draining');
      worker.clock.increment(600_000);
      expect(worker.childOf('AJ_1')).toMatchObject({
        told: [{ type: 'launch' }, { type: 'drain' }],
        signals: [],
      });
      await worker.finish('AJ_1');
      for (const id of Object.keys(worker.poolProcesses())) worker.children.of(id).exits();
      expect(worker.output()).toMatchObject({
        outcome: 'failed',
        failure: { code: 'GR_REGISTRATION_EXHAUSTED' },
      });
    });

    it('while the worker closes does not fail it', () => {
      const worker = startReady({ maxRetry: 1 });
      worker.actor.send({ type: 'worker.close', cause: 'SIGTERM' });
      worker.sockets.last().closes();
      worker.children.last().exits();
      expect(worker.output()).toMatchObject({ outcome: 'closed', failure: null });
    });
  });

  describe('processes that fail', () => {
    it('while it starts keep it from taking jobs, until one gets warm', () => {
      const worker = startWorker();
      worker.register();
      failPool(worker);
      expect(worker.state()).toBe('starting.unavailable');
      expect(worker.emitted('worker.unavailable')).toEqual([
        { type: 'worker.unavailable', failure },
      ]);
      worker.request('AJ_1');
      expect(worker.reasons()).toEqual([['AJ_1', 'warming']]);
      worker.clock.increment(30_000);
      worker.children.last().getsWarm();
      expect(worker.state()).toBe('running.available.announced');
    });

    it('before it is registered are waited for', () => {
      const worker = startWorker();
      failPool(worker);
      worker.clock.increment(30_000);
      worker.children.last().getsWarm();
      expect(worker.state()).toBe('starting.preparing');
    });

    it('later make it unavailable, until one gets warm', () => {
      const worker = startReady();
      failPool(worker);
      expect(worker.state()).toBe('running.unavailable');
      expect(worker.statuses()).toEqual([['full', 1, 0]]);
      worker.request('AJ_1');
      expect(worker.reasons()).toEqual([['AJ_1', 'warming']]);
      worker.load.sees({ type: 'load.sampled', load: 0.1 });
      expect(worker.statuses().at(-1)).toEqual(['full', 1, 0]);
      worker.clock.increment(30_000);
      worker.children.last().getsWarm();
      expect(worker.state()).toBe('running.available.announced');
      expect(worker.statuses().at(-1)).toEqual(['available', 0.099, 0]);
    });

    it('while it is paused are told, and leave it paused', () => {
      const worker = startReady();
      worker.actor.send({ type: 'worker.pause' });
      failPool(worker);
      expect(worker.state()).toBe('running.paused');
      expect(worker.emitted('worker.unavailable')).toHaveLength(1);
      worker.actor.send({ type: 'worker.resume' });
      expect(worker.state()).toBe('running.unavailable');
      worker.actor.send({ type: 'worker.pause' });
      worker.clock.increment(30_000);
      worker.children.last().getsWarm();
      expect(worker.state()).toBe('running.paused');
      worker.actor.send({ type: 'worker.resume' });
      expect(worker.state()).toBe('running.available.announced');
    });

    it('for good fail it', () => {
      const worker = startWorker();
      worker.register();
      failWarmUp(worker, true);
      expect(worker.state()).toBe('closing.leaving');
      worker.sockets.last().closes();
      expect(worker.output()).toEqual({
        outcome: 'failed',
        cause: 'failed',
        abandoned: [],
        failure,
      });
    });
  });

  describe('a bug', () => {
    it('in the pool ends the worker, and names the jobs that run', async () => {
      const worker = startReady();
      await worker.run('AJ_1');
      await worker.accept('AJ_2');
      breakActor(worker, 'pool');
      expect(worker.state()).toBe('closing.leaving');
      worker.sockets.last().closes();
      expect(worker.output()).toEqual({
        outcome: 'failed',
        cause: 'failed',
        abandoned: ['AJ_1'],
        failure: bug,
      });
    });

    it('in a registration lets running jobs end, then fails the worker', async () => {
      const worker = startWorker({
        registrations: [greeter, { ...greeter, key: 'other' }, { ...greeter, key: 'third' }],
      });
      for (const socket of worker.sockets.sockets) worker.register('AW_1', socket);
      worker.children.last().getsWarm();
      await worker.run('AJ_1');
      breakActor(worker, 'registration.1');
      expect(worker.state()).toBe('draining');
      // Neither another one nor the end of the drain starts it anew.
      breakActor(worker, 'registration.2');
      expect(worker.emitted('worker.draining')).toHaveLength(1);
      await worker.finish('AJ_1');
      expect(worker.state()).toBe('closing.stoppingPool');
      breakActor(worker, 'registration.3');
      expect(worker.state()).toBe('closing.stoppingPool');
      for (const id of Object.keys(worker.poolProcesses())) worker.children.of(id).exits();
      expect(worker.output()).toMatchObject({ outcome: 'failed', failure: bug });
    });

    it('in a job frees its slot, lets the others end, then fails the worker', async () => {
      // What the session of a broken job says goes nowhere.
      vi.spyOn(console, 'warn').mockReturnValue();
      const whenJobStarts = (): void => {
        throw new Error('bug');
      };
      const worker = startReady({}, { whenJobStarts });
      worker.request('AJ_1');
      await worker.run('AJ_2');
      expect(worker.state()).toBe('draining');
      expect(worker.slots()).toEqual({ 'job.1': 'AJ_1 reserved' });
      expect(worker.actor.getSnapshot().children['job.2']).toBeUndefined();
      // Another one does not start the drain anew.
      await worker.decisions.calls[0]!.answer(accepted);
      worker.assign('AJ_1');
      worker.children.last().getsWarm();
      worker.childOf('AJ_1').says({ type: 'session.started' });
      expect(worker.emitted('worker.draining')).toHaveLength(1);
      expect(worker.state()).toBe('closing.stoppingPool');
      for (const id of Object.keys(worker.poolProcesses())) worker.children.of(id).exits();
      worker.sockets.last().closes();
      expect(worker.output()).toMatchObject({ outcome: 'failed', failure: bug });
    });

    it('in a job while the worker closes frees its slot', async () => {
      const worker = startReady();
      await worker.run('AJ_1');
      worker.actor.send({ type: 'worker.close', cause: 'SIGTERM' });
      breakActor(worker, 'job.1');
      expect(worker.state()).toBe('closing.stoppingPool');
    });
  });
}
