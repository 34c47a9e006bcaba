import { describe, expect, it } from 'vitest';
import { startJobProcess, startLaunched, startWarm } from './harness.ts';

/** Tests of the job process machine; run by `job-process.test.ts`. */
export function testWatching(): void {
  describe('the watchdog', () => {
    it('pings every 10 s while pongs come', () => {
      const process = startWarm();
      const child = process.child();
      for (const id of [1, 2, 3]) {
        process.clock.increment(9_999);
        expect(child.told).toHaveLength(id - 1);
        process.clock.increment(1);
        expect(child.told.at(-1)).toEqual({ type: 'ping', id });
        child.says({ type: 'link.ponged', id });
      }
      expect(process.state()).toEqual({ work: 'warm', watchdog: 'quiet' });
    });

    it('pings twice within a short limit', () => {
      const process = startWarm({ limits: { unresponsiveTimeoutMs: 4_000 } });
      process.clock.increment(2_000);
      expect(process.child().told).toEqual([{ type: 'ping', id: 1 }]);
    });

    it('kills a process that does not answer, after a second chance', () => {
      const process = startLaunched();
      process.clock.increment(10_000);
      process.clock.increment(59_999);
      expect(process.state()).toMatchObject({ watchdog: 'pinged' });
      process.clock.increment(1);
      expect(process.state()).toMatchObject({ watchdog: 'suspected' });
      process.clock.increment(999);
      expect(process.child().signals).toEqual([]);
      process.clock.increment(1);
      expect(process.child().signals).toEqual(['SIGKILL']);
      expect(process.state()).toEqual({ work: { stopping: 'killing' }, watchdog: 'off' });
      expect(process.emitted).toEqual([
        { type: 'process.unresponsive', process: 'process.1', pid: 101 },
        { type: 'process.stopping', process: 'process.1', pid: 101, cause: 'unresponsive' },
      ]);
      process.child().exits(null, 'SIGKILL');
      expect(process.output()).toMatchObject({
        signal: 'SIGKILL',
        cause: 'unresponsive',
        failure: {
          code: 'GR_PROCESS_UNRESPONSIVE',
          message: 'The job process did not answer for 60000 ms: its event loop is blocked.',
        },
      });
    });

    it('spares one whose pong was only read late', () => {
      const process = startLaunched();
      process.clock.increment(70_500);
      process.child().says({ type: 'link.ponged', id: 1 });
      expect(process.state()).toEqual({ work: 'launched', watchdog: 'quiet' });
      process.clock.increment(10_000);
      expect(process.child().told.at(-1)).toEqual({ type: 'ping', id: 2 });
    });

    it.each(['pinged', 'suspected'])('takes no old pong for a new one while %s', (when) => {
      const process = startLaunched();
      process.clock.increment(10_000);
      process.child().says({ type: 'link.ponged', id: 1 });
      process.clock.increment(10_000 + (when === 'suspected' ? 60_000 : 0));
      process.child().says({ type: 'link.ponged', id: 1 });
      expect(process.state()).toMatchObject({ watchdog: when });
    });

    it('sleeps while the process warms up', () => {
      const process = startJobProcess({ limits: { initializeTimeoutMs: 500_000 } });
      process.start();
      process.clock.increment(400_000);
      expect(process.child().told).toEqual([]);
      expect(process.state()).toMatchObject({ watchdog: 'off' });
    });

    it.each([
      { type: 'process.stop', cause: 'job-over' },
      { type: 'memory.exceeded', memoryBytes: 2_000_000_000 },
    ] as const)('sleeps while the process is being stopped: $type', (event) => {
      const process = startLaunched();
      process.clock.increment(10_000);
      process.actor.send(event);
      expect(process.state()).toMatchObject({ watchdog: 'off' });
      // A message that was late changes nothing.
      process.child().getsWarm();
      process.child().says({ type: 'link.ponged', id: 1 });
      process.clock.increment(600_000);
      expect(process.state()).toEqual({ work: { stopping: 'killing' }, watchdog: 'off' });
      expect(process.child().told.filter(({ type }) => type === 'ping')).toHaveLength(1);
      expect(process.emitted).not.toContainEqual(
        expect.objectContaining({ type: 'process.unresponsive' }),
      );
    });
  });

  describe('memory', () => {
    it('is watched while a job runs, and told when it is high', () => {
      const process = startLaunched();
      process.memory.monitors[0]!.sees({ type: 'memory.high', memoryBytes: 600_000_000 });
      expect(process.emitted).toEqual([
        {
          type: 'process.memory',
          process: 'process.1',
          pid: 101,
          memoryBytes: 600_000_000,
          limitBytes: 500_000_000,
          level: 'warn',
        },
      ]);
      expect(process.state()).toMatchObject({ work: 'launched' });
    });

    it('above the limit ends the session, then the process', () => {
      const process = startLaunched();
      process.memory.monitors[0]!.sees({ type: 'memory.exceeded', memoryBytes: 1_200_000_000 });
      expect(process.emitted).toEqual([
        {
          type: 'process.memory',
          process: 'process.1',
          pid: 101,
          memoryBytes: 1_200_000_000,
          limitBytes: 1_000_000_000,
          level: 'limit',
        },
        { type: 'process.stopping', process: 'process.1', pid: 101, cause: 'memory-limit' },
      ]);
      const failure = {
        code: 'GR_PROCESS_MEMORY_LIMIT',
        message: 'The job process took more than 1000 MB of memory.',
      };
      expect(process.child().told).toEqual([
        { type: 'close', reason: 'memory-limit', detail: failure.message },
      ]);
      process.clock.increment(7_000);
      expect(process.child().signals).toEqual(['SIGTERM', 'SIGKILL']);
      process.child().exits(null, 'SIGKILL');
      expect(process.toClient).toMatchObject([
        { type: 'process.exited', cause: 'memory-limit', failure },
      ]);
    });

    it('that cannot be read does not end the job', () => {
      const process = startLaunched({ brokenMemory: new Error('no smaps') });
      expect(process.state()).toMatchObject({ work: 'launched' });
      process.child().says({ type: 'session.started' });
      expect(process.toClient).toEqual([{ type: 'session.started' }]);
    });
  });
}
