import { describe, expect, it } from 'vitest';
import { createActor } from 'xstate';
import { jobMachine } from '../../../machines/job/job.machine.ts';
import type { Decision, JobReport } from '../../../machines/job/job.types.ts';
import type { PoolCommand } from '../../../machines/process-pool/process-pool.types.ts';
import type { RegistrationCommand } from '../../../machines/registration/registration.types.ts';
import { listener, makeJob } from '../fakes.ts';
import { settled } from '../settling.ts';
import { accept, accepted, coverage, facts, limits, startJob } from './harness.ts';

const refusal = (terminate = false) => ({
  type: 'job.answered',
  jobId: 'AJ_1',
  workerId: 'AW_1',
  answer: { available: false, terminate },
});

/** Tests of the job machine; run by `job.test.ts`. */
export function testRequest(): void {
  describe('a request', () => {
    it('is decided by the user, who sees the job', () => {
      const job = startJob();
      expect(job.decisions.last().input).toEqual({ job: makeJob() });
      expect(job.emitted).toEqual([{ type: 'job.requested', ...facts }]);
      expect(job.sent).toEqual([]);
    });

    it('that is accepted claims a process, then is answered', async () => {
      const job = startJob();
      await job.decisions.last().answer(accepted);
      expect(job.toPool).toEqual([
        { type: 'pool.claim', slot: 'job.1', client: job.actor, isAccepted: false },
      ]);
      expect(job.sent).toEqual([]);
      job.granted();
      expect(job.sent).toEqual([
        {
          type: 'job.answered',
          jobId: 'AJ_1',
          workerId: 'AW_1',
          answer: { available: true, accept },
        },
      ]);
      expect(job.toProcess()).toEqual([]);
      expect(job.emitted.at(-1)).toEqual({
        type: 'job.accepted',
        ...facts,
        identity: 'agent-AJ_1',
      });
    });

    it.each([
      { type: 'reject', terminate: false, reason: 'rejected', detail: 'busy' },
      { type: 'reject', terminate: true, reason: 'terminated', detail: '' },
      { type: 'reject', terminate: false, reason: 'no-answer', detail: 'nothing' },
    ] satisfies Decision[])('that is rejected is answered at once: $reason', async (decision) => {
      const job = startJob();
      await job.decisions.last().answer(decision);
      expect(job.sent).toEqual([refusal(decision.terminate)]);
      expect(job.toPool).toEqual([]);
      expect(job.emitted.slice(1)).toEqual([
        { type: 'job.rejected', ...facts, reason: decision.reason, detail: decision.detail },
      ]);
      expect(job.output()).toEqual({
        outcome: 'rejected',
        slot: 'job.1',
        jobId: 'AJ_1',
        reason: decision.reason,
      });
    });

    it.each([
      [new Error('boom'), 'boom'],
      ['a text', 'a text'],
    ])('that ends in an exception is rejected: %s', async (error, detail) => {
      const job = startJob();
      await job.decisions.last().fail(error);
      expect(job.sent).toEqual([refusal()]);
      expect(job.emitted.at(-1)).toMatchObject({ reason: 'request-failed', detail });
    });

    it('that is not decided in time is rejected, and a late decision changes nothing', async () => {
      const job = startJob();
      job.clock.increment(1_999);
      expect(job.sent).toEqual([]);
      job.clock.increment(1);
      expect(job.sent).toEqual([refusal()]);
      expect(job.emitted.at(-1)).toMatchObject({
        reason: 'request-timeout',
        detail: 'requestFunc did not answer within 2000 ms',
      });
      expect(job.decisions.last().aborted()).toBe(true);
      await job.decisions.last().answer(accepted);
      expect(job.sent).toHaveLength(1);
    });

    it('that gets no process in time is rejected, and gives its claim up', async () => {
      const job = startJob();
      job.clock.increment(500);
      await job.decisions.last().answer(accepted);
      job.clock.increment(1_500);
      expect(job.sent).toEqual([refusal()]);
      expect(job.toPool.at(-1)).toEqual({ type: 'pool.release', slot: 'job.1' });
      expect(job.emitted.at(-1)).toMatchObject({
        reason: 'warming',
        detail: 'no job process got warm in time',
      });
    });

    it.each([
      [{ code: 'GR_PREWARM_FAILED', message: 'no model' }, 'no model'],
      [null, 'no job process is ready'],
    ])('whose claim is refused is rejected', async (failure, detail) => {
      const job = startJob();
      await job.decisions.last().answer(accepted);
      job.actor.send({ type: 'pool.refused', failure });
      expect(job.sent).toEqual([refusal()]);
      expect(job.emitted.at(-1)).toMatchObject({ reason: 'warming', detail });
      expect(job.output()).toMatchObject({ outcome: 'rejected', reason: 'warming' });
    });

    it.each(['deciding', 'claiming'])('of a worker that closes is rejected: %s', async (when) => {
      const job = startJob();
      if (when === 'claiming') await job.decisions.last().answer(accepted);
      job.actor.send({ type: 'job.close', reason: 'worker-closing' });
      expect(job.sent).toEqual([refusal()]);
      expect(job.toPool.at(-1)).toEqual({ type: 'pool.release', slot: 'job.1' });
      expect(job.emitted.at(-1)).toMatchObject({
        reason: 'not-running',
        detail: 'the worker is closing',
      });
    });

    it.each(['deciding', 'claiming'])('of a lost connection is not answered: %s', async (when) => {
      const job = startJob();
      if (when === 'claiming') await job.decisions.last().answer(accepted);
      job.actor.send({ type: 'registration.lost' });
      expect(job.sent).toEqual([]);
      expect(job.toPool.at(-1)).toEqual({ type: 'pool.release', slot: 'job.1' });
      expect(job.output()).toEqual({
        outcome: 'lost',
        slot: 'job.1',
        jobId: 'AJ_1',
        session: null,
        failure: null,
      });
      expect(job.emitted.slice(1)).toEqual([
        { type: 'job.ended', ...facts, end: 'lost', session: null, failure: null },
      ]);
      await job.decisions.last().answer(accepted);
      expect(job.sent).toEqual([]);
    });

    it('of a server without rooms in its jobs is told with empty words', () => {
      const { room: _room, ...job } = makeJob();
      expect(startJob({ job }).emitted).toEqual([{ type: 'job.requested', ...facts, room: '' }]);
    });

    it('without an implementation is rejected, and says what to provide', async () => {
      const heard: unknown[] = [];
      const actor = createActor(jobMachine, {
        inspect: coverage.inspect,
        input: {
          slot: 'job.1',
          job: makeJob(),
          workerId: 'AW_1',
          url: '',
          limits,
          registration: listener<RegistrationCommand>().ref,
          pool: listener<PoolCommand>().ref,
          parent: listener<JobReport>().ref,
        },
      });
      actor.on('job.rejected', (event) => heard.push(event));
      actor.start();
      await settled();
      expect(heard).toEqual([
        {
          type: 'job.rejected',
          ...facts,
          reason: 'request-failed',
          detail: expect.stringContaining('jobMachine.provide({ actors: { decideRequest'),
        },
      ]);
    });
  });
}
