import { describe, expect, it } from 'vitest';
import type { InspectionEvent } from 'xstate';
import type { LinkMessage } from '../../../machines/job-process/job-process.types.ts';
import type { FakeChild } from '../fakes.ts';
import { accepted } from '../job/harness.ts';
import { settled } from '../settling.ts';
import { startReady, type Worker } from './harness.ts';

/** How the jobs of the test end, in turns. */
const endings = ['unassigned', 'rejected', 'crashes', 'succeeds'] as const;

/** A process that gets warm at once and plays a whole session. */
function reacts(child: FakeChild, message: LinkMessage | null): void {
  if (message === null) child.getsWarm();
  if (message?.type === 'close') child.exits();
  if (message?.type === 'outcomeReported') child.exits();
  if (message?.type !== 'launch') return;
  child.says(
    { type: 'session.started' },
    { type: 'session.connecting' },
    { type: 'session.connected', roomSid: 'RM_1', identity: 'agent' },
  );
}

async function decide(worker: Worker, index: number): Promise<void> {
  const isRejected = endings[index % endings.length] === 'rejected';
  await worker.decisions
    .last()
    .answer(
      isRejected ? { type: 'reject', terminate: false, reason: 'rejected', detail: '' } : accepted,
    );
}

/** Ends what `decide` has begun. */
async function end(worker: Worker, jobId: string, index: number): Promise<void> {
  const ending = endings[index % endings.length];
  if (ending === 'rejected') return;
  if (ending === 'unassigned') {
    worker.clock.increment(5_000);
    return;
  }
  worker.assign(jobId);
  const child = worker.childOf(jobId);
  if (ending === 'crashes') {
    child.exits(null, 'SIGSEGV');
    await worker.removals.last().answer();
    return;
  }
  const outcome = {
    outcome: 'succeeded',
    reason: 'agent-ended',
    detail: '',
    failure: null,
  } as const;
  child.says(
    { type: 'session.closing', reason: 'agent-ended', detail: '' },
    { type: 'session.outcome', outcome },
  );
  await settled();
}

/** Tests of the worker machine; run by `worker.test.ts`. */
export function testHygiene(): void {
  describe('200 jobs', () => {
    it('leave nothing behind: no child, no slot, no event type of their own', async () => {
      const types = new Map<string, Set<string>>();
      const inspect = (event: InspectionEvent): void => {
        if (event.type !== '@xstate.event') return;
        const id = 'id' in event.actorRef ? String(event.actorRef.id) : '';
        types.set(id, (types.get(id) ?? new Set()).add(event.event.type));
      };
      const worker = startReady({ numIdleProcesses: 2, maxJobs: 4 }, { reacts, inspect });
      const count = (): number => [...types.values()].reduce((sum, set) => sum + set.size, 0);
      let after20 = 0;
      for (let index = 0; index < 200; index += 4) {
        // Four at once, ended in the other order, so that slots and processes change hands.
        const jobs = [0, 1, 2, 3].map((offset) => `AJ_${index + offset}`);
        for (const [offset, jobId] of jobs.entries()) {
          worker.request(jobId);
          await decide(worker, index + offset);
        }
        for (const [offset, jobId] of [...jobs.entries()].toReversed()) {
          await end(worker, jobId, index + offset);
        }
        worker.clock.increment(1_000);
        if (index === 20) after20 = count();
      }
      expect(worker.decisions.calls).toHaveLength(200);
      expect(worker.answers()).toHaveLength(200);
      const ends = worker.ends().map(([, how]) => how);
      expect(ends.filter((how) => how === 'succeeded')).toHaveLength(50);
      expect(ends.filter((how) => how === 'failed')).toHaveLength(50);
      expect(ends.filter((how) => how === 'unassigned')).toHaveLength(50);
      expect(worker.slots()).toEqual({});

      const { children, context } = worker.actor.getSnapshot();
      expect(Object.keys(children).toSorted()).toEqual(['load', 'pool', 'registration.1']);
      expect(Object.keys(context.pool.getSnapshot().children).toSorted()).toEqual(
        Object.keys(worker.poolProcesses()).toSorted(),
      );
      expect(count()).toBe(after20);
      expect([...types.values()].flatMap((set) => [...set]).join(' ')).not.toMatch(/A[JW]_/);
      // Three at once at most: one of four is rejected before the next one comes.
      const slots = [...types.keys()].filter((id) => id.startsWith('job.'));
      expect(slots.toSorted()).toEqual(['job.1', 'job.2', 'job.3']);
    });
  });
}
