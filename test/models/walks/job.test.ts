/** A job, when everything happens in random order. */
import { constantFrom, record } from 'fast-check';
import { expect, it, vi } from 'vitest';
import type { EventObject } from 'xstate';
import { randomWalks, type Walker } from '../../../src/testing/model/index.ts';
import { accepted, ended, exit, startJob } from '../../machines/job/harness.ts';
import { settled } from '../../machines/settling.ts';

const reports = constantFrom(
  { type: 'session.started' },
  { type: 'session.connecting' },
  { type: 'session.connected', roomSid: 'RM_1', identity: 'agent' },
  { type: 'session.reconnecting' },
  { type: 'session.reconnected' },
  { type: 'session.closing', reason: 'agent-ended', detail: '' },
  { type: 'session.outcome', outcome: ended },
);

const events = [
  ...['user.accepts', 'user.rejects', 'user.fails', 'pool.grants', 'pool.refuses'].map((type) => ({
    type,
  })),
  ...['server.assigns', 'server.jobTerminated', 'server.statusRead', 'registration.lost'].map(
    (type) => ({ type }),
  ),
  ...['process.exits', 'process.crashes', 'worker.resumed'].map((type) => ({ type })),
  { type: 'worker.draining', deadlineMs: null },
  { type: 'job.close', reason: 'worker-closing' },
  record({ type: constantFrom('time.passes'), ms: constantFrom(500, 2_000, 5_000, 66_000) }),
  reports,
];

class JobWalk implements Walker {
  readonly #job = startJob();
  #isDecided = false;
  #claims = 0;
  #hasProcess = false;
  #isLost = false;

  can({ type }: EventObject): boolean {
    if (this.#isAnswerDue()) return type.startsWith('pool.');
    if (type.startsWith('user.')) return !this.#isDecided;
    if (type.startsWith('pool.')) return this.#hasClaimed();
    if (/^(session|process)\./.test(type)) return this.#hasProcess;
    return true;
  }

  async send(event: EventObject & Record<string, unknown>): Promise<void> {
    const { type } = event;
    if (type.startsWith('user.')) await this.#user(type);
    else if (type.startsWith('pool.')) this.#pool(type);
    else if (type.startsWith('process.')) this.#exits(type === 'process.exits' ? 0 : 1);
    else if (type === 'server.assigns') this.#job.assigned();
    else if (type === 'time.passes') this.#job.clock.increment(Number(event['ms']));
    else this.#job.actor.send(event as never);
    if (type === 'registration.lost') this.#isLost = true;
    await settled();
    this.#check();
  }

  /** It is to close; the process does what it is told. */
  async stop(): Promise<void> {
    const { actor, clock } = this.#job;
    if (this.#isAnswerDue()) this.#pool('pool.refuses');
    actor.send({ type: 'job.close', reason: 'worker-closing' });
    for (let turn = 0; turn < 100 && actor.getSnapshot().status === 'active'; turn += 1) {
      clock.increment(2_000);
      if (this.#hasProcess) this.#exits(0);
      await settled();
    }
    expect(actor.getSnapshot().status, 'a job has an end').toBe('done');
    this.#check();
    expect(this.#ends(), 'one outcome').toHaveLength(1);
    if (!this.#isLost) expect(this.#answers(), 'one answer').toHaveLength(1);
  }

  /** A pool that has granted one claim answers those for other processes before anything else can happen. */
  #isAnswerDue(): boolean {
    return this.#claims > 0 && this.#hasClaimed();
  }

  #hasClaimed(): boolean {
    return this.#job.toPool.filter(({ type }) => type === 'pool.claim').length > this.#claims;
  }

  async #user(type: string): Promise<void> {
    this.#isDecided = true;
    const call = this.#job.decisions.last();
    if (type === 'user.fails') await call.fail(new Error('a bug'));
    else if (type === 'user.accepts') await call.answer(accepted);
    else await call.answer({ type: 'reject', terminate: false, reason: 'rejected', detail: '' });
  }

  #pool(type: string): void {
    this.#claims += 1;
    if (type === 'pool.refuses') {
      this.#job.actor.send({ type: 'pool.refused', failure: null });
      return;
    }
    this.#hasProcess = true;
    this.#job.granted();
  }

  #exits(code: number): void {
    this.#hasProcess = false;
    const failure = { code: 'GR_PROCESS_EXITED', message: '' } as const;
    this.#job.hears(exit({ code, failure: code === 0 ? null : failure }));
  }

  #answers() {
    return this.#job.sent.filter(({ type }) => type === 'job.answered');
  }

  #ends() {
    return this.#job.emitted.filter(({ type }) => type === 'job.ended' || type === 'job.rejected');
  }

  #check(): void {
    expect(this.#job.actor.getSnapshot().status).not.toBe('error');
    expect(this.#answers().length, 'no answer twice').toBeLessThanOrEqual(1);
    expect(this.#ends().length, 'one outcome').toBeLessThanOrEqual(1);
    const told = this.#job.sent.filter(({ type }) => type === 'job.statusReported');
    expect(told.length, 'the server hears of one end').toBeLessThanOrEqual(1);
  }
}

it('holds whatever happens', { timeout: 30_000 }, async () => {
  vi.spyOn(console, 'warn').mockReturnValue();
  await randomWalks(events, () => new JobWalk(), { numRuns: 200, maxLength: 50, seed: 5 });
});
