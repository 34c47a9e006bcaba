import { describe, expect, it } from 'vitest';
import { settled } from '../settling.ts';
import { startReady, startWorker, type Worker } from './harness.ts';

const close = { type: 'worker.close', cause: 'SIGTERM' } as const;
const kill = { type: 'worker.kill', cause: 'SIGINT' } as const;

/** Every process dies of its last signal. */
async function die(worker: Worker): Promise<void> {
  for (const id of Object.keys(worker.poolProcesses())) {
    worker.children.of(id).exits(null, 'SIGKILL');
  }
  await settled();
}

/** Tests of the worker machine; run by `worker.test.ts`. */
export function testClosing(): void {
  describe('a close', () => {
    it('ends the sessions, then the processes, then the connections', async () => {
      const worker = startReady({ numIdleProcesses: 2 });
      await worker.run('AJ_1');
      worker.actor.send(close);
      expect(worker.state()).toBe('closing.endingJobs');
      expect(worker.emitted('worker.closing')).toEqual([
        { type: 'worker.closing', cause: 'SIGTERM', jobIds: ['AJ_1'] },
      ]);
      expect(worker.childOf('AJ_1').told.at(-1)).toEqual({
        type: 'close',
        reason: 'worker-closing',
        detail: '',
      });
      expect(worker.children.of('process.2').told).toEqual([]);
      await worker.finish('AJ_1');
      expect(worker.state()).toBe('closing.stoppingPool');
      expect(worker.children.of('process.2').told).toMatchObject([{ type: 'close' }]);
      expect(worker.sockets.last().closed).toBe(0);
      for (const id of Object.keys(worker.poolProcesses())) worker.children.of(id).exits();
      expect(worker.state()).toBe('closing.leaving');
      expect(worker.sockets.last().closed).toBe(1);
      worker.sockets.last().closes();
      expect(worker.output()).toEqual({
        outcome: 'closed',
        cause: 'SIGTERM',
        abandoned: [],
        failure: null,
      });
    });

    it('answers what is being decided, and what comes', () => {
      const worker = startReady();
      worker.request('AJ_1');
      worker.actor.send(close);
      worker.request('AJ_2');
      expect(worker.answers()).toEqual([
        ['AJ_1', false],
        ['AJ_2', false],
      ]);
      expect(worker.reasons()).toEqual([
        ['AJ_1', 'not-running'],
        ['AJ_2', 'not-running'],
      ]);
    });

    it('cancels what is only accepted; its assignment is answered with FAILED', async () => {
      const worker = startReady();
      await worker.accept('AJ_1');
      worker.actor.send(close);
      worker.assign('AJ_1');
      expect(worker.ends()).toEqual([['AJ_1', 'cancelled']]);
      expect(worker.jobStatuses()).toEqual([['AJ_1', 'failed', 'the assignment came too late']]);
    });

    it('is under way already, whoever asks again', async () => {
      const worker = startReady();
      await worker.run('AJ_1');
      worker.actor.send(close);
      worker.actor.send({ type: 'worker.close', cause: 'again' });
      worker.actor.send({ type: 'worker.drain' });
      worker.actor.send({ type: 'worker.pause' });
      expect(worker.state()).toBe('closing.endingJobs');
      expect(worker.emitted('worker.closing')).toHaveLength(1);
      expect(worker.actor.getSnapshot().context.closeCause).toBe('SIGTERM');
    });

    it('follows a drain at once', async () => {
      const worker = startReady();
      await worker.run('AJ_1');
      worker.actor.send({ type: 'worker.drain' });
      worker.actor.send(close);
      await worker.finish('AJ_1');
      for (const id of Object.keys(worker.poolProcesses())) worker.children.of(id).exits();
      worker.sockets.last().closes();
      expect(worker.output()).toMatchObject({ outcome: 'closed', cause: 'SIGTERM' });
    });

    it('kills what does not end by the kill ladder, and names it', async () => {
      const worker = startReady();
      await worker.run('AJ_1');
      worker.actor.send(close);
      worker.clock.increment(65_000);
      expect(worker.childOf('AJ_1').signals).toEqual(['SIGTERM']);
      worker.clock.increment(9_999);
      expect(worker.state()).toBe('closing.endingJobs');
      worker.clock.increment(1);
      expect(worker.state()).toBe('closing.killing');
      await die(worker);
      await worker.removals.last().answer();
      worker.sockets.last().closes();
      expect(worker.output()).toEqual({
        outcome: 'closed',
        cause: 'SIGTERM',
        abandoned: ['AJ_1'],
        failure: null,
      });
    });

    it('kills idle processes that do not go', async () => {
      const worker = startReady();
      worker.actor.send(close);
      worker.clock.increment(7_000);
      expect(worker.children.last().signals).toEqual(['SIGTERM', 'SIGKILL']);
      worker.clock.increment(3_000);
      expect(worker.state()).toBe('closing.killing');
      worker.clock.increment(5_000);
      expect(worker.state()).toBe('closing.leaving');
      worker.sockets.last().closes();
      expect(worker.output()).toMatchObject({ outcome: 'closed', abandoned: [] });
    });

    it('may take as long as a timer can hold', async () => {
      const worker = startReady({
        jobLimits: {
          requestTimeoutMs: 2_000,
          assignmentTimeoutMs: 5_000,
          closeTimeoutMs: 2 ** 31 - 1,
        },
      });
      await worker.run('AJ_1');
      worker.actor.send(close);
      worker.clock.increment(1_000);
      expect(worker.state()).toBe('closing.endingJobs');
    });

    it('waits for the connections, which have 1 s', () => {
      const worker = startWorker();
      worker.actor.send(close);
      worker.children.last().exits();
      worker.clock.increment(999);
      expect(worker.state()).toBe('closing.leaving');
      worker.clock.increment(1);
      expect(worker.output()).toMatchObject({ outcome: 'closed' });
    });
  });

  describe('a kill', () => {
    it('kills every process, and names the jobs that ran', async () => {
      const worker = startReady();
      await worker.run('AJ_1');
      await worker.accept('AJ_2');
      worker.request('AJ_3');
      worker.actor.send(kill);
      expect(worker.childOf('AJ_1').signals).toEqual(['SIGKILL']);
      // Nothing that is not running is abandoned: it is answered.
      expect(worker.answers()).toEqual([
        ['AJ_1', true],
        ['AJ_2', true],
        ['AJ_3', false],
      ]);
      expect(worker.slots()).toEqual({ 'job.1': 'AJ_1 running' });
      await die(worker);
      expect(worker.state()).toBe('closing.reaping');
      expect(worker.jobStatuses()).toMatchObject([['AJ_1', 'failed', expect.any(String)]]);
      expect(worker.removals.calls).toMatchObject([{ input: { room: 'room of AJ_1' } }]);
      await worker.removals.last().answer();
      worker.sockets.last().closes();
      expect(worker.output()).toEqual({
        outcome: 'closed',
        cause: 'SIGINT',
        abandoned: ['AJ_1'],
        failure: null,
      });
    });

    it.each(['endingJobs', 'stoppingPool'])('cuts a close short while it is %s', async (when) => {
      const worker = startReady();
      if (when === 'endingJobs') await worker.run('AJ_1');
      worker.actor.send(close);
      expect(worker.state()).toBe(`closing.${when}`);
      worker.actor.send(kill);
      expect(worker.state()).toBe('closing.killing');
      expect(worker.children.last().signals).toEqual(['SIGKILL']);
      expect(worker.actor.getSnapshot().context.closeCause).toBe('SIGINT');
    });

    it('that is repeated changes nothing', async () => {
      const worker = startReady();
      await worker.run('AJ_1');
      worker.actor.send(kill);
      worker.actor.send(kill);
      await die(worker);
      expect(worker.state()).toBe('closing.reaping');
      worker.actor.send(kill);
      await worker.removals.last().answer();
      expect(worker.state()).toBe('closing.leaving');
      worker.actor.send(kill);
      expect(worker.state()).toBe('closing.leaving');
      worker.sockets.last().closes();
      expect(worker.output()).toMatchObject({ abandoned: ['AJ_1'] });
    });

    it('does not wait for ever for a process that does not die', async () => {
      const worker = startReady();
      await worker.run('AJ_1');
      worker.actor.send(kill);
      worker.clock.increment(5_000);
      expect(worker.state()).toBe('closing.leaving');
      worker.sockets.last().closes();
      expect(worker.output()).toMatchObject({ abandoned: ['AJ_1'] });
      // Its link is closed with the actor: it ends its session by itself.
      expect(worker.children.of('process.1').abandoned).toBe(true);
    });

    it('waits for the last words of a job, which has 3 s for them', async () => {
      const worker = startReady();
      await worker.run('AJ_1');
      worker.actor.send(kill);
      await die(worker);
      worker.clock.increment(2_999);
      expect(worker.state()).toBe('closing.reaping');
      worker.clock.increment(1);
      expect(worker.state()).toBe('closing.leaving');
    });

    it('does not wait for ever for a job that hears nothing, nor for a server', async () => {
      const worker = startReady({}, { registrationCloseMs: 60_000 });
      await worker.run('AJ_1');
      worker.actor.send(kill);
      worker.actor.send({
        type: 'xstate.done.actor.pool',
        output: { outcome: 'stopped' },
        actorId: 'pool',
      });
      worker.clock.increment(4_999);
      expect(worker.state()).toBe('closing.reaping');
      worker.clock.increment(1);
      expect(worker.state()).toBe('closing.leaving');
      worker.clock.increment(2_999);
      expect(worker.output()).toBeUndefined();
      worker.clock.increment(1);
      expect(worker.output()).toMatchObject({ outcome: 'closed', abandoned: ['AJ_1'] });
    });

    it('before it runs kills what warms up', async () => {
      const worker = startWorker();
      worker.actor.send(kill);
      expect(worker.children.last().signals).toEqual(['SIGKILL']);
      await die(worker);
      worker.sockets.last().closes();
      expect(worker.output()).toMatchObject({ outcome: 'closed', cause: 'SIGINT' });
    });
  });
}
