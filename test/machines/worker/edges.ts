import { describe, expect, it, vi } from 'vitest';
import { startReady, startWorker } from './harness.ts';

const sample = { type: 'load.sampled', load: 0.1 } as const;

/** What only a mutant would change; run by `worker.test.ts`. */
export function testEdges(): void {
  describe('job processes that fail', () => {
    it('while the worker runs are told, remembered through a pause, and in every status', () => {
      const worker = startReady({ restartIntensity: 0 });
      worker.children.last().exits(1);
      expect(worker.emitted('worker.unavailable')).toHaveLength(1);
      worker.sockets.last().sent.length = 0;
      worker.load.sees(sample);
      expect(worker.statuses()).toEqual([['full', 1, 0]]);
      worker.actor.send({ type: 'worker.pause' });
      worker.actor.send({ type: 'worker.resume' });
      expect(worker.state()).toBe('running.unavailable');
    });

    it('before the first connection keep the worker from running', () => {
      const worker = startWorker({ restartIntensity: 0 });
      worker.children.last().getsWarm();
      worker.children.last().exits(1);
      worker.register();
      expect(worker.state()).toBe('starting.unavailable');
    });
  });

  describe('a worker that closes', () => {
    it('tells the server at once', async () => {
      const worker = startReady();
      await worker.run('AJ_1');
      worker.actor.send({ type: 'worker.close', cause: 'order' });
      expect(worker.statuses().at(-1)).toEqual(['full', 1, 1]);
    });

    it('because it is refused for good does not drain first', () => {
      const worker = startWorker();
      worker.sockets.last().does({ type: 'socket.refused', status: 401, body: '', jitter: 0 });
      expect(worker.emitted('worker.closing')).toHaveLength(1);
      expect(worker.emitted('worker.draining')).toEqual([]);
    });
  });

  it('a drain that was called off takes its time limit along', async () => {
    vi.spyOn(console, 'warn').mockReturnValue();
    let isBroken = false;
    const whenJobStarts = () => {
      if (isBroken) throw new Error('a bug in this actor');
    };
    const worker = startReady({ numIdleProcesses: 2 }, { whenJobStarts });
    await worker.run('AJ_1');
    worker.actor.send({ type: 'worker.drain', timeoutMs: 1_000 });
    worker.actor.send({ type: 'worker.resume' });
    isBroken = true;
    await worker.run('AJ_2');
    expect(worker.actor.getSnapshot().context.failure).toMatchObject({ code: 'GR_INTERNAL' });
    expect(worker.emitted('worker.draining').map(({ timeoutMs }) => timeoutMs)).toEqual([
      1_000, 3_600_000,
    ]);
  });

  it('a bug in a job is the failure of a worker that drains, too', async () => {
    vi.spyOn(console, 'warn').mockReturnValue();
    const whenJobStarts = () => {
      throw new Error('a bug in this actor');
    };
    const worker = startReady({}, { whenJobStarts });
    await worker.accept('AJ_1');
    worker.assign('AJ_1');
    worker.actor.send({ type: 'worker.drain' });
    worker.childOf('AJ_1').says({ type: 'session.started' });
    expect(worker.actor.getSnapshot().context.failure).toMatchObject({ code: 'GR_INTERNAL' });
  });
}
