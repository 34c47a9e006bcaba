import { describe, expect, it } from 'vitest';
import type { WorkerInput } from '../../../machines/worker/worker.types.ts';
import { greeter, startReady, startWorker } from './harness.ts';

/** Tests of the worker machine; run by `worker.test.ts`. */
export function testStatus(): void {
  describe('the status', () => {
    it.each<[Partial<WorkerInput>, number, number, number]>([
      // options, measured load, jobs, told
      [{ loadThreshold: 0.7 }, 0, 0, 0],
      [{ loadThreshold: 0.7 }, 0.35, 0, 0.345],
      [{ loadThreshold: 0.7 }, 0.699, 0, 0.689],
      [{ loadThreshold: 0.9 }, 0.45, 0, 0.345],
      [{ loadThreshold: 0.9 }, 0.85, 0, 0.652],
      [{ loadThreshold: null, maxJobs: 4 }, 0.99, 1, 0.173],
      [{ loadThreshold: null, maxJobs: 4 }, 0.99, 3, 0.518],
      [{ loadThreshold: 0.7, maxJobs: 4 }, 0.35, 1, 0.345],
      [{ loadThreshold: 0.7, maxJobs: 4 }, 0.1, 3, 0.518],
      [{ loadThreshold: 0.7 }, -1, 0, 0],
    ])(
      'stays below the gate of the server: %o with load %d and %i jobs',
      (change, load, jobs, told) => {
        const worker = startReady(change);
        for (let index = 0; index < jobs; index += 1) worker.request(`AJ_${index}`);
        worker.load.sees({ type: 'load.sampled', load });
        expect(worker.state()).toBe('running.available.announced');
        expect(worker.statuses().at(-1)).toEqual(['available', told, jobs]);
      },
    );

    it('goes out at once on every change, and once', async () => {
      const worker = startReady({ maxJobs: 2 });
      worker.request('AJ_1');
      expect(worker.statuses()).toEqual([['available', 0.345, 1]]);
      await worker.decisions.last().fail('no');
      expect(worker.statuses().slice(1)).toEqual([['available', 0, 0]]);
      await worker.run('AJ_2');
      // That a reserved slot is a running one now is no news for the server.
      expect(worker.statuses().slice(2)).toEqual([['available', 0.345, 1]]);
      worker.request('AJ_3');
      expect(worker.statuses().slice(3)).toEqual([['full', 1, 2]]);
      await worker.finish('AJ_2');
      expect(worker.statuses().slice(4)).toEqual([['available', 0.345, 1]]);
      worker.actor.send({ type: 'worker.drain' });
      expect(worker.statuses().slice(5)).toEqual([['full', 1, 1]]);
      worker.actor.send({ type: 'worker.close', cause: 'SIGTERM' });
      expect(worker.statuses()).toHaveLength(6);
    });

    it.each(['available', 'full', 'paused', 'draining'])(
      'goes out with each sample of the load: %s',
      (when) => {
        const worker = startReady({ maxJobs: when === 'full' ? 1 : 3 });
        worker.request('AJ_1');
        if (when === 'paused') worker.actor.send({ type: 'worker.pause' });
        if (when === 'draining') worker.actor.send({ type: 'worker.drain' });
        const before = worker.statuses();
        worker.load.sees({ type: 'load.sampled', load: 0 });
        worker.load.sees({ type: 'load.sampled', load: 0 });
        expect(worker.statuses()).toEqual([...before, before.at(-1), before.at(-1)]);
      },
    );

    it('does not go out when only the number of jobs has changed, which the server ignores', async () => {
      const worker = startReady();
      await worker.run('AJ_1');
      expect(worker.statuses()).toEqual([]);
      worker.load.sees({ type: 'load.sampled', load: 0 });
      expect(worker.statuses()).toEqual([['available', 0, 1]]);
    });

    it('is announced when the server has read it, not before', () => {
      const worker = startReady({}, { silentServer: true });
      const pong = { type: 'server.ponged', lastTimestamp: 1, timestamp: 2 } as const;
      const announced = () => worker.emitted('worker.available').length;
      expect(worker.state()).toBe('running.available.announcing');
      worker.sockets.last().does(pong);
      expect(announced()).toBe(0);
      worker.sockets.last().does(pong);
      expect(announced()).toBe(1);
      worker.sockets.last().closes();
      expect(worker.state()).toBe('running.available.announcing');
      worker.clock.increment(500);
      worker.register('AW_2');
      expect(announced()).toBe(1);
      worker.sockets.last().does(pong);
      expect(announced()).toBe(2);
      expect(worker.state()).toBe('running.available.announced');
    });

    it('that it wants jobs again is announced when the server has read that, too', () => {
      const worker = startReady({}, { silentServer: true });
      const pong = { type: 'server.ponged', lastTimestamp: 1, timestamp: 2 } as const;
      for (let read = 0; read < 2; read += 1) worker.sockets.last().does(pong);
      worker.actor.send({ type: 'worker.pause' });
      worker.actor.send({ type: 'worker.resume' });
      worker.sockets.last().does(pong);
      expect(worker.state()).toBe('running.available.announcing');
      worker.sockets.last().does(pong);
      expect(worker.state()).toBe('running.available.announced');
    });

    it('never has a load that is no number', () => {
      const worker = startReady();
      worker.load.sees({ type: 'load.sampled', load: 0.35 });
      worker.load.sees({ type: 'load.sampled', load: NaN });
      expect(worker.statuses()).toEqual([
        ['available', 0.345, 0],
        ['available', 0.345, 0],
      ]);
      worker.load.sees({ type: 'load.sampled', load: Infinity });
      expect(worker.statuses().at(-1)).toEqual(['full', 1, 0]);
      worker.load.sees({ type: 'load.sampled', load: 0.1 });
      expect(worker.statuses().at(-1)).toEqual(['available', 0.099, 0]);
    });

    it('goes to every registration', () => {
      const worker = startWorker({
        registrations: [greeter, { ...greeter, key: 'publisher', jobType: 'publisher' }],
      });
      const [first, second] = worker.sockets.sockets;
      worker.register('AW_1', first);
      worker.children.last().getsWarm();
      expect(worker.state()).toBe('starting.preparing');
      worker.register('AW_2', second);
      expect(worker.state()).toBe('running.available.announced');
      worker.load.sees({ type: 'load.sampled', load: 0.35 });
      for (const { sent } of worker.sockets.sockets) {
        expect(sent.filter(({ type }) => type === 'status')).toMatchObject([
          { status: 'full', load: 1 },
          { status: 'available', load: 0 },
          { status: 'available', load: expect.closeTo(0.345) },
        ]);
      }
      expect(second!.sent[0]).toMatchObject({ type: 'register', jobType: 'publisher' });
    });
  });

  describe('a reconnect', () => {
    it('tells the status at once and the jobs that run on', async () => {
      const worker = startReady({ maxJobs: 3 });
      await worker.run('AJ_1');
      await worker.accept('AJ_2');
      worker.sockets.last().closes();
      expect(worker.ends()).toEqual([['AJ_2', 'lost']]);
      expect(worker.slots()).toEqual({ 'job.1': 'AJ_1 running' });
      worker.clock.increment(500);
      worker.register('AW_2');
      expect(worker.sockets.last().sent.slice(1)).toEqual([
        { type: 'status', status: 'available', load: expect.closeTo(0.23), jobCount: 1 },
        { type: 'migrateJobs', jobIds: ['AJ_1'] },
      ]);
      await worker.accept('AJ_3');
      expect(worker.answers().at(-1)).toEqual(['AJ_3', true]);
    });

    it('ends what was being decided: its answer is not sent anywhere', async () => {
      const worker = startReady();
      worker.request('AJ_1');
      worker.sockets.last().closes();
      expect(worker.ends()).toEqual([['AJ_1', 'lost']]);
      worker.clock.increment(500);
      worker.register('AW_2');
      await worker.decisions.last().answer({
        type: 'reject',
        terminate: false,
        reason: 'rejected',
        detail: '',
      });
      expect(worker.answers()).toEqual([]);
      // The server may offer the same job again.
      await worker.accept('AJ_1');
      expect(worker.answers()).toEqual([['AJ_1', true]]);
    });

    it('does not tell the new connection of the end of older jobs', async () => {
      const worker = startReady();
      await worker.run('AJ_1');
      worker.sockets.last().closes();
      worker.clock.increment(500);
      worker.register('AW_2');
      await worker.finish('AJ_1');
      expect(worker.jobStatuses()).toEqual([]);
      expect(worker.ends()).toEqual([['AJ_1', 'succeeded']]);
    });

    it('of one registration leaves the jobs of the other alone', async () => {
      const worker = startWorker({
        registrations: [greeter, { ...greeter, key: 'other', agentName: 'other' }],
      });
      const [first, second] = worker.sockets.sockets;
      worker.register('AW_1', first);
      worker.register('AW_2', second);
      worker.children.last().getsWarm();
      worker.request('AJ_1', first);
      worker.request('AJ_2', second);
      first!.closes();
      expect(worker.slots()).toEqual({ 'job.2': 'AJ_2 reserved' });
    });
  });

  describe('a load that cannot be measured', () => {
    it('is told, and the last one stays', () => {
      const worker = startReady();
      const failure = { code: 'GR_LOAD_FAILED', message: 'no cgroup' };
      worker.load.sees({ type: 'load.sampled', load: 0.35 });
      worker.load.sees({ type: 'load.failed', failure });
      expect(worker.emitted('worker.loadFailed')).toEqual([{ type: 'worker.loadFailed', failure }]);
      worker.request('AJ_1');
      expect(worker.answers()).toEqual([]);
      expect(worker.statuses().at(-1)).toEqual(['available', 0.345, 0]);
    });

    it('for want of an implementation is told, and the worker goes on', () => {
      const worker = startReady({}, { brokenLoad: true });
      expect(worker.emitted('worker.loadFailed')).toMatchObject([
        {
          failure: {
            code: 'GR_INTERNAL',
            message: expect.stringContaining('workerMachine.provide({ actors: { sampleLoad'),
          },
        },
      ]);
      expect(worker.state()).toBe('running.available.announced');
    });
  });
}
