import { describe, expect, it } from 'vitest';
import { createActor } from 'xstate';
import type { RegistrationReport } from '../../../machines/registration/registration.types.ts';
import { registrationMachine } from '../../../machines/registration/registration.machine.ts';
import { listener, serverInfo } from '../fakes.ts';
import { fullMessage, permissions, ping, registerMessage, startRegistration } from './harness.ts';

/** Tests of the registration machine; run by `registration.test.ts`. */
export function testConnecting(): void {
  describe('connecting and registering', () => {
    it('says Register once it is open, and FULL as soon as it is registered', () => {
      const registration = startRegistration();
      const socket = registration.socket();
      expect(registration.state()).toBe('online.connecting');
      expect(socket.sent).toEqual([]);
      socket.opens();
      expect(registration.state()).toBe('online.registering');
      expect(socket.sent).toEqual([registerMessage]);
      socket.registers('AW_1');
      expect(registration.state()).toBe('registered');
      expect(socket.sent).toEqual([registerMessage, fullMessage, ping]);
      expect(registration.reports).toEqual([
        { type: 'registration.registered', registration: 'greeter', workerId: 'AW_1' },
      ]);
      expect(registration.emitted).toEqual([
        { type: 'registration.connecting', registration: 'greeter', attempt: 1 },
        {
          type: 'registration.registered',
          registration: 'greeter',
          agentName: 'greeter',
          workerId: 'AW_1',
          serverInfo,
        },
      ]);
    });

    it('tells FULL even when the worker has told it nothing for long', () => {
      const registration = startRegistration();
      registration.clock.increment(14_999);
      registration.register();
      expect(registration.socket().sent[1]).toEqual(fullMessage);
    });

    it('gives an upgrade 15 s, then tries again', () => {
      const registration = startRegistration();
      registration.clock.increment(14_999);
      expect(registration.state()).toBe('online.connecting');
      registration.clock.increment(1);
      expect(registration.socket().stopped).toBe(true);
      expect(registration.emitted.at(-1)).toEqual({
        type: 'registration.retrying',
        registration: 'greeter',
        reason: 'the server did not answer the upgrade',
        delayMs: 500,
        attempt: 1,
        maxRetry: null,
      });
    });

    it('gives the answer to Register 10 s, then tries again', () => {
      const registration = startRegistration();
      registration.socket().opens();
      registration.clock.increment(9_999);
      expect(registration.state()).toBe('online.registering');
      registration.clock.increment(1);
      expect(registration.emitted.at(-1)).toMatchObject({
        type: 'registration.retrying',
        reason: 'the server did not answer Register',
      });
    });

    it('skips what it does not know', () => {
      const registration = startRegistration();
      registration.register();
      registration.socket().does({ type: 'server.unknown', case: 'goAway' });
      expect(registration.state()).toBe('registered');
    });

    it('tries again when the socket actor breaks', () => {
      const registration = startRegistration();
      registration.sockets.break(new Error('bug'));
      registration.socket().opens();
      registration.sockets.mend();
      expect(registration.state()).toBe('waiting');
      expect(registration.emitted.at(-1)).toMatchObject({ reason: 'bug', delayMs: 500 });
      registration.reconnect();
      expect(registration.state()).toBe('registered');
    });

    it('without a socket actor it says what to provide', () => {
      const parent = listener<RegistrationReport>();
      const actor = createActor(registrationMachine, {
        input: {
          key: 'greeter',
          agentName: 'greeter',
          jobType: 'room',
          deployment: '',
          version: '0.1.0',
          permissions,
          maxRetry: 1,
          parent: parent.ref,
        },
      }).start();
      expect(actor.getSnapshot().output).toEqual({
        outcome: 'failed',
        registration: 'greeter',
        failure: {
          code: 'GR_REGISTRATION_EXHAUSTED',
          message: expect.stringContaining(
            'Put it in with registrationMachine.provide({ actors: { signalSocket: … } })',
          ),
        },
      });
    });
  });

  describe('a refused upgrade', () => {
    it.each([
      [401, 'invalid API key: x', 'Check LIVEKIT_API_KEY and LIVEKIT_API_SECRET.'],
      [403, '', 'Check LIVEKIT_API_KEY and LIVEKIT_API_SECRET.'],
      [404, 'not found', 'Nothing answers at /agent there: check the URL and its path.'],
    ])('with %i on the first connection is final', (status, body, hint) => {
      const registration = startRegistration();
      registration.socket().does({ type: 'socket.refused', status, body, jitter: 1 });
      const said = body === '' ? '' : ` "${body}"`;
      const failure = {
        code: 'GR_REGISTRATION_REFUSED',
        message: `The server refused the worker: HTTP ${status}${said}. ${hint}`,
      };
      expect(registration.output()).toEqual({
        outcome: 'failed',
        registration: 'greeter',
        failure,
      });
      expect(registration.emitted.at(-1)).toEqual({
        type: 'registration.failed',
        registration: 'greeter',
        failure,
      });
      expect(registration.sockets.sockets).toHaveLength(1);
    });

    it.each([401, 403, 404])('with %i later on is tried again', (status) => {
      const registration = startRegistration();
      registration.register();
      registration.socket().closes();
      registration.waitOut();
      registration.socket().does({ type: 'socket.refused', status, body: '', jitter: 1 });
      expect(registration.emitted.at(-1)).toMatchObject({
        type: 'registration.retrying',
        reason: `HTTP ${status}`,
        attempt: 2,
      });
    });

    it.each([429, 500, 503])('with %i is tried again from the start', (status) => {
      const registration = startRegistration();
      registration.socket().does({ type: 'socket.refused', status, body: 'busy', jitter: 0.5 });
      expect(registration.emitted.at(-1)).toEqual({
        type: 'registration.retrying',
        registration: 'greeter',
        reason: `HTTP ${status}`,
        delayMs: 250,
        attempt: 1,
        maxRetry: null,
      });
      registration.reconnect();
      expect(registration.state()).toBe('registered');
    });
  });

  describe('a connection that closes in answer to Register', () => {
    it('is final the first time, and names the suspects', () => {
      const registration = startRegistration();
      registration.socket().opens();
      registration.socket().closes();
      expect(registration.output()).toEqual({
        outcome: 'failed',
        registration: 'greeter',
        failure: {
          code: 'GR_REGISTRATION_REFUSED',
          message:
            'The server closed the connection right after Register (closed with code 1006). It gives no reason. ' +
            'Look at the job type (room) and the deployment ("blue"): a deployment has at most 64 bytes, no "_" and no spaces.',
        },
      });
    });

    it('is tried again once it has been registered', () => {
      const registration = startRegistration();
      registration.register();
      registration.socket().closes();
      registration.waitOut();
      registration.socket().opens();
      registration
        .socket()
        .does({ type: 'socket.closed', code: 1006, reason: 'the server is gone', jitter: 1 });
      expect(registration.state()).toBe('waiting');
      expect(registration.emitted.at(-1)).toMatchObject({ reason: 'the server is gone' });
    });
  });
}
