import { describe, expect, it } from 'vitest';
import { makeJob } from '../fakes.ts';
import { available, ping, pong, registerMessage, startRegistration } from './harness.ts';

/** One that is registered; what it has said before is forgotten. */
function startRegistered() {
  const registration = startRegistration();
  registration.register('AW_1');
  registration.socket().does(pong);
  registration.socket().sent.length = 0;
  registration.reports.length = 0;
  return registration;
}

/** Tests of the registration machine; run by `registration.test.ts`. */
export function testTalking(): void {
  describe('what the worker says', () => {
    it('status goes out at once, with its load', () => {
      const registration = startRegistered();
      registration.actor.send({ type: 'worker.statusChanged', status: available });
      expect(registration.socket().sent).toEqual([
        { type: 'status', status: 'available', load: 0.23, jobCount: 1 },
        ping,
      ]);
    });

    it('the worker hears when the server has read that it is available', () => {
      const registration = startRegistered();
      registration.actor.send({ type: 'worker.statusChanged', status: available });
      registration.actor.send({
        type: 'worker.statusChanged',
        status: { ...available, load: 0.4 },
      });
      expect(registration.socket().sent).toHaveLength(3);
      expect(registration.reports).toEqual([]);
      registration.socket().does(pong);
      expect(registration.reports).toEqual([
        { type: 'registration.statusRead', registration: 'greeter', status: 'available' },
      ]);
    });

    it('only the last word on it counts', () => {
      const registration = startRegistered();
      const full = { status: 'full', load: 1, jobCount: 1 } as const;
      for (const status of [available, full, available]) {
        registration.actor.send({ type: 'worker.statusChanged', status });
      }
      registration.socket().does(pong);
      registration.socket().does(pong);
      expect(registration.reports).toEqual([]);
      registration.socket().does(pong);
      expect(registration.reports).toEqual([
        { type: 'registration.statusRead', registration: 'greeter', status: 'available' },
      ]);
    });

    it('a pong that nobody asked for is no news', () => {
      const registration = startRegistered();
      registration.socket().does(pong);
      expect(registration.reports).toEqual([]);
    });

    it('running jobs are told with MigrateJob, if there are any (R11)', () => {
      const registration = startRegistered();
      registration.actor.send({ type: 'worker.jobsRunning', jobIds: [] });
      expect(registration.socket().sent).toEqual([]);
      registration.actor.send({ type: 'worker.jobsRunning', jobIds: ['AJ_1', 'AJ_2'] });
      expect(registration.socket().sent).toEqual([
        { type: 'migrateJobs', jobIds: ['AJ_1', 'AJ_2'] },
      ]);
    });

    it('a simulated job is asked for', () => {
      const registration = startRegistered();
      registration.actor.send({
        type: 'worker.simulateJob',
        room: 'r',
        participantIdentity: 'caller',
      });
      expect(registration.socket().sent).toEqual([
        { type: 'simulateJob', room: 'r', participantIdentity: 'caller' },
      ]);
    });

    it.each([
      { available: false, terminate: true } as const,
      {
        available: true,
        accept: { name: 'n', identity: 'i', metadata: 'm', attributes: { a: 'b' } },
      } as const,
    ])('an answer goes out: $available', (answer) => {
      const registration = startRegistered();
      registration.actor.send({ type: 'job.answered', jobId: 'AJ_1', workerId: 'AW_1', answer });
      expect(registration.socket().sent).toEqual([{ type: 'answer', jobId: 'AJ_1', answer }]);
    });

    it('the status of a job goes out, and the job hears when the server has read it', () => {
      const registration = startRegistered();
      registration.actor.send({
        type: 'job.statusReported',
        jobId: 'AJ_1',
        workerId: 'AW_1',
        status: 'failed',
        error: 'why',
      });
      expect(registration.socket().sent).toEqual([
        { type: 'jobStatus', jobId: 'AJ_1', status: 'failed', error: 'why' },
        ping,
      ]);
      expect(registration.reports).toEqual([]);
      registration.socket().does(pong);
      expect(registration.reports).toEqual([{ type: 'registration.jobStatusRead', jobId: 'AJ_1' }]);
    });

    it('a job does not wait for a server that does not know it, or is away', () => {
      const registration = startRegistered();
      const report = (workerId: string) =>
        registration.actor.send({
          type: 'job.statusReported',
          jobId: 'AJ_1',
          workerId,
          status: 'success',
          error: '',
        });
      const read = { type: 'registration.jobStatusRead', jobId: 'AJ_1' };
      report('AW_0');
      expect(registration.reports).toEqual([read]);
      registration.socket().closes();
      report('AW_1');
      expect(registration.reports.slice(2)).toEqual([read]);
    });

    it('nothing of an earlier connection goes out', () => {
      const registration = startRegistered();
      registration.socket().closes();
      registration.reconnect('AW_2');
      registration.socket().sent.length = 0;
      for (const workerId of ['AW_1', '']) {
        registration.actor.send({
          type: 'job.answered',
          jobId: 'AJ_1',
          workerId,
          answer: { available: false, terminate: false },
        });
        registration.actor.send({
          type: 'job.statusReported',
          jobId: 'AJ_1',
          workerId,
          status: 'success',
          error: '',
        });
      }
      expect(registration.socket().sent).toEqual([]);
    });
  });

  describe('what the server says', () => {
    it('goes to the worker, with the connection it came on', () => {
      const registration = startRegistered();
      const job = makeJob();
      const socket = registration.socket();
      socket.does({ type: 'server.jobRequested', job, resuming: false });
      socket.does({ type: 'server.jobAssigned', job, url: null, token: 'secret' });
      socket.does({ type: 'server.jobTerminated', jobId: 'AJ_1' });
      const own = { registration: 'greeter', workerId: 'AW_1' };
      expect(registration.reports).toEqual([
        { type: 'registration.jobRequested', ...own, job },
        { type: 'registration.jobAssigned', ...own, job, url: null, token: 'secret' },
        { type: 'registration.jobTerminated', registration: 'greeter', jobId: 'AJ_1' },
      ]);
      expect(socket.sent).toEqual([]);
    });
  });

  describe('closing', () => {
    it('closes the socket, and ends when it is closed', () => {
      const registration = startRegistered();
      registration.actor.send({ type: 'registration.close' });
      expect(registration.socket().closed).toBe(1);
      expect(registration.state()).toBe('online.closing');
      expect(registration.reports).toEqual([
        { type: 'registration.lost', registration: 'greeter', workerId: 'AW_1' },
      ]);
      registration.socket().does({ type: 'socket.closed', code: 1000, reason: '', jitter: 1 });
      expect(registration.output()).toEqual({ outcome: 'closed', registration: 'greeter' });
      expect(registration.types().at(-1)).toBe('registration.closed');
    });

    it('waits for the server 1 s at most', () => {
      const registration = startRegistered();
      registration.actor.send({ type: 'registration.close' });
      registration.clock.increment(999);
      // Asked twice, it does not wait longer.
      registration.actor.send({ type: 'registration.close' });
      expect(registration.output()).toBeUndefined();
      registration.clock.increment(1);
      expect(registration.output()).toEqual({ outcome: 'closed', registration: 'greeter' });
      expect(registration.socket()).toMatchObject({ closed: 1, stopped: true });
    });

    it('is done at once between two connections', () => {
      const registration = startRegistered();
      registration.socket().closes();
      registration.actor.send({ type: 'registration.close' });
      expect(registration.output()).toEqual({ outcome: 'closed', registration: 'greeter' });
      registration.clock.increment(60_000);
      expect(registration.sockets.sockets).toHaveLength(1);
    });

    it.each([
      ['a refusal', { type: 'socket.refused', status: 401, body: '', jitter: 1 }],
      ['a server that is busy', { type: 'socket.refused', status: 503, body: '', jitter: 1 }],
      ['the end of the connection', { type: 'socket.closed', code: 1006, reason: '', jitter: 1 }],
    ] as const)('while it connects ends with %s', (_what, event) => {
      const registration = startRegistration();
      registration.actor.send({ type: 'registration.close' });
      registration.socket().does(event);
      expect(registration.output()).toEqual({ outcome: 'closed', registration: 'greeter' });
    });

    it('while it registers does not fail', () => {
      const registration = startRegistration();
      registration.socket().opens();
      registration.actor.send({ type: 'registration.close' });
      registration.socket().closes();
      expect(registration.output()).toEqual({ outcome: 'closed', registration: 'greeter' });
      expect(registration.socket().sent).toEqual([registerMessage]);
    });

    it('ends even when the socket actor breaks on it', () => {
      const registration = startRegistered();
      registration.sockets.break(new Error('bug'));
      registration.actor.send({ type: 'registration.close' });
      expect(registration.output()).toEqual({ outcome: 'closed', registration: 'greeter' });
    });
  });
}
