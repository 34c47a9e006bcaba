/** Worker, registration, pool, job processes and jobs together, when everything happens in random order. */
import { constantFrom, integer, record } from 'fast-check';
import { expect, it, vi } from 'vitest';
import type { EventObject } from 'xstate';
import { randomWalks, type Walker } from '../../../src/testing/model/index.ts';
import type { FakeChild, FakeSocket } from '../../machines/fakes.ts';
import { accepted } from '../../machines/job/harness.ts';
import { settled } from '../../machines/settling.ts';
import { startWorker } from '../../machines/worker/harness.ts';

const MAX_JOBS = 3;
const which = integer({ min: 0, max: 5 });

const events = [
  ...['socket.opens', 'server.registers', 'socket.closes', 'server.offers'].map((type) => ({
    type,
  })),
  ...['user.accepts', 'user.rejects', 'user.fails'].map((type) => ({ type })),
  ...['worker.pause', 'worker.resume', 'worker.drain', 'worker.close', 'worker.kill'].map(
    (type) => ({ type }),
  ),
  record({ type: constantFrom('server.assigns', 'server.terminates'), job: which }),
  record({
    type: constantFrom('child.warm', 'child.fails', 'child.exits', 'child.joins'),
    child: which,
  }),
  record({ type: constantFrom('child.ends'), child: which }),
  record({ type: constantFrom('time.passes'), ms: constantFrom(100, 1_000, 5_000, 31_000) }),
  record({ type: constantFrom('load.sampled'), load: constantFrom(0, 0.3, 0.9) }),
];

/** One walk with everything that it has to remember. */
class WorkerWalk implements Walker {
  readonly #worker = startWorker({ maxJobs: MAX_JOBS, numIdleProcesses: 2 });
  readonly #gone = new Set<FakeChild>();
  readonly #registered = new Set<FakeSocket>();
  readonly #offers: { jobId: string; socket: FakeSocket }[] = [];
  readonly #decided = new Set<unknown>();

  can({ type }: EventObject): boolean {
    const { sockets, children, decisions } = this.#worker;
    if (type.startsWith('child.')) return children.children.some((child) => !this.#gone.has(child));
    if (type.startsWith('user.')) return decisions.calls.some((call) => !this.#decided.has(call));
    if (/^(socket|server)\./.test(type)) return sockets.sockets.some(({ stopped }) => !stopped);
    return true;
  }

  async send(event: EventObject & Record<string, unknown>): Promise<void> {
    const { type } = event;
    if (type.startsWith('child.')) this.#child(type, Number(event['child']));
    else if (type.startsWith('user.')) await this.#user(type);
    else if (/^(socket|server)\./.test(type)) this.#server(type, Number(event['job'] ?? 0));
    else if (type === 'time.passes') this.#timePasses(Number(event['ms']));
    else if (type === 'load.sampled') this.#worker.load.sees({ type, load: Number(event['load']) });
    else this.#worker.actor.send({ cause: 'order', ...event } as never);
    await settled();
    this.#check();
  }

  /** Whatever has happened, it closes, and nothing is left. */
  async stop(): Promise<void> {
    const { actor, clock, sockets } = this.#worker;
    const open = this.#registered.has(sockets.last()) && !sockets.last().stopped;
    actor.send({ type: 'worker.close', cause: 'order' });
    for (let turn = 0; turn < 200 && actor.getSnapshot().status === 'active'; turn += 1) {
      for (const child of this.#living()) {
        const isAsked = child.told.some(({ type }) => type === 'close') || child.signals.length > 0;
        if (isAsked) this.#exit(child);
      }
      clock.increment(1_000);
      await settled();
    }
    expect(actor.getSnapshot().status, 'the worker is closed').toBe('done');
    expect(
      this.#living().map(({ process }) => process),
      'nothing is alive',
    ).toEqual([]);
    this.#check();
    this.#checkEnds();
    if (open) this.#checkLastStatus(sockets.last());
  }

  /** Nothing outlives SIGKILL for long. */
  #timePasses(ms: number): void {
    for (let left = ms; left > 0; left -= 1_000) {
      for (const child of this.#living()) if (child.signals.includes('SIGKILL')) this.#exit(child);
      this.#worker.clock.increment(Math.min(left, 1_000));
    }
  }

  #living(): FakeChild[] {
    return this.#worker.children.children.filter((child) => !this.#gone.has(child));
  }

  #exit(child: FakeChild, code = 0): void {
    this.#gone.add(child);
    child.exits(code);
  }

  #child(type: string, index: number): void {
    const living = this.#living();
    const child = living[index % living.length]!;
    if (type === 'child.warm') child.getsWarm();
    if (type === 'child.exits') this.#exit(child, 1);
    if (type === 'child.fails') {
      child.says({
        type: 'link.warmupFailed',
        failure: { code: 'GR_PREWARM_FAILED', message: '' },
        fatal: false,
      });
    }
    // Only a process that was told to run a job has a session.
    if (!child.told.some(({ type: told }) => told === 'launch')) return;
    if (type === 'child.joins') {
      child.says(
        { type: 'session.started' },
        { type: 'session.connecting' },
        { type: 'session.connected', roomSid: 'RM_1', identity: 'agent' },
      );
    }
    if (type === 'child.ends') {
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
      this.#exit(child);
    }
  }

  async #user(type: string): Promise<void> {
    const call = this.#worker.decisions.calls.find((one) => !this.#decided.has(one))!;
    this.#decided.add(call);
    if (type === 'user.fails') await call.fail(new Error('a bug'));
    else if (type === 'user.accepts') await call.answer(accepted);
    else await call.answer({ type: 'reject', terminate: false, reason: 'rejected', detail: '' });
  }

  #server(type: string, index: number): void {
    const socket = this.#worker.sockets.last();
    if (type === 'socket.opens') socket.opens();
    else if (type === 'socket.closes') socket.closes();
    // The worker does not listen to a connection that it closes.
    else if (socket.closed === 0 && type === 'server.registers') this.#register(socket);
    else if (socket.closed === 0 && this.#registered.has(socket)) this.#says(type, index, socket);
  }

  #register(socket: FakeSocket): void {
    const isAsked = socket.sent.some((message) => message.type === 'register');
    if (!isAsked || this.#registered.has(socket)) return;
    socket.registers(`AW_${this.#registered.size + 1}`);
    this.#registered.add(socket);
  }

  #says(type: string, index: number, socket: FakeSocket): void {
    const job = this.#offers[index]?.jobId ?? 'AJ_unknown';
    if (type === 'server.assigns') this.#worker.assign(job, socket);
    if (type === 'server.terminates') socket.does({ type: 'server.jobTerminated', jobId: job });
    if (type !== 'server.offers') return;
    const jobId = `AJ_${this.#offers.length}`;
    this.#offers.push({ jobId, socket });
    this.#worker.request(jobId, socket);
  }

  /** What holds after every event. */
  #check(): void {
    const { actor, children, sockets } = this.#worker;
    expect(actor.getSnapshot().status).not.toBe('error');
    expect(Object.keys(this.#worker.slots()).length, 'the cap').toBeLessThanOrEqual(MAX_JOBS);
    for (const { signals, abandoned } of children.children) {
      expect(abandoned, 'no process is left to itself').toBe(false);
      expect(
        signals.lastIndexOf('SIGTERM') <= signals.indexOf('SIGKILL') ||
          !signals.includes('SIGKILL'),
        'TERM before KILL',
      ).toBe(true);
    }
    const answered = this.#worker.answers().map(([jobId]) => jobId);
    expect(new Set(answered).size, 'one answer a request').toBe(answered.length);
    expect(sockets.sockets.filter(({ stopped }) => !stopped).length).toBeLessThanOrEqual(1);
    for (const socket of this.#registered) this.#checkOrder(socket);
  }

  /** Register, then a status: the server takes a silent worker for available. */
  #checkOrder({ sent }: FakeSocket): void {
    expect(sent.slice(0, 2).map(({ type }) => type)).toEqual(['register', 'status']);
  }

  /** Each job has one end, and each request an answer where there was somebody to hear it. */
  #checkEnds(): void {
    const ended = [...this.#worker.ends(), ...this.#worker.reasons()].map(([jobId]) => jobId);
    expect(new Set(ended).size, 'one outcome a job').toBe(ended.length);
    const offered = this.#offers.map(({ jobId }) => jobId);
    expect(
      offered.filter((jobId) => !ended.includes(jobId)),
      'no job is forgotten',
    ).toEqual([]);
  }

  /** A server that was there at the end was told that nothing is wanted any more. */
  #checkLastStatus({ sent }: FakeSocket): void {
    const last = sent.findLast((message) => message.type === 'status');
    expect(last, 'the status converges').toMatchObject({ status: 'full', load: 1 });
  }
}

it('holds whatever happens', { timeout: 60_000 }, async () => {
  vi.spyOn(console, 'warn').mockReturnValue();
  await randomWalks(events, () => new WorkerWalk(), { numRuns: 60, maxLength: 60, seed: 5 });
});
