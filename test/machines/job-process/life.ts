import { describe, expect, it } from 'vitest';
import { createActor } from 'xstate';
import { jobProcessMachine } from '../../../machines/job-process/job-process.machine.ts';
import type { PoolReport, SessionReport } from '../../../machines/job-process/job-process.types.ts';
import { listener } from '../fakes.ts';
import { coverage, limits, order, startJobProcess, startLaunched, startWarm } from './harness.ts';

const failure = { code: 'GR_PREWARM_FAILED', message: 'no model' };

/** Tests of the job process machine; run by `job-process.test.ts`. */
export function testLife(): void {
  describe('getting warm', () => {
    it('waits for its turn, then starts', () => {
      const process = startJobProcess();
      process.clock.increment(60_000);
      expect(process.children.children).toEqual([]);
      process.start();
      expect(process.child().process).toBe('process.1');
      expect(process.state()).toEqual({ work: 'warming', watchdog: 'off' });
      process.child().getsWarm();
      expect(process.state()).toEqual({ work: 'warm', watchdog: 'quiet' });
      expect(process.toPool).toEqual([
        { type: 'process.becameWarm', process: 'process.1', warmupMs: 400 },
      ]);
      expect(process.emitted).toEqual([
        { type: 'process.starting', process: 'process.1', pid: 101 },
        { type: 'process.warm', process: 'process.1', pid: 101, warmupMs: 400 },
      ]);
    });

    it.each([true, false])('that fails is told to the pool, fatal or not: %s', (fatal) => {
      const process = startJobProcess();
      process.start();
      process.child().says({ type: 'link.warmupFailed', failure, fatal });
      expect(process.toPool).toEqual([
        { type: 'process.warmupFailed', process: 'process.1', failure, fatal },
      ]);
      expect(process.state()).toEqual({ work: { stopping: 'asking' }, watchdog: 'off' });
      process.child().exits(1);
      expect(process.output()).toEqual({
        outcome: 'exited',
        process: 'process.1',
        pid: 101,
        code: 1,
        signal: null,
        cause: 'warmup-failed',
        failure,
      });
    });

    it('that takes longer than initializeTimeoutMs is stopped', () => {
      const process = startJobProcess();
      process.start();
      process.clock.increment(9_999);
      expect(process.state()).toMatchObject({ work: 'warming' });
      process.clock.increment(1);
      const timeout = {
        code: 'GR_WARMUP_TIMEOUT',
        message:
          'The job process did not get warm within 10000 ms. Loading the agent file and prewarm must be done by then; raise initializeTimeoutMs if they need longer.',
      };
      expect(process.toPool).toEqual([
        {
          type: 'process.warmupFailed',
          process: 'process.1',
          failure: timeout,
          fatal: false,
        },
      ]);
      // Too late.
      process.child().getsWarm();
      expect(process.state()).toEqual({ work: { stopping: 'asking' }, watchdog: 'off' });
      process.child().exits();
      expect(process.output()).toMatchObject({ cause: 'warmup-timeout', failure: timeout });
    });

    it('may take as long as a timer can hold', () => {
      const process = startJobProcess({ limits: { initializeTimeoutMs: Infinity } });
      process.start();
      process.clock.increment(3_600_000);
      expect(process.state()).toMatchObject({ work: 'warming' });
    });
  });

  describe('a claim', () => {
    it('is told the pid of a process that runs', () => {
      const process = startWarm();
      process.claim();
      expect(process.toClient).toEqual([{ type: 'process.spawned', pid: 101 }]);
      expect(process.emitted.at(-1)).toEqual({
        type: 'process.claimed',
        process: 'process.1',
        pid: 101,
      });
    });

    it('of a queued process is told the pid when there is one', () => {
      const process = startJobProcess();
      process.claim();
      expect(process.toClient).toEqual([]);
      expect(process.emitted).toEqual([
        { type: 'process.claimed', process: 'process.1', pid: null },
      ]);
      process.start();
      expect(process.toClient).toEqual([{ type: 'process.spawned', pid: 101 }]);
    });

    it('that is given up leaves the process clean for the next', () => {
      const process = startWarm();
      process.claim();
      process.actor.send({ type: 'process.release' });
      expect(process.child().told).toEqual([]);
      process.toClient.length = 0;
      process.child().exits(1);
      expect(process.toClient).toEqual([]);
    });

    it('that is given up before the process is warm takes its order along', () => {
      const process = startJobProcess();
      process.start();
      process.claim();
      process.launch();
      process.actor.send({ type: 'process.release' });
      process.child().getsWarm();
      expect(process.state()).toMatchObject({ work: 'warm' });
      expect(process.child().told).toEqual([]);
    });
  });

  describe('a launch', () => {
    it('starts the session of a warm process at once', () => {
      const process = startWarm();
      process.claim();
      process.launch();
      expect(process.child().told).toEqual([{ type: 'launch', order }]);
      expect(process.state()).toMatchObject({ work: 'launched' });
      expect(process.memory.monitors).toMatchObject([
        {
          input: { pid: 101, warnBytes: 500_000_000, limitBytes: 1_000_000_000 },
          stopped: false,
        },
      ]);
    });

    it.each(['queued', 'warming'])('that comes while it is %s waits until it is warm', (when) => {
      const process = startJobProcess();
      process.claim();
      if (when === 'warming') process.start();
      process.launch();
      if (when === 'queued') process.start();
      expect(process.child().told).toEqual([]);
      process.child().getsWarm();
      expect(process.child().told).toEqual([{ type: 'launch', order }]);
      expect(process.toPool).toEqual([
        { type: 'process.becameWarm', process: 'process.1', warmupMs: 400 },
      ]);
      expect(process.state()).toMatchObject({ work: 'launched' });
    });

    it.each(['queued', 'warming'])('that is taken back while it is %s never happens', (when) => {
      const process = startJobProcess();
      process.claim();
      if (when === 'warming') process.start();
      process.launch();
      process.actor.send({
        type: 'process.tell',
        message: { type: 'close', reason: 'terminated', detail: '' },
      });
      if (when === 'warming') {
        process.child().getsWarm();
        process.child().exits();
        expect(process.child().told).toEqual([
          { type: 'close', reason: 'worker-closing', detail: '' },
        ]);
      }
      expect(process.output()).toMatchObject({ cause: 'job-over', failure: null });
      expect(process.toClient.at(-1)).toMatchObject({
        type: 'process.exited',
        cause: 'job-over',
        failure: null,
      });
    });

    it('is not taken back by anything but a close', () => {
      const process = startJobProcess();
      process.claim();
      process.launch();
      process.actor.send({ type: 'process.tell', message: { type: 'terminate' } });
      process.start();
      process.actor.send({ type: 'process.tell', message: { type: 'terminate' } });
      process.child().getsWarm();
      expect(process.child().told.at(-1)).toEqual({ type: 'launch', order });
    });
  });

  describe('a session', () => {
    const reports: SessionReport[] = [
      { type: 'session.started' },
      { type: 'session.connecting' },
      { type: 'session.connected', roomSid: 'RM_1', identity: 'agent-AJ_1' },
      { type: 'session.reconnecting' },
      { type: 'session.reconnected' },
      { type: 'session.deleteRoom', id: 1 },
      { type: 'session.warning', step: 'connect', failure },
      { type: 'session.closing', reason: 'terminated', detail: '' },
      {
        type: 'session.outcome',
        outcome: { outcome: 'succeeded', reason: 'terminated', detail: '', failure: null },
      },
    ];

    it('is reported to the job, and the pool hears when it is in its room', () => {
      const process = startLaunched();
      process.child().says(...reports);
      expect(process.toClient).toEqual(reports);
      expect(process.toPool).toEqual([{ type: 'process.joined', process: 'process.1' }]);
    });

    it('is reported, and told things, while the process is being stopped', () => {
      const process = startLaunched();
      process.actor.send({ type: 'process.stop', cause: 'worker-closing' });
      process.child().told.length = 0;
      process.child().says(...reports);
      process.actor.send({ type: 'process.tell', message: { type: 'outcomeReported' } });
      expect(process.toClient).toEqual(reports);
      expect(process.child().told).toEqual([{ type: 'outcomeReported' }]);
    });

    it('is told what the job says', () => {
      const process = startLaunched();
      process.actor.send({ type: 'process.tell', message: { type: 'terminate' } });
      process.actor.send({ type: 'process.tell', message: { type: 'drain', deadlineMs: null } });
      expect(process.child().told).toEqual([
        { type: 'terminate' },
        { type: 'drain', deadlineMs: null },
      ]);
    });
  });

  describe('without implementations', () => {
    it('a process fails and says what to provide', () => {
      const pool = listener<PoolReport>();
      const actor = createActor(jobProcessMachine, {
        inspect: coverage.inspect,
        input: { process: 'process.1', limits, pool: pool.ref },
      }).start();
      actor.send({ type: 'process.start' });
      expect(actor.getSnapshot().output).toEqual({
        outcome: 'exited',
        process: 'process.1',
        pid: null,
        code: null,
        signal: null,
        cause: null,
        failure: {
          code: 'GR_PROCESS_SPAWN_FAILED',
          message: expect.stringContaining('jobProcessMachine.provide({ actors: { childProcess'),
        },
      });
    });
  });
}
