/** A registration, when everything happens in random order. */
import { constantFrom, record } from 'fast-check';
import { expect, it, vi } from 'vitest';
import type { EventObject } from 'xstate';
import { randomWalks, type Walker } from '../../../src/testing/model/index.ts';
import { makeJob } from '../../machines/fakes.ts';
import { available, startRegistration } from '../../machines/registration/harness.ts';

const ids = constantFrom('AW_1', 'AW_2', 'AW_3');

const events = [
  ...['socket.opens', 'socket.closes', 'socket.breaks', 'server.registers', 'server.pongs'].map(
    (type) => ({ type }),
  ),
  { type: 'server.offers' },
  record({ type: constantFrom('socket.refuses'), status: constantFrom(401, 503) }),
  record({ type: constantFrom('job.answered'), workerId: ids }),
  record({ type: constantFrom('job.reports'), workerId: ids }),
  record({ type: constantFrom('worker.tells'), status: constantFrom('available', 'full') }),
  record({ type: constantFrom('time.passes'), ms: constantFrom(100, 1_000, 5_000, 11_000) }),
  { type: 'registration.close' },
];

class RegistrationWalk implements Walker {
  readonly #registration = startRegistration();
  #count = 0;
  /** Statuses of jobs of which nobody knows yet whether the server has read them. */
  #unread = 0;
  #heard = 0;

  can({ type }: EventObject): boolean {
    return !/^(socket|server)\./.test(type) || !this.#registration.socket().stopped;
  }

  send(event: EventObject & Record<string, unknown>): void {
    const { type } = event;
    if (/^(socket|server)\./.test(type)) this.#server(type, Number(event['status']));
    else if (type === 'time.passes') this.#registration.clock.increment(Number(event['ms']));
    else this.#tell(type, event);
    this.#check();
  }

  /** It closes, and everybody who waits for the server's reading is told. */
  stop(): void {
    const { actor, clock, reports } = this.#registration;
    actor.send({ type: 'registration.close' });
    clock.increment(1_000);
    expect(actor.getSnapshot().status, 'a registration has an end').toBe('done');
    this.#check();
    expect(reports.filter(({ type }) => type === 'registration.registered').length).toBe(
      reports.filter(({ type }) => type === 'registration.lost').length,
    );
    expect(this.#unread, 'no status of a job is lost in a reconnect').toBe(0);
  }

  #server(type: string, status: number): void {
    const socket = this.#registration.socket();
    if (type === 'socket.opens') socket.opens();
    if (type === 'socket.closes') socket.closes();
    if (type === 'socket.refuses')
      socket.does({ type: 'socket.refused', status, body: '', jitter: 1 });
    if (type === 'server.pongs')
      socket.does({ type: 'server.ponged', lastTimestamp: 1, timestamp: 2 });
    if (type === 'server.offers')
      socket.does({ type: 'server.jobRequested', job: makeJob(), resuming: false });
    if (type === 'server.registers' && this.#sent('register') === 1 && this.#sent('status') === 0) {
      this.#count += 1;
      socket.registers(`AW_${this.#count}`);
    }
  }

  #tell(type: string, event: Record<string, unknown>): void {
    const { actor } = this.#registration;
    const about = { jobId: 'AJ_1', workerId: String(event['workerId']) };
    if (actor.getSnapshot().status !== 'active') return;
    if (type === 'registration.close') actor.send({ type });
    if (type === 'worker.tells') {
      const status = event['status'] as 'available' | 'full';
      actor.send({ type: 'worker.statusChanged', status: { ...available, status } });
    }
    if (type === 'job.answered') {
      actor.send({ type, ...about, answer: { available: false, terminate: false } as never });
    }
    if (type === 'job.reports') {
      this.#unread += 1;
      actor.send({ type: 'job.statusReported', ...about, status: 'success', error: '' });
    }
  }

  #sent(type: string): number {
    return this.#registration.socket().sent.filter((message) => message.type === type).length;
  }

  #check(): void {
    for (const { type } of this.#registration.reports.slice(this.#heard)) {
      if (type === 'registration.jobStatusRead') this.#unread -= 1;
      // Its jobs are told, and wait for nothing any more.
      if (type === 'registration.lost') this.#unread = 0;
    }
    this.#heard = this.#registration.reports.length;
    const { sockets } = this.#registration.sockets;
    expect(this.#registration.actor.getSnapshot().status).not.toBe('error');
    expect(sockets.filter(({ stopped }) => !stopped).length, 'one socket').toBeLessThanOrEqual(1);
    for (const { sent } of sockets) {
      const [first = 'register', second = 'status'] = sent.map(({ type }) => type);
      expect([first, second], 'it registers, then tells its status').toEqual([
        'register',
        'status',
      ]);
      expect(sent.filter(({ type }) => type === 'register').length).toBeLessThanOrEqual(1);
    }
  }
}

it('holds whatever happens', { timeout: 30_000 }, async () => {
  vi.spyOn(console, 'warn').mockReturnValue();
  await randomWalks(events, () => new RegistrationWalk(), { numRuns: 300, maxLength: 60, seed: 5 });
});
