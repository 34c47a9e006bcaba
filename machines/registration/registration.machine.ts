import { assign, emit, enqueueActions, sendTo, setup } from 'xstate';
import type { RegistrationEvent } from '../events.ts';
import type { Failure, WorkerMessage, WorkerStatus } from '../messages.ts';
import { unprovidedCallback } from '../unprovided.ts';
import * as rules from './registration.rules.ts';
import type {
  Ping,
  RegistrationContext,
  RegistrationInput,
  RegistrationMachineEvent,
  RegistrationOutput,
  RegistrationReport,
  SocketCommand,
} from './registration.types.ts';

/**
 * One WebSocket to `/agent` for one agent name, job type and deployment: connect, register, stay registered, reconnect
 * for as long as the worker lives.
 */
export const registrationMachine = setup({
  types: {
    context: {} as RegistrationContext,
    events: {} as RegistrationMachineEvent,
    input: {} as RegistrationInput,
    output: {} as RegistrationOutput,
    emitted: {} as RegistrationEvent,
  },
  actors: {
    signalSocket: unprovidedCallback<SocketCommand>('registrationMachine', 'signalSocket'),
  },
  guards: {
    isRefusedForGood: ({ context }, params: { status: number }) =>
      !context.everRegistered && rules.isConfigurationError(params.status),
    isFirstConnection: ({ context }) => !context.everRegistered,
    isExhausted: ({ context }) => rules.isExhausted(context),
    isOfThisConnection: ({ context }, params: { workerId: string }) =>
      params.workerId === context.workerId,
    changesAvailability: ({ context }, params: { status: WorkerStatus }) =>
      params.status.status !== context.status.status,
    hasJobs: (_, params: { jobIds: string[] }) => params.jobIds.length > 0,
  },
  actions: {
    emitConnecting: emit(({ context }) => rules.connecting(context)),
    emitRegistered: emit(({ context }) => rules.registeredEvent(context)),
    emitLost: emit(({ context }) => rules.lostEvent(context)),
    emitRetrying: emit(({ context }) => rules.retryingEvent(context)),
    emitFailed: emit(({ context }) => rules.failedEvent(context)),
    emitClosed: emit(({ context }) => ({
      type: 'registration.closed',
      registration: context.key,
    })),
    noteRegistered: assign((_, params: Pick<RegistrationContext, 'workerId' | 'serverInfo'>) => ({
      ...params,
      everRegistered: true,
    })),
    noteStatus: assign((_, params: { status: WorkerStatus }) => params),
    noteFailedAttempt: assign(({ context }, params: { reason: string; jitter: number }) => ({
      attempt: context.attempt + 1,
      lastReason: params.reason,
      retryDelayMs: rules.retryDelayMs(context.attempt + 1, params.jitter),
    })),
    noteTimeout: assign(({ context }, params: { reason: string }) => ({
      attempt: context.attempt + 1,
      lastReason: params.reason,
      retryDelayMs: rules.retryDelayMs(context.attempt + 1, 1),
    })),
    forgetConnection: assign({ workerId: '', serverInfo: null, pings: [] }),
    forgetAttempts: assign({ attempt: 0 }),
    noteFailure: assign((_, params: { failure: Failure }) => params),
    noteRefusedRegister: assign(({ context }) => ({ failure: rules.refusedRegister(context) })),
    noteExhausted: assign(({ context }) => ({ failure: rules.exhausted(context) })),
    send: sendTo('socket', (_, params: { message: WorkerMessage }) => ({
      type: 'socket.send',
      message: params.message,
    })),
    sendRegister: sendTo('socket', ({ context }) => rules.registerCommand(context)),
    sendStatus: sendTo('socket', ({ context }) => rules.statusCommand(context)),
    ping: enqueueActions(({ context, enqueue }, params: Ping) => {
      enqueue.assign({ pings: [...context.pings, params] });
      enqueue.sendTo('socket', { type: 'socket.send', message: { type: 'ping' } });
    }),
    notePong: enqueueActions(({ context, enqueue }) => {
      const report = rules.readReport(context);
      enqueue.assign({ pings: context.pings.slice(1) });
      if (report !== null) enqueue.sendTo(context.parent, report);
    }),
    closeSocket: sendTo('socket', { type: 'socket.close' }),
    report: sendTo(
      ({ context }) => context.parent,
      (_, params: { report: RegistrationReport }) => params.report,
    ),
    reportLost: sendTo(
      ({ context }) => context.parent,
      ({ context }) => rules.lostReport(context),
    ),
  },
  delays: {
    connectTimeout: 15_000,
    registerTimeout: 10_000,
    pingPeriod: 5_000,
    pongTimeout: 5_000,
    provenPeriod: 10_000,
    closeTimeout: 1_000,
    retryDelay: ({ context }) => context.retryDelayMs,
  },
}).createMachine({
  id: 'registration',
  description:
    'One WebSocket to /agent for one agent name, job type and deployment. It reconnects for as long as the worker lives.',
  context: ({ input }) => ({
    ...input,
    attempt: 0,
    everRegistered: false,
    workerId: '',
    serverInfo: null,
    pings: [],
    status: { status: 'full', load: 1, jobCount: 0 },
    retryDelayMs: 0,
    lastReason: '',
    failure: null,
  }),
  output: ({ context }) => rules.output(context),
  on: {
    'worker.statusChanged': {
      description:
        'Kept between connections: it is the first thing said after the next register answer.',
      actions: { type: 'noteStatus', params: ({ event }) => ({ status: event.status }) },
    },
    'job.statusReported': {
      description: 'No server knows the job any more: nobody needs to wait until it was read.',
      actions: {
        type: 'report',
        params: ({ event }) => ({
          report: { type: 'registration.jobStatusRead', jobId: event.jobId },
        }),
      },
    },
  },
  initial: 'online',
  states: {
    online: {
      description: 'A socket is open or being opened. It lives through all states below.',
      invoke: {
        id: 'socket',
        src: 'signalSocket',
        onError: {
          description: 'The socket actor itself failed; treated as a closed connection.',
          target: 'deciding',
          actions: {
            type: 'noteTimeout',
            params: ({ event }) => ({ reason: rules.describeError(event.error) }),
          },
        },
      },
      on: {
        'socket.refused': [
          {
            description:
              '401, 403 or 404 on the first connection: the configuration is wrong (R12).',
            guard: {
              type: 'isRefusedForGood',
              params: ({ event }) => ({ status: event.status }),
            },
            target: 'failed',
            actions: {
              type: 'noteFailure',
              params: ({ event }) => ({
                failure: rules.refusedUpgrade(event.status, event.body),
              }),
            },
          },
          {
            description: '429, 5xx, or any refusal after it was once registered: tried again.',
            target: 'deciding',
            actions: {
              type: 'noteFailedAttempt',
              params: ({ event }) => ({
                reason: `HTTP ${event.status}`,
                jitter: event.jitter,
              }),
            },
          },
        ],
        'socket.closed': {
          target: 'deciding',
          actions: {
            type: 'noteFailedAttempt',
            params: ({ event }) => ({ reason: rules.describeClose(event), jitter: event.jitter }),
          },
        },
        'registration.close': '.closing',
      },
      initial: 'connecting',
      states: {
        connecting: {
          description: 'The upgrade to a WebSocket is under way.',
          entry: 'emitConnecting',
          on: { 'socket.opened': 'registering' },
          after: {
            connectTimeout: {
              description: 'A host that takes the connection and never upgrades it.',
              target: '#registration.deciding',
              actions: {
                type: 'noteTimeout',
                params: { reason: 'the server did not answer the upgrade' },
              },
            },
          },
        },
        registering: {
          description:
            'Register was sent. The server closes a socket that does not register within 10 s, and gives no reason when it refuses the message.',
          entry: 'sendRegister',
          on: {
            'server.registered': {
              target: 'registered',
              actions: [
                {
                  type: 'noteRegistered',
                  params: ({ event }) => ({
                    workerId: event.workerId,
                    serverInfo: event.serverInfo,
                  }),
                },
              ],
            },
            'socket.closed': [
              {
                description: 'Closed in answer to the first Register: the message was refused.',
                guard: 'isFirstConnection',
                target: '#registration.failed',
                actions: [
                  {
                    type: 'noteFailedAttempt',
                    params: ({ event }) => ({
                      reason: rules.describeClose(event),
                      jitter: event.jitter,
                    }),
                  },
                  'noteRefusedRegister',
                ],
              },
              {
                target: '#registration.deciding',
                actions: {
                  type: 'noteFailedAttempt',
                  params: ({ event }) => ({
                    reason: rules.describeClose(event),
                    jitter: event.jitter,
                  }),
                },
              },
            ],
          },
          after: {
            registerTimeout: {
              target: '#registration.deciding',
              actions: {
                type: 'noteTimeout',
                params: { reason: 'the server did not answer Register' },
              },
            },
          },
        },
        registered: {
          description:
            'The server may offer jobs. The status goes out first, since the server takes a silent worker for available.',
          type: 'parallel',
          entry: [
            'sendStatus',
            {
              type: 'ping',
              params: ({ context }) => ({ after: 'status', status: context.status.status }),
            },
            {
              type: 'report',
              params: ({ context }) => ({ report: rules.registeredReport(context) }),
            },
            'emitRegistered',
          ],
          exit: ['reportLost', 'forgetConnection'],
          on: {
            'socket.closed': {
              target: '#registration.lost',
              actions: {
                type: 'noteFailedAttempt',
                params: ({ event }) => ({
                  reason: rules.describeClose(event),
                  jitter: event.jitter,
                }),
              },
            },
            'xstate.error.actor.socket': {
              target: '#registration.lost',
              actions: {
                type: 'noteTimeout',
                params: ({ event }) => ({ reason: rules.describeError(event.error) }),
              },
            },
            'worker.statusChanged': [
              {
                description: 'The worker hears when the server has read it.',
                guard: {
                  type: 'changesAvailability',
                  params: ({ event }) => ({ status: event.status }),
                },
                actions: [
                  { type: 'noteStatus', params: ({ event }) => ({ status: event.status }) },
                  'sendStatus',
                  {
                    type: 'ping',
                    params: ({ event }) => ({ after: 'status', status: event.status.status }),
                  },
                ],
              },
              {
                actions: [
                  { type: 'noteStatus', params: ({ event }) => ({ status: event.status }) },
                  'sendStatus',
                ],
              },
            ],
            'worker.jobsRunning': {
              description: 'Jobs of an earlier connection run on; the server is told (R11).',
              guard: { type: 'hasJobs', params: ({ event }) => ({ jobIds: event.jobIds }) },
              actions: {
                type: 'send',
                params: ({ event }) => ({
                  message: { type: 'migrateJobs', jobIds: event.jobIds },
                }),
              },
            },
            'worker.simulateJob': {
              actions: {
                type: 'send',
                params: ({ event }) => ({
                  message: {
                    type: 'simulateJob',
                    room: event.room,
                    participantIdentity: event.participantIdentity,
                  },
                }),
              },
            },
            'job.answered': {
              description: 'An answer to a request of an earlier connection is dropped.',
              guard: {
                type: 'isOfThisConnection',
                params: ({ event }) => ({ workerId: event.workerId }),
              },
              actions: {
                type: 'send',
                params: ({ event }) => ({
                  message: { type: 'answer', jobId: event.jobId, answer: event.answer },
                }),
              },
            },
            'job.statusReported': {
              description:
                'The server knows the jobs of this connection only. The job hears when the server has read it.',
              guard: {
                type: 'isOfThisConnection',
                params: ({ event }) => ({ workerId: event.workerId }),
              },
              actions: [
                {
                  type: 'send',
                  params: ({ event }) => ({
                    message: {
                      type: 'jobStatus',
                      jobId: event.jobId,
                      status: event.status,
                      error: event.error,
                    },
                  }),
                },
                {
                  type: 'ping',
                  params: ({ event }) => ({ after: 'jobStatus', jobId: event.jobId }),
                },
              ],
            },
            'server.jobRequested': {
              actions: {
                type: 'report',
                params: ({ context, event }) => ({
                  report: {
                    type: 'registration.jobRequested',
                    registration: context.key,
                    workerId: context.workerId,
                    job: event.job,
                  },
                }),
              },
            },
            'server.jobAssigned': {
              actions: {
                type: 'report',
                params: ({ context, event }) => ({
                  report: {
                    type: 'registration.jobAssigned',
                    registration: context.key,
                    workerId: context.workerId,
                    job: event.job,
                    url: event.url,
                    token: event.token,
                  },
                }),
              },
            },
            'server.jobTerminated': {
              actions: {
                type: 'report',
                params: ({ context, event }) => ({
                  report: {
                    type: 'registration.jobTerminated',
                    registration: context.key,
                    jobId: event.jobId,
                  },
                }),
              },
            },
          },
          states: {
            liveness: {
              description:
                'The server never notices a dead connection for us: a ping every 5 s, and 5 s for the pong (R13).',
              initial: 'quiet',
              states: {
                quiet: {
                  description: 'The last ping was answered.',
                  after: { pingPeriod: 'pinged' },
                },
                pinged: {
                  description: 'A ping is on its way.',
                  entry: { type: 'ping', params: { after: 'silence' } },
                  on: { 'server.ponged': 'quiet' },
                  after: {
                    pongTimeout: {
                      description: 'A half-open connection: noticed 10 s after it died, at most.',
                      target: '#registration.lost',
                      actions: {
                        type: 'noteTimeout',
                        params: { reason: 'the server did not answer a ping' },
                      },
                    },
                  },
                },
              },
            },
            reading: {
              description:
                'The server reads in order: the pong of a ping proves that it has read what was sent before it.',
              on: { 'server.ponged': { actions: 'notePong' } },
            },
            standing: {
              description: 'A server that accepts and then closes must not reset the back-off.',
              initial: 'fresh',
              states: {
                fresh: {
                  description: 'Registered for less than 10 s.',
                  after: { provenPeriod: { target: 'proven', actions: 'forgetAttempts' } },
                },
                proven: { description: 'Registered for 10 s: the next back-off starts anew.' },
              },
            },
          },
        },
        closing: {
          description: 'The socket is closed with code 1000; what was sent before still arrives.',
          entry: 'closeSocket',
          on: {
            'registration.close': { description: 'It closes already.' },
            'socket.closed': '#registration.closed',
            'socket.refused': '#registration.closed',
            'xstate.error.actor.socket': '#registration.closed',
          },
          after: { closeTimeout: '#registration.closed' },
        },
      },
    },
    lost: {
      description: 'A registered connection is gone. Running jobs go on (R11).',
      entry: 'emitLost',
      always: 'deciding',
    },
    deciding: {
      description: 'The connection is over: another try, or the end of tries.',
      always: [
        { guard: 'isExhausted', target: 'failed', actions: 'noteExhausted' },
        { target: 'waiting' },
      ],
    },
    waiting: {
      description:
        'Full-jitter back-off from 0.5 s to 30 s, so that a fleet does not come back in one wave.',
      entry: 'emitRetrying',
      on: { 'registration.close': 'closed' },
      after: { retryDelay: 'online' },
    },
    closed: {
      description: 'The worker closed this registration.',
      type: 'final',
      entry: 'emitClosed',
    },
    failed: {
      description: 'Refused for good, or maxRetry is used up.',
      type: 'final',
      entry: 'emitFailed',
    },
  },
});
