import { assign, emit, enqueueActions, sendTo, setup, type EventObject } from 'xstate';
import { clampDelay } from '../delays.ts';
import type { ProcessEvent } from '../events.ts';
import type { Failure, LaunchOrder } from '../messages.ts';
import type { Ref } from '../refs.ts';
import { unprovidedCallback, unprovidedLogic } from '../unprovided.ts';
import * as rules from './job-process.rules.ts';
import type {
  ChildExit,
  ChildProcessLogic,
  JobProcessContext,
  JobProcessInput,
  JobProcessMachineEvent,
  JobProcessOutput,
  LinkMessage,
  MemoryEvent,
  MemoryInput,
  PoolReport,
  ProcessReport,
  StopCause,
} from './job-process.types.ts';

/** One operating-system process: queued, warmed up, claimed by a job, launched, stopped by the kill ladder. */
export const jobProcessMachine = setup({
  types: {
    context: {} as JobProcessContext,
    events: {} as JobProcessMachineEvent,
    input: {} as JobProcessInput,
    output: {} as JobProcessOutput,
    emitted: {} as ProcessEvent,
  },
  actors: {
    childProcess: unprovidedLogic<ChildProcessLogic>('jobProcessMachine', 'childProcess'),
    sampleMemory: unprovidedCallback<EventObject, MemoryInput>('jobProcessMachine', 'sampleMemory'),
  },
  guards: {
    hasOrder: ({ context }) => context.order !== null,
    isClose: (_, params: { message: LinkMessage }) => params.message.type === 'close',
    isWanted: ({ context }) => context.cause === null,
    isLatestPing: ({ context }, params: { id: number }) => params.id === context.pingId,
    isPastAsking: (_, params: { cause: StopCause }) => params.cause === 'close-timeout',
  },
  actions: {
    emitStarting: emit(({ context }) => rules.startingEvent(context)),
    emitWarm: emit(({ context }) => rules.warmEvent(context)),
    emitClaimed: emit(({ context }) => rules.claimedEvent(context)),
    emitStopping: emit(({ context }) => rules.stoppingEvent(context)),
    emitUnresponsive: emit(({ context }) => rules.unresponsiveEvent(context)),
    emitMemory: emit(({ context }, params: { event: MemoryEvent }) =>
      rules.memoryEvent(context, params.event),
    ),
    emitExited: emit(({ context }) => rules.exitedEvent(context)),
    notePid: assign((_, params: { pid: number }) => params),
    noteWarmup: assign((_, params: { warmupMs: number }) => params),
    noteClient: assign((_, params: { client: Ref<ProcessReport> }) => params),
    forgetClient: assign({ client: null, order: null }),
    noteOrder: assign((_, params: { order: LaunchOrder }) => params),
    noteCause: assign(({ context }, params: { cause: StopCause }) =>
      rules.noteCause(context, params.cause),
    ),
    noteFailure: assign(({ context }, params: { failure: Failure }) => ({
      failure: context.failure ?? params.failure,
    })),
    noteExit: assign(({ context }, params: { exit: ChildExit | undefined }) =>
      rules.noteExit(context, params.exit),
    ),
    noteSpawnFailure: assign(({ context }, params: { error: unknown }) => ({
      failure: context.failure ?? rules.spawnFailure(params.error),
    })),
    countPing: assign({ pingId: ({ context }) => context.pingId + 1 }),
    sendPing: sendTo('child', ({ context }) => ({
      type: 'child.tell',
      message: { type: 'ping', id: context.pingId },
    })),
    tell: sendTo('child', (_, params: { message: LinkMessage }) => ({
      type: 'child.tell',
      message: params.message,
    })),
    launch: enqueueActions(({ context, enqueue }) => {
      if (context.order === null) return;
      enqueue.sendTo('child', {
        type: 'child.tell',
        message: { type: 'launch', order: context.order },
      });
    }),
    ask: sendTo('child', ({ context }) => ({
      type: 'child.tell',
      message: rules.closeRequest(context),
    })),
    terminateGroup: sendTo('child', { type: 'child.signal', signal: 'SIGTERM' }),
    killGroup: sendTo('child', { type: 'child.signal', signal: 'SIGKILL' }),
    reportToClient: enqueueActions(({ context, enqueue }, params: { report: ProcessReport }) => {
      if (context.client !== null) enqueue.sendTo(context.client, params.report);
    }),
    /** The job hears the pid once both are known: the client and the process. */
    reportSpawned: enqueueActions(({ context, enqueue }) => {
      if (context.client !== null && context.pid !== null)
        enqueue.sendTo(context.client, { type: 'process.spawned', pid: context.pid });
    }),
    reportExited: enqueueActions(({ context, enqueue }) => {
      if (context.client !== null) enqueue.sendTo(context.client, rules.exited(context));
    }),
    reportToPool: sendTo(
      ({ context }) => context.pool,
      (_, params: { report: PoolReport }) => params.report,
    ),
  },
  delays: {
    initializeTimeout: ({ context }) => clampDelay(context.limits.initializeTimeoutMs),
    pingPeriod: ({ context }) => Math.min(10_000, context.limits.unresponsiveTimeoutMs / 2),
    unresponsiveTimeout: ({ context }) => clampDelay(context.limits.unresponsiveTimeoutMs),
    secondChance: 1_000,
    askTimeout: 5_000,
    terminateTimeout: 2_000,
  },
}).createMachine({
  id: 'jobProcess',
  description:
    'One operating-system process in its own process group. It runs one job, or none when it is stopped while warm.',
  context: ({ input }) => ({
    ...input,
    pid: null,
    warmupMs: 0,
    client: null,
    order: null,
    pingId: 0,
    cause: null,
    failure: null,
    exit: { pid: null, code: null, signal: null },
  }),
  output: ({ context }) => rules.output(context),
  on: {
    'process.claim': {
      description: 'A job takes this process, warm or not yet.',
      actions: [
        { type: 'noteClient', params: ({ event }) => ({ client: event.client }) },
        'emitClaimed',
        'reportSpawned',
      ],
    },
    'process.release': {
      description: 'The job did not come to be; the process was told nothing and goes back clean.',
      actions: 'forgetClient',
    },
  },
  initial: 'queued',
  states: {
    queued: {
      description: 'Waits for its turn: as many processes warm up at once as there are cores.',
      on: {
        'process.start': 'alive',
        'process.launch': {
          actions: { type: 'noteOrder', params: ({ event }) => ({ order: event.order }) },
        },
        'process.tell': {
          description: 'The job is over before it was launched.',
          guard: { type: 'isClose', params: ({ event }) => ({ message: event.message }) },
          target: 'exited',
          actions: { type: 'noteCause', params: { cause: 'job-over' } },
        },
        'process.stop': {
          target: 'exited',
          actions: { type: 'noteCause', params: ({ event }) => ({ cause: event.cause }) },
        },
        'process.kill': {
          target: 'exited',
          actions: { type: 'noteCause', params: ({ event }) => ({ cause: event.cause }) },
        },
      },
    },
    alive: {
      description: 'The process exists.',
      type: 'parallel',
      invoke: {
        id: 'child',
        src: 'childProcess',
        input: ({ context }) => ({ process: context.process }),
        onDone: {
          target: 'exited',
          actions: { type: 'noteExit', params: ({ event }) => ({ exit: event.output }) },
        },
        onError: {
          description: 'The process could not be started at all.',
          target: 'exited',
          actions: { type: 'noteSpawnFailure', params: ({ event }) => ({ error: event.error }) },
        },
      },
      on: {
        'child.spawned': {
          actions: [
            { type: 'notePid', params: ({ event }) => ({ pid: event.pid }) },
            'emitStarting',
            'reportSpawned',
          ],
        },
      },
      states: {
        work: {
          description:
            'What the session reports goes to the job, also while the process is being stopped.',
          initial: 'warming',
          states: {
            warming: {
              description: 'Loads the agent file and rtc-node, then runs prewarm.',
              on: {
                'process.launch': {
                  description: 'Launched as soon as it is warm.',
                  actions: { type: 'noteOrder', params: ({ event }) => ({ order: event.order }) },
                },
                'process.tell': {
                  description: 'The job is over before it was launched.',
                  guard: { type: 'isClose', params: ({ event }) => ({ message: event.message }) },
                  target: 'stopping',
                  actions: { type: 'noteCause', params: { cause: 'job-over' } },
                },
                'link.warm': {
                  target: 'warm',
                  actions: [
                    {
                      type: 'noteWarmup',
                      params: ({ event }) => ({ warmupMs: event.warmupMs }),
                    },
                    'emitWarm',
                    {
                      type: 'reportToPool',
                      params: ({ context }) => ({
                        report: {
                          type: 'process.becameWarm',
                          process: context.process,
                          warmupMs: context.warmupMs,
                        },
                      }),
                    },
                  ],
                },
                'link.warmupFailed': {
                  target: 'stopping',
                  actions: [
                    { type: 'noteFailure', params: ({ event }) => ({ failure: event.failure }) },
                    { type: 'noteCause', params: { cause: 'warmup-failed' } },
                    {
                      type: 'reportToPool',
                      params: ({ context, event }) => ({
                        report: {
                          type: 'process.warmupFailed',
                          process: context.process,
                          failure: event.failure,
                          fatal: event.fatal,
                        },
                      }),
                    },
                  ],
                },
              },
              after: {
                initializeTimeout: {
                  target: 'stopping',
                  actions: [
                    { type: 'noteCause', params: { cause: 'warmup-timeout' } },
                    {
                      type: 'reportToPool',
                      params: ({ context }) => ({
                        report: {
                          type: 'process.warmupFailed',
                          process: context.process,
                          failure: rules.warmupTimeout(context),
                          fatal: false,
                        },
                      }),
                    },
                  ],
                },
              },
            },
            warm: {
              description: 'Agent loaded, prewarm done: a job can start at once.',
              always: { guard: 'hasOrder', target: 'launched' },
              on: {
                'process.launch': {
                  target: 'launched',
                  actions: { type: 'noteOrder', params: ({ event }) => ({ order: event.order }) },
                },
              },
            },
            launched: {
              description: 'Runs a job.',
              entry: 'launch',
              invoke: {
                id: 'memory',
                src: 'sampleMemory',
                input: ({ context }) => rules.memoryInput(context),
                onError: {
                  description: 'Memory cannot be read here; the job goes on without the limit.',
                },
              },
              on: {
                'memory.high': {
                  actions: { type: 'emitMemory', params: ({ event }) => ({ event }) },
                },
                'memory.exceeded': {
                  description: 'The session is asked to end; the ladder follows.',
                  target: 'stopping',
                  actions: [
                    { type: 'emitMemory', params: ({ event }) => ({ event }) },
                    { type: 'noteCause', params: { cause: 'memory-limit' } },
                  ],
                },
              },
            },
            stopping: {
              description: 'The kill ladder: ask over the link, SIGTERM, SIGKILL.',
              entry: 'emitStopping',
              on: {
                'process.stop': { description: 'It is being stopped: nobody climbs down.' },
                'process.kill': '.killing',
              },
              initial: 'asking',
              states: {
                asking: {
                  description: 'A process without a session exits at once; a session closes.',
                  entry: 'ask',
                  on: {
                    'process.stop': {
                      description: 'The session was asked long ago.',
                      guard: {
                        type: 'isPastAsking',
                        params: ({ event }) => ({ cause: event.cause }),
                      },
                      target: 'terminating',
                    },
                  },
                  after: { askTimeout: 'terminating' },
                },
                terminating: {
                  description: 'SIGTERM to the process group: grandchildren get it, too.',
                  entry: 'terminateGroup',
                  after: { terminateTimeout: 'killing' },
                },
                killing: {
                  description: 'SIGKILL to the process group.',
                  entry: 'killGroup',
                },
              },
            },
          },
          on: {
            'session.started': {
              actions: { type: 'reportToClient', params: ({ event }) => ({ report: event }) },
            },
            'session.connecting': {
              actions: { type: 'reportToClient', params: ({ event }) => ({ report: event }) },
            },
            'session.connected': {
              actions: [
                { type: 'reportToClient', params: ({ event }) => ({ report: event }) },
                {
                  type: 'reportToPool',
                  params: ({ context }) => ({
                    report: { type: 'process.joined', process: context.process },
                  }),
                },
              ],
            },
            'session.reconnecting': {
              actions: { type: 'reportToClient', params: ({ event }) => ({ report: event }) },
            },
            'session.reconnected': {
              actions: { type: 'reportToClient', params: ({ event }) => ({ report: event }) },
            },
            'session.closing': {
              actions: { type: 'reportToClient', params: ({ event }) => ({ report: event }) },
            },
            'session.deleteRoom': {
              actions: { type: 'reportToClient', params: ({ event }) => ({ report: event }) },
            },
            'session.warning': {
              actions: { type: 'reportToClient', params: ({ event }) => ({ report: event }) },
            },
            'session.outcome': {
              actions: { type: 'reportToClient', params: ({ event }) => ({ report: event }) },
            },
            'process.tell': {
              actions: { type: 'tell', params: ({ event }) => ({ message: event.message }) },
            },
            'process.stop': [
              {
                description: 'The session was asked long ago.',
                guard: { type: 'isPastAsking', params: ({ event }) => ({ cause: event.cause }) },
                target: '.stopping.terminating',
                actions: { type: 'noteCause', params: ({ event }) => ({ cause: event.cause }) },
              },
              {
                target: '.stopping',
                actions: { type: 'noteCause', params: ({ event }) => ({ cause: event.cause }) },
              },
            ],
            'process.kill': {
              target: '.stopping.killing',
              actions: { type: 'noteCause', params: ({ event }) => ({ cause: event.cause }) },
            },
          },
        },
        watchdog: {
          description: 'Notices a process whose event loop is blocked.',
          initial: 'off',
          states: {
            off: {
              description: 'While it warms up or is being stopped, other limits hold.',
              on: { 'link.warm': { guard: 'isWanted', target: 'quiet' } },
            },
            quiet: {
              description: 'The last ping was answered.',
              after: { pingPeriod: 'pinged' },
            },
            pinged: {
              description: 'A ping is on its way.',
              entry: ['countPing', 'sendPing'],
              on: {
                'link.ponged': {
                  guard: { type: 'isLatestPing', params: ({ event }) => ({ id: event.id }) },
                  target: 'quiet',
                },
              },
              after: { unresponsiveTimeout: 'suspected' },
            },
            suspected: {
              description:
                'The timer may be late because the worker itself was blocked, with the pong still unread: one more second.',
              on: {
                'link.ponged': {
                  guard: { type: 'isLatestPing', params: ({ event }) => ({ id: event.id }) },
                  target: 'quiet',
                },
              },
              after: {
                secondChance: {
                  target: '#jobProcess.alive.work.stopping.killing',
                  actions: [
                    'emitUnresponsive',
                    { type: 'noteCause', params: { cause: 'unresponsive' } },
                  ],
                },
              },
            },
          },
          on: { 'process.stop': '.off', 'process.kill': '.off', 'memory.exceeded': '.off' },
        },
      },
    },
    exited: {
      description: 'The process is gone.',
      type: 'final',
      entry: ['emitExited', 'reportExited'],
    },
  },
});
