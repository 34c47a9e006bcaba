import { describe, expect, it } from 'vitest';
import type { Failure } from '../../../machines/messages.ts';
import { closing, crash, ended, exit, facts, startRunning, status } from './harness.ts';

const stopped = { type: 'process.stop', cause: 'close-timeout' };
const told = (message: object) => ({ type: 'process.tell', message });
const failure: Failure = { code: 'GR_ENTRY_FAILED', message: 'boom' };

/** Tests of the job machine; run by `job.test.ts`. */
export function testSession(): void {
  describe('a running job', () => {
    it('mirrors its session', async () => {
      const job = await startRunning('unconnected');
      job.hears({ type: 'session.connecting' });
      expect(job.state()).toBe('running.connecting');
      job.hears({ type: 'session.connected', roomSid: 'RM_1', identity: 'agent-AJ_1' });
      expect(job.state()).toBe('running.connected');
      job.hears({ type: 'session.reconnecting' });
      expect(job.state()).toBe('running.reconnecting');
      job.hears({ type: 'session.reconnected' }, { type: 'session.warning', step: 'x', failure });
      expect(job.state()).toBe('running.connected');
      expect(job.emitted).toEqual([
        { type: 'job.connected', ...facts, roomSid: 'RM_1', identity: 'agent-AJ_1' },
        { type: 'job.reconnecting', ...facts },
        { type: 'job.warning', ...facts, step: 'x', failure },
      ]);
      expect(job.sent).toEqual([]);
    });

    it('hands on what concerns its session, and decides nothing', async () => {
      const job = await startRunning('connected');
      job.actor.send({ type: 'server.jobTerminated' });
      job.actor.send({ type: 'worker.draining', deadlineMs: null });
      job.actor.send({ type: 'worker.resumed' });
      job.actor.send({ type: 'registration.lost' });
      expect(job.toProcess()).toEqual([
        told({ type: 'terminate' }),
        told({ type: 'drain', deadlineMs: null }),
      ]);
      job.clock.increment(3_600_000);
      expect(job.state()).toBe('running.connected');
    });

    it('closes when it is told to', async () => {
      const job = await startRunning('connected');
      job.actor.send({ type: 'job.close', reason: 'drain-timeout' });
      expect(job.toProcess()).toEqual([
        told({ type: 'close', reason: 'drain-timeout', detail: '' }),
      ]);
      expect(job.state()).toBe('closing.awaitingOutcome');
    });
  });

  describe('a close', () => {
    it('reports the outcome before the agent leaves, then waits for the exit', async () => {
      const job = await startRunning('connected');
      job.hears(closing('agent-ended', 'bye'));
      expect(job.emitted).toEqual([
        { type: 'job.closing', ...facts, reason: 'agent-ended', detail: 'bye' },
      ]);
      expect(job.sent).toEqual([]);
      job.hears({ type: 'session.outcome', outcome: ended });
      expect(job.sent).toEqual([status('success')]);
      expect(job.state()).toBe('closing.reporting');
      expect(job.toProcess()).toEqual([]);
      job.read();
      expect(job.toProcess()).toEqual([told({ type: 'outcomeReported' })]);
      job.hears({ type: 'session.warning', step: 'callbacks', failure });
      expect(job.emitted.at(-1)).toMatchObject({ type: 'job.warning', step: 'callbacks' });
      expect(job.output()).toBeUndefined();
      job.hears(exit());
      expect(job.output()).toEqual({
        outcome: 'succeeded',
        slot: 'job.1',
        jobId: 'AJ_1',
        session: ended,
        failure: null,
      });
      expect(job.emitted.at(-1)).toEqual({
        type: 'job.ended',
        ...facts,
        end: 'succeeded',
        session: ended,
        failure: null,
      });
      expect(job.sent).toHaveLength(1);
      expect(job.removals.calls).toEqual([]);
    });

    it('lets the agent leave when nobody is left who could read the outcome', async () => {
      const job = await startRunning('connected');
      job.hears(closing('agent-ended'), { type: 'session.outcome', outcome: ended });
      job.actor.send({ type: 'registration.lost' });
      expect(job.toProcess()).toEqual([told({ type: 'outcomeReported' })]);
      job.read();
      expect(job.toProcess()).toHaveLength(1);
      job.hears(exit());
      expect(job.output()).toMatchObject({ outcome: 'succeeded', session: ended });
    });

    it('whose process exits before the outcome was read is over', async () => {
      const job = await startRunning('connected');
      job.hears(closing('agent-ended'), { type: 'session.outcome', outcome: ended }, exit());
      expect(job.output()).toMatchObject({ outcome: 'succeeded', session: ended });
    });

    it('that failed says why', async () => {
      const job = await startRunning('connected');
      const outcome = {
        outcome: 'failed',
        reason: 'entry-failed',
        detail: 'boom',
        failure,
      } as const;
      job.hears(closing('entry-failed', 'boom'), { type: 'session.outcome', outcome });
      expect(job.sent).toEqual([status('failed', 'entry-failed: boom')]);
      job.hears(exit({ code: 1, failure: { code: 'GR_PROCESS_EXITED', message: 'code 1' } }));
      expect(job.output()).toMatchObject({ outcome: 'failed', session: outcome, failure });
      expect(job.sent).toHaveLength(1);
    });

    it('that failed without an error says its detail', async () => {
      const job = await startRunning('connected');
      const outcome = {
        outcome: 'failed',
        reason: 'drain-timeout',
        detail: 'late',
        failure: null,
      } as const;
      job.hears(closing('drain-timeout'), { type: 'session.outcome', outcome });
      expect(job.sent).toEqual([status('failed', 'drain-timeout: late')]);
    });

    it('keeps its first reason, and is told to whoever listens', async () => {
      const job = await startRunning('connected');
      job.actor.send({ type: 'job.close', reason: 'worker-closing' });
      job.hears(closing('worker-closing'));
      job.actor.send({ type: 'job.close', reason: 'drain-timeout' });
      job.actor.send({ type: 'server.jobTerminated' });
      expect(job.toProcess()).toHaveLength(1);
      expect(job.types()).toEqual(['job.closing']);
      job.hears(crash);
      expect(job.sent).toEqual([
        status('failed', 'worker-closing: The job process was ended by SIGSEGV.'),
      ]);
    });

    it('that takes longer than its budget is ended by the kill ladder', async () => {
      const job = await startRunning('unconnected');
      job.hears(closing('agent-ended'));
      job.clock.increment(64_999);
      expect(job.toProcess()).toEqual([]);
      job.clock.increment(1);
      expect(job.toProcess()).toEqual([stopped]);
      expect(job.state()).toBe('closing.awaitingOutcome');
      const timeout = { code: 'GR_PROCESS_UNRESPONSIVE', message: 'not in time' };
      job.hears(exit({ code: null, signal: 'SIGKILL', cause: 'close-timeout', failure: timeout }));
      expect(job.sent).toEqual([status('failed', 'agent-ended: not in time')]);
      expect(job.output()).toMatchObject({
        outcome: 'failed',
        session: { outcome: 'failed', reason: 'agent-ended', detail: '', failure: timeout },
        failure: timeout,
      });
    });

    it('has one budget for all of it', async () => {
      const job = await startRunning('connected');
      job.hears(closing('agent-ended'));
      job.clock.increment(60_000);
      job.hears({ type: 'session.outcome', outcome: ended });
      job.read();
      job.clock.increment(5_000);
      expect(job.toProcess().at(-1)).toEqual(stopped);
      expect(job.state()).toBe('closing.leaving');
    });

    it('whose outcome comes late, when the ladder has begun, still counts', async () => {
      const job = await startRunning('connected');
      job.hears(closing('agent-ended'));
      job.clock.increment(65_000);
      job.hears({ type: 'session.outcome', outcome: ended });
      expect(job.sent).toEqual([status('success')]);
      job.hears(exit({ cause: 'close-timeout' }));
      expect(job.output()).toMatchObject({ outcome: 'succeeded', session: ended });
    });

    it('may take as long as a timer can hold', async () => {
      const job = await startRunning('connected', {
        limits: { requestTimeoutMs: 2_000, assignmentTimeoutMs: 2 ** 31, closeTimeoutMs: 2 ** 31 },
      });
      job.hears(closing('agent-ended'));
      job.clock.increment(3_600_000);
      expect(job.toProcess()).toEqual([]);
    });
  });

  describe('a process that is gone without an outcome', () => {
    it.each([
      ['crash', crash, 'crashed', 'The job process was ended by SIGSEGV.'],
      [
        'exit without a reason',
        exit({ code: 0 }),
        'crashed',
        'The job process exited with code 0 before its session had ended.',
      ],
      [
        'memory',
        exit({ cause: 'memory-limit', failure: { code: 'GR_PROCESS_MEMORY_LIMIT', message: 'm' } }),
        'memory-limit',
        'm',
      ],
      [
        'watchdog',
        exit({ cause: 'unresponsive', failure: { code: 'GR_PROCESS_UNRESPONSIVE', message: 'u' } }),
        'unresponsive',
        'u',
      ],
      [
        'ladder',
        exit({
          cause: 'close-timeout',
          failure: { code: 'GR_PROCESS_UNRESPONSIVE', message: 'c' },
        }),
        'unresponsive',
        'c',
      ],
    ] as const)('fails the job: %s', async (_what, gone, reason, message) => {
      const job = await startRunning('unconnected');
      job.hears(gone);
      expect(job.sent).toEqual([status('failed', `${reason}: ${message}`)]);
      expect(job.output()).toMatchObject({
        outcome: 'failed',
        session: { outcome: 'failed', reason, detail: '', failure: { message } },
        failure: { message },
      });
    });
  });
}
