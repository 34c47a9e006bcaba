import { describe, expect, it } from 'vitest';
import { startWarm } from './harness.ts';

/** What only a mutant would change; run by `job-process.test.ts`. */
export function testEdges(): void {
  describe('a process that is killed', () => {
    it('is pinged no more, and remembers why', () => {
      const process = startWarm();
      process.actor.send({ type: 'process.kill', cause: 'worker-closing' });
      process.child().told.length = 0;
      process.clock.increment(30_000);
      expect(process.child().told).toEqual([]);
      process.child().exits(null, 'SIGKILL');
      expect(process.output()).toMatchObject({ cause: 'worker-closing', failure: null });
    });
  });

  describe('a process that is being asked', () => {
    it('gets its time, though it is to stop for another reason, too', () => {
      const process = startWarm();
      process.actor.send({ type: 'process.stop', cause: 'job-over' });
      process.actor.send({ type: 'process.stop', cause: 'worker-closing' });
      expect(process.child().signals).toEqual([]);
      process.actor.send({ type: 'process.stop', cause: 'close-timeout' });
      expect(process.child().signals).toEqual(['SIGTERM']);
    });
  });
}
