import { describe, expect, it } from 'vitest';
import { makeJob } from '../fakes.ts';
import {
  accept,
  crash,
  exit,
  facts,
  startAccepted,
  startJob,
  startLaunching,
  accepted,
} from './harness.ts';

const released = { type: 'pool.release', slot: 'job.1' };
const claimed = (client: unknown) => ({
  type: 'pool.claim',
  slot: 'job.1',
  client,
  isAccepted: true,
});
const failed = (error: string) => ({
  type: 'job.statusReported',
  jobId: 'AJ_1',
  workerId: 'AW_1',
  status: 'failed',
  error,
});

/** Tests of the job machine; run by `job.test.ts`. */
export function testLaunch(): void {
  describe('an accepted job', () => {
    it('is launched when it is assigned, and says that it runs', async () => {
      const job = await startAccepted();
      job.assigned();
      expect(job.toProcess()).toEqual([
        {
          type: 'process.launch',
          order: {
            job: makeJob('AJ_1', { metadata: 'assigned' }),
            accept,
            url: 'ws://own',
            token: 'secret',
            workerId: 'AW_1',
          },
        },
      ]);
      expect(job.toParent).toEqual([{ type: 'job.phaseChanged', slot: 'job.1', phase: 'running' }]);
      expect(job.emitted.slice(2)).toEqual([
        { type: 'job.assigned', ...facts },
        { type: 'job.launching', ...facts, process: 'process.1', attempt: 1 },
      ]);
    });

    it('goes where the assignment says (R18)', async () => {
      const job = await startAccepted();
      job.assigned('ws://elsewhere');
      expect(job.toProcess()).toMatchObject([{ order: { url: 'ws://elsewhere' } }]);
    });

    it('that is never assigned frees its slot and its process after 5 s', async () => {
      const job = await startAccepted();
      job.clock.increment(4_999);
      expect(job.state()).toBe('accepted.claimed');
      job.clock.increment(1);
      const failure = {
        code: 'GR_ASSIGNMENT_TIMEOUT',
        message: 'The server did not assign the accepted job within 5000 ms.',
      };
      expect(job.toPool.slice(1)).toEqual([released]);
      expect(job.toProcess()).toEqual([]);
      expect(job.sent).toHaveLength(1);
      expect(job.emitted.at(-1)).toEqual({
        type: 'job.ended',
        ...facts,
        end: 'unassigned',
        session: null,
        failure,
      });
      expect(job.output()).toEqual({
        outcome: 'unassigned',
        slot: 'job.1',
        jobId: 'AJ_1',
        session: null,
        failure,
      });
    });

    it.each([
      [{ type: 'server.jobTerminated' }, 'cancelled'],
      [{ type: 'job.close', reason: 'worker-closing' }, 'cancelled'],
      [{ type: 'registration.lost' }, 'lost'],
    ] as const)('is over at once: $type', async (event, outcome) => {
      const job = await startAccepted();
      job.actor.send(event);
      expect(job.toPool.slice(1)).toEqual([released]);
      expect(job.toProcess()).toEqual([]);
      expect(job.sent).toHaveLength(1);
      expect(job.output()).toMatchObject({ outcome, failure: null });
      expect(job.emitted.at(-1)).toMatchObject({ type: 'job.ended', end: outcome });
    });

    it('whose process dies claims another, and is launched there', async () => {
      const job = await startAccepted();
      job.clock.increment(1_000);
      job.hears(crash);
      expect(job.toPool.slice(1)).toEqual([claimed(job.actor)]);
      expect(job.context()).toMatchObject({ process: '', processRef: null, pid: null });
      job.granted();
      expect(job.state()).toBe('accepted.claimed');
      job.assigned();
      expect(job.toProcess()).toMatchObject([{ type: 'process.launch' }]);
      expect(job.emitted.at(-1)).toMatchObject({ process: 'process.2', attempt: 1 });
      // Its answer was sent once.
      expect(job.sent).toHaveLength(1);
    });

    it('that is assigned while it has no process is launched when it gets one', async () => {
      const job = await startAccepted();
      job.hears(crash);
      job.assigned();
      expect(job.state()).toBe('launching.claiming');
      job.granted();
      expect(job.toProcess()).toMatchObject([{ type: 'process.launch' }]);
    });

    it('that is refused another process asks again when it is assigned', async () => {
      const job = await startAccepted();
      job.hears(crash);
      job.actor.send({ type: 'pool.refused', failure: null });
      expect(job.state()).toBe('accepted.reclaiming');
      job.assigned();
      expect(job.toPool.slice(1)).toEqual([claimed(job.actor), claimed(job.actor)]);
      job.granted();
      expect(job.toProcess()).toMatchObject([{ type: 'process.launch' }]);
    });

    it('has one time for its assignment, whatever happens to its process', async () => {
      const job = await startAccepted();
      job.clock.increment(4_000);
      job.hears(crash);
      job.clock.increment(999);
      expect(job.state()).toBe('accepted.reclaiming');
      job.clock.increment(1);
      expect(job.output()).toMatchObject({ outcome: 'unassigned' });
    });
  });

  describe('a launch', () => {
    it('that fails before entry was called is tried on three processes', async () => {
      const job = await startLaunching();
      for (const attempt of [2, 3]) {
        job.hears(crash);
        expect(job.state()).toBe('launching.claiming');
        expect(job.toPool.at(-1)).toEqual(claimed(job.actor));
        job.granted();
        expect(job.emitted.at(-1)).toMatchObject({ process: `process.${attempt}`, attempt });
        expect(job.toProcess()).toMatchObject([
          { type: 'process.launch', order: { token: 'secret' } },
        ]);
      }
      job.hears(crash);
      const failure = {
        code: 'GR_LAUNCH_FAILED',
        message:
          'The job could not be launched on 3 processes; the last one: The job process was ended by SIGSEGV.',
      };
      expect(job.sent.slice(1)).toEqual([failed('the job could not be launched')]);
      expect(job.emitted.at(-1)).toEqual({
        type: 'job.ended',
        ...facts,
        end: 'failed',
        session: null,
        failure,
      });
      expect(job.output()).toMatchObject({ outcome: 'failed', failure });
      expect(job.removals.calls).toEqual([]);
    });

    it('for which there is no process fails', async () => {
      const job = await startLaunching();
      job.hears(exit());
      job.actor.send({ type: 'pool.refused', failure: null });
      expect(job.sent.slice(1)).toEqual([failed('no job process is ready')]);
      expect(job.output()).toMatchObject({
        outcome: 'failed',
        failure: {
          code: 'GR_LAUNCH_FAILED',
          message:
            'The job could not be launched on 1 processes; the last one: the process went away',
        },
      });
    });

    it('goes on when the connection is lost', async () => {
      const job = await startLaunching();
      job.actor.send({ type: 'registration.lost' });
      job.hears({ type: 'session.started' });
      expect(job.state()).toBe('running.unconnected');
      expect(job.emitted.at(-1)).toEqual({
        type: 'job.started',
        ...facts,
        process: 'process.1',
        pid: 101,
      });
    });

    it.each([
      [{ type: 'server.jobTerminated' }, 'terminated'],
      [{ type: 'job.close', reason: 'worker-closing' }, 'worker-closing'],
    ] as const)('that is under way is taken back: $type', async (event, reason) => {
      const job = await startLaunching();
      job.actor.send(event);
      expect(job.toProcess().slice(1)).toEqual([
        { type: 'process.tell', message: { type: 'close', reason, detail: '' } },
      ]);
      expect(job.state()).toBe('closing.awaitingOutcome');
      job.hears(exit({ code: 0 }));
      expect(job.sent.slice(1)).toEqual([
        failed(`${reason}: The job process exited with code 0 before its session had ended.`),
      ]);
      expect(job.output()).toMatchObject({
        outcome: 'failed',
        session: { outcome: 'failed', reason },
      });
      expect(job.removals.calls).toEqual([]);
    });

    it('that is taken back before its process is warm has not been', async () => {
      const job = await startLaunching();
      job.actor.send({ type: 'server.jobTerminated' });
      job.hears(exit({ code: 0, cause: 'job-over' }));
      expect(job.sent.slice(1)).toEqual([failed('the job was ended before it started')]);
      expect(job.output()).toMatchObject({ outcome: 'cancelled', session: null, failure: null });
      expect(job.types().at(-1)).toBe('job.ended');
    });
  });

  describe('a drain', () => {
    it.each(['deciding', 'accepted', 'launching'])(
      'that begins while it is %s is told to the session',
      async (when) => {
        const job = startJob();
        const drain = (now: string) => {
          if (now === when) job.actor.send({ type: 'worker.draining', deadlineMs: 60_000 });
        };
        drain('deciding');
        await job.decisions.last().answer(accepted);
        job.granted();
        drain('accepted');
        job.assigned();
        drain('launching');
        expect(job.toProcess()).toHaveLength(1);
        job.hears({ type: 'session.started' });
        expect(job.toProcess().slice(1)).toEqual([
          { type: 'process.tell', message: { type: 'drain', deadlineMs: 60_000 } },
        ]);
      },
    );
  });
}
