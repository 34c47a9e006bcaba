import { describe, expect, it } from 'vitest';
import type { StopCause } from '../../../machines/job-process/job-process.types.ts';
import { startJobProcess, startLaunched, startWarm } from './harness.ts';

const ask = { type: 'close', reason: 'worker-closing', detail: '' };

/** Tests of the job process machine; run by `job-process.test.ts`. */
export function testEnd(): void {
  describe('the kill ladder', () => {
    it('asks, terminates after 5 s, kills after 2 s more', () => {
      const process = startLaunched();
      process.actor.send({ type: 'process.stop', cause: 'worker-closing' });
      const child = process.child();
      expect(child.told).toEqual([ask]);
      expect(process.emitted).toEqual([
        { type: 'process.stopping', process: 'process.1', pid: 101, cause: 'worker-closing' },
      ]);
      expect(process.memory.monitors).toMatchObject([{ stopped: true }]);
      process.clock.increment(4_999);
      expect(child.signals).toEqual([]);
      process.clock.increment(1);
      expect(child.signals).toEqual(['SIGTERM']);
      process.clock.increment(1_999);
      expect(child.signals).toEqual(['SIGTERM']);
      process.clock.increment(1);
      expect(child.signals).toEqual(['SIGTERM', 'SIGKILL']);
      expect(process.output()).toBeUndefined();
      child.exits(null, 'SIGKILL');
      expect(process.output()).toEqual({
        outcome: 'exited',
        process: 'process.1',
        pid: 101,
        code: null,
        signal: 'SIGKILL',
        cause: 'worker-closing',
        failure: null,
      });
      expect(process.emitted).toHaveLength(2);
    });

    it('begins with SIGTERM when the session was asked long ago', () => {
      const process = startLaunched();
      process.actor.send({ type: 'process.stop', cause: 'close-timeout' });
      expect(process.child()).toMatchObject({ told: [], signals: ['SIGTERM'] });
      process.clock.increment(2_000);
      expect(process.child().signals).toEqual(['SIGTERM', 'SIGKILL']);
      process.child().exits(null, 'SIGKILL');
      expect(process.output()).toMatchObject({
        cause: 'close-timeout',
        failure: {
          code: 'GR_PROCESS_UNRESPONSIVE',
          message: 'The job process did not end its session in time.',
        },
      });
    });

    it('is never climbed down: another stop changes nothing', () => {
      const process = startLaunched();
      const child = process.child();
      const stop = (cause: StopCause) => process.actor.send({ type: 'process.stop', cause });
      stop('surplus');
      process.clock.increment(4_999);
      stop('worker-closing');
      process.clock.increment(1);
      expect(process.state()).toMatchObject({ work: { stopping: 'terminating' } });
      stop('worker-closing');
      stop('close-timeout');
      process.clock.increment(2_000);
      stop('worker-closing');
      stop('close-timeout');
      expect(process.state()).toMatchObject({ work: { stopping: 'killing' } });
      expect(child).toMatchObject({ told: [ask], signals: ['SIGTERM', 'SIGKILL'] });
      expect(process.emitted).toHaveLength(1);
      child.exits(null, 'SIGKILL');
      expect(process.output()).toMatchObject({ cause: 'surplus', failure: null });
    });

    it('skips the asking when the session turns out to have been asked long ago', () => {
      const process = startLaunched();
      process.actor.send({ type: 'process.stop', cause: 'worker-closing' });
      process.actor.send({ type: 'process.stop', cause: 'close-timeout' });
      expect(process.child()).toMatchObject({ told: [ask], signals: ['SIGTERM'] });
    });

    it.each([0, 5_000])('is cut short by a kill %i ms after it began', (ms) => {
      const process = startLaunched();
      process.actor.send({ type: 'process.stop', cause: 'job-over' });
      process.clock.increment(ms);
      process.actor.send({ type: 'process.kill', cause: 'worker-closing' });
      expect(process.state()).toEqual({ work: { stopping: 'killing' }, watchdog: 'off' });
      expect(process.child().signals.at(-1)).toBe('SIGKILL');
      expect(process.emitted).toHaveLength(1);
      process.child().exits(null, 'SIGKILL');
      expect(process.output()).toMatchObject({ cause: 'job-over' });
    });

    it('kills at once when told to', () => {
      const process = startWarm();
      process.actor.send({ type: 'process.kill', cause: 'worker-closing' });
      expect(process.child()).toMatchObject({ told: [], signals: ['SIGKILL'] });
      expect(process.emitted.at(-1)).toMatchObject({ type: 'process.stopping' });
    });

    it.each([
      { type: 'process.stop', cause: 'surplus' },
      { type: 'process.kill', cause: 'worker-closing' },
    ] as const)('is not needed while queued: $type', (event) => {
      const process = startJobProcess();
      process.claim();
      process.actor.send(event);
      expect(process.children.children).toEqual([]);
      expect(process.output()).toEqual({
        outcome: 'exited',
        process: 'process.1',
        pid: null,
        code: null,
        signal: null,
        cause: event.cause,
        failure: null,
      });
      expect(process.toClient).toEqual([
        {
          type: 'process.exited',
          process: 'process.1',
          pid: null,
          code: null,
          signal: null,
          cause: event.cause,
          failure: null,
        },
      ]);
    });
  });

  describe('an exit', () => {
    it.each([
      [0, null, null],
      [1, null, { code: 'GR_PROCESS_EXITED', message: 'The job process exited with code 1.' }],
      [
        null,
        'SIGSEGV',
        { code: 'GR_PROCESS_KILLED', message: 'The job process was ended by SIGSEGV.' },
      ],
    ])('nobody asked for, with %s %s, is told to the job', (code, signal, failure) => {
      const process = startLaunched();
      process.child().exits(code, signal);
      const exit = { process: 'process.1', pid: 101, code, signal };
      expect(process.toClient).toEqual([{ type: 'process.exited', ...exit, cause: null, failure }]);
      expect(process.emitted).toEqual([{ type: 'process.exited', ...exit, failure }]);
      expect(process.output()).toEqual({ outcome: 'exited', ...exit, cause: null, failure });
    });

    it('while idle is told to nobody but listeners', () => {
      const process = startWarm();
      process.child().exits(null, 'SIGKILL');
      expect(process.toClient).toEqual([]);
      expect(process.output()).toMatchObject({ failure: { code: 'GR_PROCESS_KILLED' } });
    });

    it('while claimed is told to the job', () => {
      const process = startWarm();
      process.claim();
      process.child().exits(3);
      expect(process.toClient.at(-1)).toMatchObject({ type: 'process.exited', code: 3 });
    });

    it('during the warm-up brings the failure that was told before', () => {
      const failure = { code: 'GR_AGENT_LOAD_FAILED', message: 'syntax' };
      const process = startJobProcess();
      process.start();
      process.child().says({ type: 'link.warmupFailed', failure, fatal: false });
      process.child().exits(1);
      expect(process.output()).toMatchObject({ failure });
    });

    it('that leaves no trace is still an end', () => {
      const process = startWarm();
      process.actor.send({
        type: 'xstate.done.actor.child',
        output: undefined,
        actorId: 'child',
      } as never);
      expect(process.output()).toMatchObject({
        pid: 101,
        code: null,
        signal: null,
        failure: {
          code: 'GR_PROCESS_EXITED',
          message: 'The job process exited with code unknown.',
        },
      });
    });
  });

  describe('a process that cannot be started', () => {
    it.each([
      [new Error('spawn EAGAIN'), 'spawn EAGAIN'],
      ['EMFILE', 'EMFILE'],
    ])('ends with the reason: %s', (error, text) => {
      const process = startJobProcess();
      process.children.break();
      process.claim();
      process.start();
      process.child().fails(error);
      const failure = {
        code: 'GR_PROCESS_SPAWN_FAILED',
        message: `A job process could not be started: ${text}.`,
      };
      expect(process.output()).toMatchObject({ pid: null, cause: null, failure });
      expect(process.toClient).toMatchObject([{ type: 'process.exited', failure }]);
    });
  });
}
