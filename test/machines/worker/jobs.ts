import { describe, expect, it } from 'vitest';
import { accepted } from '../job/harness.ts';
import { startReady, type Worker } from './harness.ts';

const told = (worker: Worker, jobId: string) =>
  worker.childOf(jobId).told.filter(({ type }) => type !== 'ping' && type !== 'launch');

/** Tests of the worker machine; run by `worker.test.ts`. */
export function testJobs(): void {
  describe('a job', () => {
    it('runs from the request to its outcome', async () => {
      const worker = startReady();
      await worker.run('AJ_1');
      expect(worker.slots()).toEqual({ 'job.1': 'AJ_1 running' });
      expect(worker.childOf('AJ_1').told).toMatchObject([
        { type: 'launch', order: { url: 'ws://own', token: 'secret', workerId: 'AW_1' } },
      ]);
      await worker.finish('AJ_1');
      expect(worker.answers()).toEqual([['AJ_1', true]]);
      expect(worker.jobStatuses()).toEqual([['AJ_1', 'success', '']]);
      expect(told(worker, 'AJ_1')).toEqual([{ type: 'outcomeReported' }]);
      expect(worker.ends()).toEqual([['AJ_1', 'succeeded']]);
      expect(worker.emitted('job.started')).toMatchObject([{ process: 'process.1', pid: 101 }]);
      expect(worker.slots()).toEqual({});
      expect(worker.actor.getSnapshot().children['job.1']).toBeUndefined();
    });

    it('in the last slot gets the process that waits warm for it', async () => {
      const worker = startReady({ maxJobs: 1 });
      await worker.accept('AJ_1');
      expect(worker.processOf('AJ_1')).toBe('process.1');
      expect(worker.children.children).toHaveLength(1);
      expect(worker.children.last().told).toEqual([]);
    });

    it('that is terminated is told so', async () => {
      const worker = startReady();
      await worker.run('AJ_1');
      worker.terminate('AJ_1');
      worker.terminate('AJ_9');
      expect(told(worker, 'AJ_1')).toEqual([{ type: 'terminate' }]);
    });

    it('that is terminated before its process is warm never starts', async () => {
      const worker = startReady({ numIdleProcesses: 0 });
      await worker.run('AJ_1');
      await worker.accept('AJ_2');
      worker.assign('AJ_2');
      const child = worker.children.last();
      worker.terminate('AJ_2');
      child.getsWarm();
      child.exits();
      expect(child.told.map(({ type }) => type)).toEqual(['close']);
      expect(worker.ends()).toEqual([['AJ_2', 'cancelled']]);
      expect(worker.removals.calls).toEqual([]);
    });

    it('that is accepted on a process that dies gets another', async () => {
      const worker = startReady();
      await worker.accept('AJ_1');
      worker.children.last().exits(1);
      worker.assign('AJ_1');
      worker.children.last().getsWarm();
      worker.childOf('AJ_1').says({ type: 'session.started' });
      expect(worker.answers()).toEqual([['AJ_1', true]]);
      expect(worker.emitted('job.started')).toMatchObject([{ process: 'process.2', pid: 102 }]);
    });

    it('whose agent dies in the room is removed from it', async () => {
      const worker = startReady();
      await worker.run('AJ_1');
      worker.childOf('AJ_1').exits(null, 'SIGKILL');
      expect(worker.removals.calls).toMatchObject([
        { input: { room: 'room of AJ_1', identity: 'agent-AJ_1' } },
      ]);
      // The slot is taken until the ghost is gone.
      expect(worker.slots()).toEqual({ 'job.1': 'AJ_1 running' });
      await worker.removals.last().answer();
      expect(worker.slots()).toEqual({});
    });

    it('above its memory limit still reports how it ended', async () => {
      const worker = startReady();
      await worker.run('AJ_1');
      const child = worker.childOf('AJ_1');
      const { ref } = Object.values(worker.actor.getSnapshot().context.slots)[0]!;
      ref.getSnapshot().context.processRef!.send({
        type: 'memory.exceeded',
        memoryBytes: 2e9,
      } as never);
      const failure = { code: 'GR_PROCESS_MEMORY_LIMIT', message: 'too much' };
      const outcome = { outcome: 'failed', reason: 'memory-limit', detail: '', failure } as const;
      child.says(
        { type: 'session.closing', reason: 'memory-limit', detail: '' },
        { type: 'session.outcome', outcome },
      );
      child.exits(1);
      expect(told(worker, 'AJ_1')).toEqual([
        { type: 'close', reason: 'memory-limit', detail: expect.stringMatching(/of memory\.$/) },
        { type: 'outcomeReported' },
      ]);
      expect(worker.jobStatuses()).toEqual([['AJ_1', 'failed', 'memory-limit: too much']]);
      expect(worker.removals.calls).toEqual([]);
    });
  });

  describe('a late assignment', () => {
    it('is answered with FAILED, and its slot was free long ago', async () => {
      const worker = startReady({ maxJobs: 1 });
      await worker.accept('AJ_1');
      worker.clock.increment(5_000);
      expect(worker.ends()).toEqual([['AJ_1', 'unassigned']]);
      expect(worker.state()).toBe('running.available.announced');
      expect(worker.children.children).toHaveLength(1);
      worker.assign('AJ_1');
      expect(worker.jobStatuses()).toEqual([['AJ_1', 'failed', 'the assignment came too late']]);
      await worker.accept('AJ_2');
      expect(worker.processOf('AJ_2')).toBe('process.1');
    });
  });

  describe('exactly one answer leaves for a request', () => {
    type Case = [string, (worker: Worker) => Promise<void> | void, boolean[]];
    const decide = (worker: Worker) => worker.decisions.last().answer(accepted);
    const cases: Case[] = [
      ['accepted', decide, [true]],
      [
        'rejected',
        (worker) =>
          worker.decisions
            .last()
            .answer({ type: 'reject', terminate: false, reason: 'rejected', detail: '' }),
        [false],
      ],
      ['an exception', (worker) => worker.decisions.last().fail(new Error('boom')), [false]],
      [
        'a timeout and a late decision',
        async (worker) => {
          worker.clock.increment(2_000);
          await decide(worker);
        },
        [false],
      ],
      [
        'accepted, and the process dies',
        async (worker) => {
          await decide(worker);
          worker.children.last().exits(1);
        },
        [true],
      ],
      [
        'accepted, and never assigned',
        async (worker) => {
          await decide(worker);
          worker.clock.increment(60_000);
        },
        [true],
      ],
      [
        'the worker drains meanwhile',
        async (worker) => {
          worker.actor.send({ type: 'worker.drain' });
          await decide(worker);
        },
        [true],
      ],
      [
        'the worker closes',
        async (worker) => {
          worker.actor.send({ type: 'worker.close', cause: 'SIGTERM' });
          await decide(worker);
        },
        [false],
      ],
      [
        'the worker is killed',
        async (worker) => {
          worker.actor.send({ type: 'worker.kill', cause: 'SIGTERM' });
          await decide(worker);
        },
        [false],
      ],
      [
        'the connection is lost',
        async (worker) => {
          worker.sockets.last().closes();
          await decide(worker);
          worker.clock.increment(500);
          worker.register('AW_2');
        },
        [],
      ],
    ];

    it.each(cases)('%s', async (_what, happens, answers) => {
      const worker = startReady();
      worker.request('AJ_1');
      await happens(worker);
      worker.clock.increment(10_000);
      expect(worker.answers()).toEqual(answers.map((answer) => ['AJ_1', answer]));
    });

    it('the claim is refused', async () => {
      const worker = startReady({ restartIntensity: 0 });
      worker.request('AJ_1');
      worker.children.last().exits(1);
      expect(worker.state()).toBe('running.unavailable');
      await decide(worker);
      expect(worker.answers()).toEqual([['AJ_1', false]]);
      expect(worker.reasons()).toEqual([['AJ_1', 'warming']]);
      expect(worker.slots()).toEqual({});
    });
  });
}
