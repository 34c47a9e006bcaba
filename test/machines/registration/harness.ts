/** A registration whose server the test plays. */
import { createActor } from 'xstate';
import type { RegistrationEvent } from '../../../machines/events.ts';
import type { ServerMessage, WorkerMessage, WorkerStatus } from '../../../machines/messages.ts';
import { registrationMachine } from '../../../machines/registration/registration.machine.ts';
import type {
  RegistrationInput,
  RegistrationReport,
} from '../../../machines/registration/registration.types.ts';
import { fakeSockets, listener, TestClock } from '../fakes.ts';
import { createCoverage } from '../../../src/testing/model/coverage.ts';
import { stateName } from '../settling.ts';

export const coverage = createCoverage(registrationMachine);

export const permissions = {
  canPublish: true,
  canSubscribe: true,
  canPublishData: true,
  canUpdateMetadata: true,
  canSubscribeMetrics: false,
  canPublishSources: [],
  hidden: false,
};

export const available: WorkerStatus = { status: 'available', load: 0.23, jobCount: 1 };

/** What a registration says first on a connection. */
export const registerMessage: WorkerMessage = {
  type: 'register',
  jobType: 'room',
  agentName: 'greeter',
  deployment: 'blue',
  version: '0.1.0',
  permissions,
};

/** What is said before the worker has told a status. */
export const fullMessage: WorkerMessage = { type: 'status', status: 'full', load: 1, jobCount: 0 };

export const ping: WorkerMessage = { type: 'ping' };

/** The server's answer to the oldest ping. */
export const pong: ServerMessage = { type: 'server.ponged', lastTimestamp: 1, timestamp: 2 };

export function startRegistration(change: Partial<RegistrationInput> = {}) {
  const clock = new TestClock();
  const sockets = fakeSockets();
  const parent = listener<RegistrationReport>();
  const emitted: RegistrationEvent[] = [];
  const actor = createActor(
    registrationMachine.provide({ actors: { signalSocket: sockets.logic } }),
    {
      clock,
      inspect: coverage.inspect,
      input: {
        key: 'greeter',
        agentName: 'greeter',
        jobType: 'room',
        deployment: 'blue',
        version: '0.1.0',
        permissions,
        maxRetry: null,
        parent: parent.ref,
        ...change,
      },
    },
  );
  actor.on('*', (event) => emitted.push(event));
  actor.start();
  const registration = {
    actor,
    clock,
    sockets,
    emitted,
    reports: parent.heard,
    types: () => emitted.map(({ type }) => type),
    socket: () => sockets.last(),
    /** Opens the current connection and registers on it. */
    register(workerId = 'AW_1') {
      sockets.last().opens();
      sockets.last().registers(workerId);
    },
    /** Until the next connection is opened, whatever the back-off is. */
    waitOut: () => clock.increment(actor.getSnapshot().context.retryDelayMs),
    reconnect(workerId = 'AW_2') {
      registration.waitOut();
      registration.register(workerId);
    },
    state: () => {
      const { value } = actor.getSnapshot();
      return typeof value === 'object' && typeof value.online === 'object'
        ? 'registered'
        : stateName(value);
    },
    output: () => actor.getSnapshot().output,
  };
  return registration;
}
