import { describe, expect, it } from 'vitest';
import { WorkerError } from '../../../src/errors.ts';
import { crash, ended, startLaunching, startRunning } from './harness.ts';

const asks = (id: number) => ({ type: 'session.deleteRoom', id }) as const;
const answered = (id: number, failure: unknown = null) => ({
  type: 'process.tell',
  message: { type: 'roomDeleted', id, failure },
});
const late = {
  code: 'GR_STEP_TIMEOUT',
  message: 'The server did not delete the room in time.',
};

/** Tests of the job machine; run by `job.test.ts`. */
export function testDeletion(): void {
  describe('a session that asks to delete the room', () => {
    it('gets the room of its job deleted, and the answer', async () => {
      const job = await startRunning('connected');
      job.hears(asks(1));
      expect(job.deletions.calls).toMatchObject([{ input: { room: 'room of AJ_1' } }]);
      expect(job.toProcess()).toEqual([]);
      await job.deletions.last().answer();
      expect(job.toProcess()).toEqual([answered(1)]);
      expect(job.state()).toBe('running.connected');
      expect(Object.keys(job.actor.getSnapshot().children)).toEqual([]);
    });

    it('gets one call for all requests at the same time, and an answer to each', async () => {
      const job = await startRunning('unconnected');
      job.hears(asks(1), asks(2), asks(7));
      expect(job.deletions.calls).toHaveLength(1);
      await job.deletions.last().answer();
      expect(job.toProcess()).toEqual([answered(1), answered(2), answered(7)]);
    });

    it('gets a new call for a later request: the room may be there again', async () => {
      const job = await startRunning('connected');
      job.hears(asks(1));
      await job.deletions.last().answer();
      job.hears(asks(2));
      expect(job.deletions.calls).toHaveLength(2);
      await job.deletions.last().answer();
      expect(job.toProcess()).toEqual([answered(1), answered(2)]);
    });

    it('hears why it could not be deleted', async () => {
      const job = await startRunning('connected');
      job.hears(asks(1), asks(2));
      await job.deletions.last().fail(new WorkerError('GR_STEP_FAILED', 'refused: HTTP 503.'));
      const failure = { code: 'GR_STEP_FAILED', message: 'refused: HTTP 503.' };
      expect(job.toProcess()).toEqual([answered(1, failure), answered(2, failure)]);
    });

    it('is answered after 4 s when the server is silent', async () => {
      const job = await startRunning('connected');
      job.hears(asks(1));
      job.clock.increment(3_999);
      expect(job.toProcess()).toEqual([]);
      job.clock.increment(1);
      expect(job.toProcess()).toEqual([answered(1, late)]);
      expect(job.deletions.last().aborted()).toBe(true);
      await job.deletions.last().answer();
      expect(job.toProcess()).toHaveLength(1);
    });

    it('has its own 4 s for each call', async () => {
      const job = await startRunning('connected');
      job.hears(asks(1));
      job.clock.increment(3_000);
      await job.deletions.last().answer();
      job.hears(asks(2));
      job.clock.increment(3_999);
      expect(job.toProcess()).toEqual([answered(1)]);
      job.clock.increment(1);
      expect(job.toProcess()).toEqual([answered(1), answered(2, late)]);
    });

    it('may not flood the worker: the seventeenth request is refused at once', async () => {
      const job = await startRunning('connected');
      for (let id = 1; id <= 18; id += 1) job.hears(asks(id));
      expect(job.toProcess()).toMatchObject([
        { message: { id: 17, failure: { code: 'GR_STEP_FAILED' } } },
        { message: { id: 18, failure: { code: 'GR_STEP_FAILED' } } },
      ]);
      expect(job.context().deletions).toHaveLength(16);
      await job.deletions.last().answer();
      expect(job.toProcess()).toHaveLength(18);
    });

    it('is answered while it ends, too: ctx.endSession() deletes the room then', async () => {
      const job = await startRunning('connected');
      job.hears(
        { type: 'session.closing', reason: 'session-ended', detail: '' },
        { type: 'session.outcome', outcome: ended },
        asks(1),
      );
      expect(job.state()).toBe('closing.reporting');
      await job.deletions.last().answer();
      expect(job.toProcess().at(-1)).toEqual(answered(1));
    });

    it('and dies: the call goes with the job', async () => {
      const job = await startRunning('unconnected');
      job.hears(asks(1), crash);
      expect(job.output()).toMatchObject({ outcome: 'failed' });
      expect(job.deletions.last().aborted()).toBe(true);
    });
  });

  it('a process that asked and died is not mistaken for the next one', async () => {
    const job = await startLaunching();
    job.hears(asks(1), crash);
    expect(job.deletions.last().aborted()).toBe(true);
    job.granted();
    job.hears(asks(1));
    expect(job.deletions.calls).toHaveLength(2);
    await job.deletions.last().answer();
    expect(job.toProcess()).toMatchObject([{ type: 'process.launch' }, answered(1)]);
  });
}
