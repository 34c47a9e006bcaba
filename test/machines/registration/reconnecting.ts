import { describe, expect, it } from 'vitest';
import { available, fullMessage, ping, registerMessage, startRegistration } from './harness.ts';

type Registration = ReturnType<typeof startRegistration>;

const delays = (registration: Registration): number[] =>
  registration.emitted.flatMap((event) =>
    event.type === 'registration.retrying' ? [event.delayMs] : [],
  );

/** Fails as often as told, each time as soon as the back-off is over. */
function fail(registration: Registration, times: number, jitter = 1): void {
  for (let time = 0; time < times; time += 1) {
    registration.socket().closes(jitter);
    registration.waitOut();
  }
}

/** Tests of the registration machine; run by `registration.test.ts`. */
export function testReconnecting(): void {
  describe('the back-off', () => {
    it('doubles from 0.5 s to 30 s, in full with the largest jitter', () => {
      const registration = startRegistration();
      fail(registration, 9);
      expect(delays(registration)).toEqual([
        500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000,
      ]);
    });

    it('takes the part of it that the jitter says', () => {
      const registration = startRegistration();
      registration.socket().closes(0.25);
      expect(delays(registration)).toEqual([125]);
      registration.clock.increment(124);
      expect(registration.sockets.sockets).toHaveLength(1);
      registration.clock.increment(1);
      expect(registration.sockets.sockets).toHaveLength(2);
      expect(registration.state()).toBe('online.connecting');
    });

    it.each([
      [-1, 0],
      [0, 0],
      [7, 500],
    ])('keeps a jitter of %d in bounds', (jitter, delayMs) => {
      const registration = startRegistration();
      registration.socket().closes(jitter);
      expect(delays(registration)).toEqual([delayMs]);
    });

    it('starts anew after 10 s of being registered, not before', () => {
      const registration = startRegistration();
      fail(registration, 3);
      registration.register('AW_1');
      registration.clock.increment(4_999);
      registration.socket().closes();
      expect(delays(registration).at(-1)).toBe(4_000);

      registration.reconnect('AW_2');
      registration.clock.increment(5_000);
      registration.socket().does({ type: 'server.ponged', lastTimestamp: 1, timestamp: 1 });
      registration.clock.increment(5_000);
      registration.socket().closes();
      expect(delays(registration).at(-1)).toBe(500);
    });
  });

  describe('a lost connection', () => {
    it('is told to the worker and to listeners, with its reason', () => {
      const registration = startRegistration();
      registration.register();
      registration.socket().closes();
      expect(registration.reports.slice(1)).toEqual([
        { type: 'registration.lost', registration: 'greeter', workerId: 'AW_1' },
      ]);
      expect(registration.emitted.slice(2)).toEqual([
        {
          type: 'registration.lost',
          registration: 'greeter',
          reason: 'closed with code 1006',
        },
        {
          type: 'registration.retrying',
          registration: 'greeter',
          reason: 'closed with code 1006',
          delayMs: 500,
          attempt: 1,
          maxRetry: null,
        },
      ]);
    });

    it('is followed by one that knows the last status at once', () => {
      const registration = startRegistration();
      registration.register();
      registration.socket().closes();
      registration.actor.send({ type: 'worker.statusChanged', status: available });
      registration.reconnect();
      expect(registration.socket().sent).toEqual([
        registerMessage,
        { type: 'status', ...available },
        ping,
      ]);
    });

    it.each([
      ['while it waits', () => undefined],
      ['while it connects', (registration: Registration) => registration.waitOut()],
    ])('forgets what is said %s', (_when, pass) => {
      const registration = startRegistration();
      registration.register();
      registration.socket().closes();
      pass(registration);
      registration.actor.send({
        type: 'job.answered',
        jobId: 'AJ_1',
        workerId: 'AW_1',
        answer: { available: false, terminate: false },
      });
      registration.reconnect();
      expect(registration.socket().sent).toEqual([registerMessage, fullMessage, ping]);
    });

    it('may be one whose socket actor broke', () => {
      const registration = startRegistration();
      registration.register();
      registration.sockets.break(new Error('bug'));
      registration.actor.send({ type: 'worker.statusChanged', status: available });
      registration.sockets.mend();
      expect(registration.types().slice(2)).toEqual(['registration.lost', 'registration.retrying']);
      expect(registration.reports.at(-1)).toMatchObject({ type: 'registration.lost' });
      expect(registration.emitted.at(-1)).toMatchObject({ reason: 'bug', delayMs: 500 });
      registration.reconnect();
      expect(registration.state()).toBe('registered');
    });
  });

  describe('liveness (R13)', () => {
    it('pings every 5 s for as long as there are pongs', () => {
      const registration = startRegistration();
      registration.register();
      registration.socket().sent.length = 0;
      for (let round = 1; round <= 3; round += 1) {
        registration.clock.increment(4_999);
        expect(registration.socket().sent.filter(({ type }) => type === 'ping')).toHaveLength(
          round - 1,
        );
        registration.clock.increment(1);
        expect(registration.socket().sent.at(-1)).toEqual({ type: 'ping' });
        registration.socket().does({ type: 'server.ponged', lastTimestamp: 1, timestamp: 2 });
      }
      expect(registration.state()).toBe('registered');
    });

    it('notices a half-open connection within 10 s of its death', () => {
      const registration = startRegistration();
      registration.register();
      registration.clock.increment(5_000);
      registration.socket().does({ type: 'server.ponged', lastTimestamp: 1, timestamp: 2 });
      registration.clock.increment(9_999);
      expect(registration.state()).toBe('registered');
      registration.clock.increment(1);
      expect(registration.state()).toBe('waiting');
      expect(registration.socket().stopped).toBe(true);
      expect(registration.emitted.slice(-2)).toEqual([
        {
          type: 'registration.lost',
          registration: 'greeter',
          reason: 'the server did not answer a ping',
        },
        {
          type: 'registration.retrying',
          registration: 'greeter',
          reason: 'the server did not answer a ping',
          delayMs: 500,
          attempt: 1,
          maxRetry: null,
        },
      ]);
    });
  });

  describe('maxRetry', () => {
    it.each([
      [0, 1],
      [1, 1],
      [3, 3],
    ])('%i ends it after %i attempts in a row', (maxRetry, attempts) => {
      const registration = startRegistration({ maxRetry });
      fail(registration, attempts);
      expect(registration.sockets.sockets).toHaveLength(attempts);
      expect(registration.output()).toEqual({
        outcome: 'failed',
        registration: 'greeter',
        failure: {
          code: 'GR_REGISTRATION_EXHAUSTED',
          message: `The server could not be reached in ${attempts} attempts; the last one: closed with code 1006.`,
        },
      });
      expect(registration.emitted.at(-1)).toMatchObject({ type: 'registration.failed' });
    });

    it('counts from the last connection that lasted', () => {
      const registration = startRegistration({ maxRetry: 3 });
      fail(registration, 2);
      registration.register();
      registration.clock.increment(9_999);
      registration.socket().does({ type: 'server.ponged', lastTimestamp: 1, timestamp: 1 });
      registration.clock.increment(1);
      fail(registration, 2);
      expect(registration.output()).toBeUndefined();
    });

    it('null goes on for ever', () => {
      const registration = startRegistration();
      fail(registration, 50);
      expect(registration.state()).toBe('online.connecting');
    });
  });
}
