import { describe, expect, it } from 'vitest';
import { accepted } from '../job/harness.ts';
import { greeter, startReady, startWorker } from './harness.ts';

/** Tests of the worker machine; run by `worker.test.ts`. */
export function testAdmission(): void {
  describe('starting', () => {
    it.each([
      ['registered first', ['register', 'warm']],
      ['warm first', ['warm', 'register']],
    ])('takes jobs once it is registered and a process is warm: %s', (_order, steps) => {
      const worker = startWorker();
      for (const step of steps) {
        expect(worker.state()).toBe('starting.preparing');
        if (step === 'register') worker.register();
        else worker.children.last().getsWarm();
      }
      expect(worker.state()).toBe('running.available.announced');
      expect(worker.statuses()).toEqual([
        ['full', 1, 0],
        ['available', 0, 0],
      ]);
      expect(worker.emitted('worker.available')).toEqual([
        { type: 'worker.available', status: { status: 'available', load: 0, jobCount: 0 } },
      ]);
    });

    it('lets a request that comes early wait for the first process', async () => {
      const worker = startWorker();
      worker.register();
      worker.request('AJ_1');
      await worker.decisions.last().answer(accepted);
      expect(worker.state()).toBe('starting.preparing');
      expect(worker.answers()).toEqual([]);
      worker.children.last().getsWarm();
      expect(worker.state()).toBe('running.available.announced');
      expect(worker.answers()).toEqual([['AJ_1', true]]);
    });

    it('refuses what comes early for longer than an answer may take as warming', async () => {
      const worker = startWorker({ maxJobs: 1 });
      worker.register();
      worker.request('AJ_1');
      worker.request('AJ_2');
      expect(worker.answers()).toEqual([['AJ_2', false]]);
      expect(worker.reasons()).toEqual([['AJ_2', 'full']]);
      await worker.decisions.last().answer(accepted);
      worker.clock.increment(2_000);
      expect(worker.answers()).toEqual([
        ['AJ_2', false],
        ['AJ_1', false],
      ]);
      expect(worker.reasons().at(-1)).toEqual(['AJ_1', 'warming']);
    });

    it('refuses at once while job processes fail to get warm', () => {
      const worker = startWorker({ restartIntensity: 0 });
      worker.register();
      worker.children
        .last()
        .says({ type: 'link.warmupFailed', failure: { code: 'X', message: 'no' }, fatal: false });
      worker.request('AJ_1');
      expect(worker.answers()).toEqual([['AJ_1', false]]);
      expect(worker.emitted('job.rejected')).toEqual([
        {
          type: 'job.rejected',
          workerId: 'AW_1',
          jobId: 'AJ_1',
          dispatchId: 'AD_AJ_1',
          agentName: 'greeter',
          room: 'room of AJ_1',
          reason: 'warming',
          detail: '',
        },
      ]);
    });

    it('starts no more processes than it may run jobs', () => {
      const worker = startWorker({ numIdleProcesses: 4, maxJobs: 2 });
      expect(worker.children.children).toHaveLength(2);
    });
  });

  describe('slots', () => {
    it('are reserved at the request, before it is decided', async () => {
      const worker = startReady({ maxJobs: 2 });
      worker.request('AJ_1');
      expect(worker.slots()).toEqual({ 'job.1': 'AJ_1 reserved' });
      worker.request('AJ_2');
      expect(worker.state()).toBe('running.full');
      worker.request('AJ_3');
      expect(worker.answers()).toEqual([['AJ_3', false]]);
      expect(worker.reasons()).toEqual([['AJ_3', 'full']]);
      expect(worker.statuses()).toEqual([
        ['available', 0.345, 1],
        ['full', 1, 2],
      ]);
      await worker.decisions.calls[0]!.answer({
        type: 'reject',
        terminate: false,
        reason: 'rejected',
        detail: '',
      });
      expect(worker.slots()).toEqual({ 'job.2': 'AJ_2 reserved' });
      expect(worker.state()).toBe('running.available.announced');
      // The lowest free slot, so that ids stay few.
      worker.request('AJ_4');
      expect(worker.slots()).toEqual({
        'job.2': 'AJ_2 reserved',
        'job.1': 'AJ_4 reserved',
      });
    });

    it('are told, with why there is none', () => {
      const worker = startReady({ maxJobs: 1 });
      worker.request('AJ_1');
      expect(worker.emitted('worker.full')).toEqual([
        {
          type: 'worker.full',
          status: { status: 'full', load: 1, jobCount: 1 },
          cause: 'slots',
        },
      ]);
    });

    it('are not given twice to one job, which gets one answer', async () => {
      const worker = startReady();
      worker.request('AJ_1');
      worker.request('AJ_1');
      expect(worker.answers()).toEqual([]);
      expect(worker.slots()).toEqual({ 'job.1': 'AJ_1 reserved' });
      await worker.decisions.last().answer(accepted);
      worker.request('AJ_1');
      expect(worker.decisions.calls).toHaveLength(1);
      expect(worker.answers()).toEqual([['AJ_1', true]]);
      expect(worker.reasons()).toEqual([]);
    });

    it.each([null, 1])(
      'are not given twice to a job that comes on another connection, which is told so (maxJobs %s)',
      (maxJobs) => {
        const other = { ...greeter, key: 'other', agentName: 'other' };
        const worker = startWorker({ maxJobs, registrations: [greeter, other] });
        const [first, second] = worker.sockets.sockets;
        worker.register('AW_1', first);
        worker.register('AW_2', second);
        worker.children.last().getsWarm();
        worker.request('AJ_1', first);
        worker.request('AJ_1', second);
        expect(worker.reasons()).toEqual([['AJ_1', 'duplicate']]);
        expect(second!.sent.at(-1)).toEqual({
          type: 'answer',
          jobId: 'AJ_1',
          answer: { available: false, terminate: false },
        });
        expect(worker.slots()).toEqual({ 'job.1': 'AJ_1 reserved' });
      },
    );
  });

  describe('load', () => {
    it('that reaches the threshold makes it full', () => {
      const worker = startReady();
      worker.load.sees({ type: 'load.sampled', load: 0.69 });
      expect(worker.state()).toBe('running.available.announced');
      worker.load.sees({ type: 'load.sampled', load: 0.7 });
      expect(worker.state()).toBe('running.full');
      worker.request('AJ_1');
      expect(worker.reasons()).toEqual([['AJ_1', 'overloaded']]);
      expect(worker.emitted('worker.full')).toMatchObject([{ cause: 'load' }]);
      worker.load.sees({ type: 'load.sampled', load: 0.5 });
      expect(worker.state()).toBe('running.available.announced');
    });

    it('counts what the reserved slots will cost: the mean of the running ones', async () => {
      const worker = startReady();
      await worker.run('AJ_1');
      worker.load.sees({ type: 'load.sampled', load: 0.3 });
      worker.request('AJ_2');
      expect(worker.state()).toBe('running.available.announced');
      worker.request('AJ_3');
      // 0.3 and twice 0.3 more to come.
      expect(worker.state()).toBe('running.full');
      worker.request('AJ_4');
      expect(worker.reasons()).toEqual([['AJ_4', 'overloaded']]);
      expect(worker.decisions.calls).toHaveLength(3);
    });

    it('expects nothing of reserved slots while none runs', () => {
      const worker = startReady();
      worker.load.sees({ type: 'load.sampled', load: 0.6 });
      for (const jobId of ['AJ_1', 'AJ_2', 'AJ_3']) worker.request(jobId);
      expect(worker.state()).toBe('running.available.announced');
      expect(worker.decisions.calls).toHaveLength(3);
    });

    it('without a threshold is no reason to refuse', () => {
      const worker = startReady({ loadThreshold: null });
      worker.load.sees({ type: 'load.sampled', load: 5 });
      worker.request('AJ_1');
      expect(worker.state()).toBe('running.available.announced');
      expect(worker.statuses()).toEqual([['available', 0, 0]]);
    });
  });

  describe('a pause', () => {
    it('refuses new jobs, lets running ones go on, and ends with resume', async () => {
      const worker = startReady();
      await worker.run('AJ_1');
      worker.actor.send({ type: 'worker.pause' });
      worker.request('AJ_2');
      expect(worker.reasons()).toEqual([['AJ_2', 'paused']]);
      expect(worker.statuses().at(-1)).toEqual(['full', 1, 1]);
      await worker.finish('AJ_1');
      worker.actor.send({ type: 'worker.resume' });
      expect(worker.state()).toBe('running.available.announced');
      expect(worker.statuses().at(-1)).toEqual(['available', 0, 0]);
      expect(worker.emitted('worker.paused')).toHaveLength(1);
      expect(worker.emitted('worker.resumed')).toHaveLength(1);
    });

    it('that is asked for twice is told once', () => {
      const worker = startReady();
      worker.actor.send({ type: 'worker.pause' });
      worker.actor.send({ type: 'worker.pause' });
      expect(worker.emitted('worker.paused')).toHaveLength(1);
    });

    it('of a full worker ends full', () => {
      const worker = startReady({ maxJobs: 1 });
      worker.request('AJ_1');
      worker.actor.send({ type: 'worker.pause' });
      worker.actor.send({ type: 'worker.resume' });
      expect(worker.state()).toBe('running.full');
      expect(worker.statuses().at(-1)).toEqual(['full', 1, 1]);
    });
  });

  describe('a simulated job', () => {
    it('is asked for on the first registration', () => {
      const worker = startReady();
      worker.actor.send({ type: 'worker.simulateJob', room: 'r', participantIdentity: null });
      expect(worker.sockets.last().sent).toEqual([
        { type: 'simulateJob', room: 'r', participantIdentity: null },
      ]);
    });
  });

  it('decides several requests at once, each for itself', async () => {
    const worker = startReady();
    for (const jobId of ['AJ_1', 'AJ_2', 'AJ_3']) worker.request(jobId);
    await worker.decisions.calls[2]!.answer(accepted);
    await worker.decisions.calls[0]!.fail(new Error('boom'));
    await worker.decisions.calls[1]!.answer(accepted);
    expect(worker.answers()).toEqual([
      ['AJ_3', true],
      ['AJ_1', false],
      ['AJ_2', true],
    ]);
  });
}
