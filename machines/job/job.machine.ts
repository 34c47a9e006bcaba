import { assign, emit, enqueueActions, raise, sendTo, setup, spawnChild } from 'xstate';
import { clampDelay } from '../delays.ts';
import type { JobEnd, JobEvent } from '../events.ts';
import type { LinkMessage, ProcessReport, StopCause } from '../job-process/job-process.types.ts';
import type { CloseReason, Failure, Job, SessionOutcome } from '../messages.ts';
import type { ClaimReport } from '../process-pool/process-pool.types.ts';
import { unprovided } from '../unprovided.ts';
import * as rules from './job.rules.ts';
import type {
  Decision,
  JobContext,
  JobInput,
  JobMachineEvent,
  JobOutput,
  JobPhase,
} from './job.types.ts';

type Claim = Extract<ClaimReport, { type: 'pool.claimed' }>;
type Exit = Extract<ProcessReport, { type: 'process.exited' }>;

/** One admitted job request, from the decision to the outcome. It mirrors the session and decides nothing about its steps. */
export const jobMachine = setup({
  types: {
    context: {} as JobContext,
    events: {} as JobMachineEvent,
    input: {} as JobInput,
    output: {} as JobOutput,
    emitted: {} as JobEvent,
  },
  actors: {
    decideRequest: unprovided<Decision, { job: Job }>('jobMachine', 'decideRequest'),
    removeParticipant: unprovided<void, { room: string; identity: string }>(
      'jobMachine',
      'removeParticipant',
    ),
    deleteRoom: unprovided<void, { room: string }>('jobMachine', 'deleteRoom'),
  },
  guards: {
    isAccept: (_, params: { decision: Decision }) => params.decision.type === 'accept',
    canRelaunch: ({ context }) => rules.canRelaunch(context),
    isGhost: ({ context }, params: { exit: Exit }) => rules.isGhost(context, params.exit),
    isUnbegun: (_, params: { exit: Exit }) => params.exit.cause === 'job-over',
    hasSucceeded: ({ context }) => context.end === 'succeeded',
    isDeletingRoom: ({ context }) => context.deletions.length > 0,
    isAskingTooOften: ({ context }) => rules.isAskingTooOften(context),
  },
  actions: {
    emitRequested: emit(({ context }) => ({ type: 'job.requested', ...context.facts })),
    emitRejected: emit(({ context }) => rules.rejectedEvent(context)),
    emitAccepted: emit(({ context }) => ({
      type: 'job.accepted',
      ...context.facts,
      identity: context.accept.identity,
    })),
    emitAssigned: emit(({ context }) => ({ type: 'job.assigned', ...context.facts })),
    emitLaunching: emit(({ context }) => ({
      type: 'job.launching',
      ...context.facts,
      process: context.process,
      attempt: context.launches,
    })),
    emitStarted: emit(({ context }) => ({
      type: 'job.started',
      ...context.facts,
      process: context.process,
      pid: context.pid,
    })),
    emitConnected: emit(({ context }, params: { roomSid: string; identity: string }) => ({
      type: 'job.connected',
      ...context.facts,
      ...params,
    })),
    emitReconnecting: emit(({ context }) => ({ type: 'job.reconnecting', ...context.facts })),
    emitClosing: emit(({ context }, params: { reason: CloseReason; detail: string }) => ({
      type: 'job.closing',
      ...context.facts,
      ...params,
    })),
    emitWarning: emit(({ context }, params: { step: string; failure: Failure }) => ({
      type: 'job.warning',
      ...context.facts,
      ...params,
    })),
    emitEnded: emit(({ context }) => rules.endedEvent(context)),
    noteDecision: assign((_, params: { decision: Decision }) => ({
      decision: params.decision,
      ...(params.decision.type === 'accept' ? { accept: params.decision.accept } : {}),
    })),
    noteTimeout: assign(({ context }) => ({ decision: rules.timeoutDecision(context) })),
    noteProcess: assign((_, { process, processRef }: Claim) => ({ process, processRef })),
    /** What it asked for goes with it. */
    forgetProcess: enqueueActions(({ enqueue }) => {
      enqueue.stopChild('deleteRoom');
      enqueue.cancel('deleteTimeout');
      enqueue.assign({ process: '', processRef: null, pid: null, deletions: [] });
    }),
    noteAssignment: assign(
      ({ context }, params: { job: Job; url: string | null; token: string }) => ({
        job: params.job,
        url: params.url ?? context.url,
        token: params.token,
      }),
    ),
    countLaunch: assign({ launches: ({ context }) => context.launches + 1 }),
    noteLaunchFailure: assign(({ context }, params: { cause: Failure | null }) => ({
      failure: rules.launchFailure(context, params.cause),
    })),
    notePid: assign((_, params: { pid: number }) => params),
    noteInRoom: assign({ mayBeInRoom: true }),
    noteDrain: assign((_, params: { deadlineMs: number | null }) => ({ drain: params })),
    forgetDrain: assign({ drain: null }),
    noteCloseReason: assign(({ context }, params: { reason: CloseReason }) => ({
      closeReason: context.closeReason ?? params.reason,
    })),
    noteOutcome: assign((_, params: { outcome: SessionOutcome }) => ({
      session: params.outcome,
    })),
    noteExit: assign(({ context }, params: { exit: Exit }) => rules.noteExit(context, params.exit)),
    noteUnassigned: assign(({ context }) => ({ failure: rules.assignmentTimeout(context) })),
    noteEnd: assign((_, params: { end: JobEnd }) => params),
    noteDeletion: assign(({ context }, params: { id: number }) => ({
      deletions: [...context.deletions, params.id],
    })),
    deleteRoom: spawnChild('deleteRoom', {
      id: 'deleteRoom',
      input: ({ context }) => ({ room: context.facts.room }),
    }),
    limitDeletion: raise(
      { type: 'job.deletionTimedOut' },
      { id: 'deleteTimeout', delay: 'deleteTimeout' },
    ),
    /** Everyone who asked is answered; the next one who asks causes a new call. */
    endDeletion: enqueueActions(({ context, enqueue }, params: { failure: Failure | null }) => {
      const { processRef, deletions } = context;
      enqueue.stopChild('deleteRoom');
      enqueue.cancel('deleteTimeout');
      enqueue.assign({ deletions: [] });
      if (processRef === null) return;
      for (const id of deletions) enqueue.sendTo(processRef, rules.roomDeleted(id, params.failure));
    }),
    sendAnswer: sendTo(
      ({ context }) => context.registration,
      ({ context }) => rules.answer(context),
    ),
    sendStatus: sendTo(
      ({ context }) => context.registration,
      ({ context }) => rules.statusReport(context),
    ),
    sendFailed: sendTo(
      ({ context }) => context.registration,
      ({ context }, params: { error: string }) => rules.failedReport(context, params.error),
    ),
    claim: sendTo(
      ({ context }) => context.pool,
      ({ context, self }, params: { isAccepted: boolean }) => ({
        type: 'pool.claim',
        slot: context.slot,
        client: self,
        ...params,
      }),
    ),
    release: sendTo(
      ({ context }) => context.pool,
      ({ context }) => ({ type: 'pool.release', slot: context.slot }),
    ),
    launch: enqueueActions(({ context, enqueue }) => {
      if (context.processRef !== null)
        enqueue.sendTo(context.processRef, rules.launchOrder(context));
    }),
    tell: enqueueActions(({ context, enqueue }, params: { message: LinkMessage }) => {
      if (context.processRef !== null)
        enqueue.sendTo(context.processRef, { type: 'process.tell', message: params.message });
    }),
    tellDrain: enqueueActions(({ context, enqueue }) => {
      const { drain, processRef } = context;
      if (drain === null || processRef === null) return;
      enqueue.sendTo(processRef, { type: 'process.tell', message: { type: 'drain', ...drain } });
    }),
    stopProcess: enqueueActions(({ context, enqueue }, params: { cause: StopCause }) => {
      if (context.processRef !== null)
        enqueue.sendTo(context.processRef, { type: 'process.stop', cause: params.cause });
    }),
    reportPhase: sendTo(
      ({ context }) => context.parent,
      ({ context }, params: { phase: JobPhase }) => ({
        type: 'job.phaseChanged',
        slot: context.slot,
        phase: params.phase,
      }),
    ),
  },
  delays: {
    requestTimeout: ({ context }) => clampDelay(context.limits.requestTimeoutMs),
    assignmentTimeout: ({ context }) => clampDelay(context.limits.assignmentTimeoutMs),
    closeTimeout: ({ context }) => clampDelay(context.limits.closeTimeoutMs),
    /** As long as a session waits for the same news. */
    reportTimeout: 2_000,
    removeTimeout: 3_000,
    deleteTimeout: 4_000,
  },
}).createMachine({
  id: 'job',
  description: 'One admitted job request, from the decision to the outcome.',
  context: ({ input }) => rules.initialContext(input),
  output: ({ context }) => rules.output(context),
  entry: 'emitRequested',
  on: {
    'process.spawned': {
      actions: { type: 'notePid', params: ({ event }) => ({ pid: event.pid }) },
    },
    'worker.draining': {
      description: 'There is no session yet: it is told when it has started.',
      actions: { type: 'noteDrain', params: ({ event }) => ({ deadlineMs: event.deadlineMs }) },
    },
    'worker.resumed': {
      description:
        'A session that starts now hears nothing of the drain. One that was told of it is not told again: it has more time than it thinks.',
      actions: 'forgetDrain',
    },
    'session.deleteRoom': [
      {
        description: 'Refused at once: a session that floods its worker with requests.',
        guard: 'isAskingTooOften',
        actions: {
          type: 'tell',
          params: ({ event }) => ({ message: rules.refusedDeletion(event.id) }),
        },
      },
      {
        description: 'Whoever asks while a call is under way shares its answer.',
        guard: 'isDeletingRoom',
        actions: { type: 'noteDeletion', params: ({ event }) => ({ id: event.id }) },
      },
      {
        description:
          "The session has no API key: the server is asked on its behalf, for the job's own room only.",
        actions: [
          { type: 'noteDeletion', params: ({ event }) => ({ id: event.id }) },
          'deleteRoom',
          'limitDeletion',
        ],
      },
    ],
    'xstate.done.actor.deleteRoom': {
      actions: { type: 'endDeletion', params: { failure: null } },
    },
    'xstate.error.actor.deleteRoom': {
      actions: {
        type: 'endDeletion',
        params: ({ event }) => ({ failure: rules.failedDeletion(event.error) }),
      },
    },
    'job.deletionTimedOut': {
      description: 'The call is given up.',
      actions: { type: 'endDeletion', params: { failure: rules.lateDeletion } },
    },
  },
  initial: 'requested',
  states: {
    requested: {
      description:
        'The server waits about 2.8 s for an answer and asks nobody else after that: the answer leaves within 2 s (R1).',
      initial: 'deciding',
      states: {
        deciding: {
          description: "The user's requestFunc decides.",
          invoke: {
            src: 'decideRequest',
            input: ({ context }) => ({ job: context.job }),
            onDone: [
              {
                guard: {
                  type: 'isAccept',
                  params: ({ event }) => ({ decision: event.output }),
                },
                target: 'claiming',
                actions: {
                  type: 'noteDecision',
                  params: ({ event }) => ({ decision: event.output }),
                },
              },
              {
                target: '#job.rejected',
                actions: {
                  type: 'noteDecision',
                  params: ({ event }) => ({ decision: event.output }),
                },
              },
            ],
            onError: {
              target: '#job.rejected',
              actions: {
                type: 'noteDecision',
                params: ({ event }) => ({
                  decision: rules.rejection('request-failed', rules.describeError(event.error)),
                }),
              },
            },
          },
        },
        claiming: {
          description:
            'A job process is claimed before the answer is sent, so that no accepted job is without one. It is told nothing yet.',
          entry: { type: 'claim', params: { isAccepted: false } },
          on: {
            'pool.claimed': {
              target: '#job.accepted',
              actions: { type: 'noteProcess', params: ({ event }) => event },
            },
            'pool.refused': {
              target: '#job.rejected',
              actions: {
                type: 'noteDecision',
                params: ({ event }) => ({ decision: rules.refusedDecision(event.failure) }),
              },
            },
          },
        },
      },
      on: {
        'registration.lost': {
          description: 'Nothing of it can be answered on the next connection.',
          target: 'lost',
          actions: ['release', { type: 'noteEnd', params: { end: 'lost' } }],
        },
        'job.close': {
          target: 'rejected',
          actions: [
            'release',
            {
              type: 'noteDecision',
              params: { decision: rules.rejection('not-running', 'the worker is closing') },
            },
          ],
        },
      },
      after: {
        requestTimeout: { target: 'rejected', actions: ['release', 'noteTimeout'] },
      },
    },
    accepted: {
      description:
        'The answer was sent; the server assigns the job within milliseconds, late, or never (R2).',
      entry: ['sendAnswer', 'emitAccepted'],
      initial: 'claimed',
      states: {
        claimed: {
          description: 'A process is ready for it.',
          on: {
            'process.exited': {
              description: 'The claimed process died: another one is claimed meanwhile.',
              target: 'reclaiming',
              actions: 'forgetProcess',
            },
            'server.jobAssigned': {
              target: '#job.launching.starting',
              actions: { type: 'noteAssignment', params: ({ event }) => event },
            },
          },
        },
        reclaiming: {
          description: 'Waits for another process.',
          entry: { type: 'claim', params: { isAccepted: true } },
          on: {
            'pool.claimed': {
              target: 'claimed',
              actions: { type: 'noteProcess', params: ({ event }) => event },
            },
            'server.jobAssigned': {
              target: '#job.launching.claiming',
              actions: { type: 'noteAssignment', params: ({ event }) => event },
            },
          },
        },
      },
      on: {
        'server.jobTerminated': {
          description: 'Cancelled before it was launched.',
          target: 'cancelled',
          actions: ['release', { type: 'noteEnd', params: { end: 'cancelled' } }],
        },
        'registration.lost': {
          description: 'The assignment cannot come any more.',
          target: 'lost',
          actions: ['release', { type: 'noteEnd', params: { end: 'lost' } }],
        },
        'job.close': {
          target: 'cancelled',
          actions: ['release', { type: 'noteEnd', params: { end: 'cancelled' } }],
        },
      },
      after: {
        assignmentTimeout: {
          description:
            'The slot and the process are freed; a later assignment is answered with FAILED.',
          target: 'unassigned',
          actions: [
            'release',
            'noteUnassigned',
            { type: 'noteEnd', params: { end: 'unassigned' } },
          ],
        },
      },
    },
    launching: {
      description:
        'Assigned; entry is not called yet. A launch that fails is retried on another process, three in all.',
      entry: ['emitAssigned', { type: 'reportPhase', params: { phase: 'running' } }],
      initial: 'starting',
      states: {
        claiming: {
          description:
            'Another process is claimed. The pool answers within the same turn: nothing else can come between.',
          entry: { type: 'claim', params: { isAccepted: true } },
          on: {
            'pool.claimed': {
              target: 'starting',
              actions: { type: 'noteProcess', params: ({ event }) => event },
            },
            'pool.refused': {
              target: '#job.failed',
              actions: [
                { type: 'noteLaunchFailure', params: ({ event }) => ({ cause: event.failure }) },
                { type: 'sendFailed', params: { error: 'no job process is ready' } },
                { type: 'noteEnd', params: { end: 'failed' } },
              ],
            },
          },
        },
        starting: {
          description: 'The order to start is with the process; it starts as soon as it is warm.',
          entry: ['countLaunch', 'launch', 'emitLaunching'],
          on: {
            'session.started': '#job.running',
            'process.exited': [
              {
                description: 'Nothing of the job has run: another process may.',
                guard: 'canRelaunch',
                target: 'claiming',
                actions: 'forgetProcess',
              },
              {
                target: '#job.failed',
                actions: [
                  {
                    type: 'noteLaunchFailure',
                    params: ({ event }) => ({ cause: event.failure }),
                  },
                  {
                    type: 'sendFailed',
                    params: { error: 'the job could not be launched' },
                  },
                  { type: 'noteEnd', params: { end: 'failed' } },
                ],
              },
            ],
            'server.jobTerminated': {
              description: 'The session may just have begun: it is asked to end.',
              target: '#job.closing',
              actions: [
                {
                  type: 'tell',
                  params: { message: { type: 'close', reason: 'terminated', detail: '' } },
                },
                { type: 'noteCloseReason', params: { reason: 'terminated' } },
              ],
            },
            'job.close': {
              target: '#job.closing',
              actions: [
                {
                  type: 'tell',
                  params: ({ event }) => ({
                    message: { type: 'close', reason: event.reason, detail: '' },
                  }),
                },
                { type: 'noteCloseReason', params: ({ event }) => ({ reason: event.reason }) },
              ],
            },
          },
        },
      },
    },
    running: {
      description: 'entry was called. The session decides when and why it ends.',
      entry: ['emitStarted', 'tellDrain'],
      initial: 'unconnected',
      states: {
        unconnected: {
          description: 'The agent has not connected to its room yet.',
          on: {
            'session.connecting': { target: 'connecting', actions: 'noteInRoom' },
          },
        },
        connecting: {
          description: 'connect() is under way.',
          on: {
            'session.connected': {
              target: 'connected',
              actions: {
                type: 'emitConnected',
                params: ({ event }) => ({ roomSid: event.roomSid, identity: event.identity }),
              },
            },
          },
        },
        connected: {
          description: 'The agent is in its room.',
          on: { 'session.reconnecting': 'reconnecting' },
        },
        reconnecting: {
          description: 'The connection to the room is being renewed.',
          entry: 'emitReconnecting',
          on: { 'session.reconnected': 'connected' },
        },
      },
      on: {
        'session.closing': {
          target: 'closing',
          actions: [
            {
              type: 'emitClosing',
              params: ({ event }) => ({ reason: event.reason, detail: event.detail }),
            },
            { type: 'noteCloseReason', params: ({ event }) => ({ reason: event.reason }) },
          ],
        },
        'session.warning': {
          actions: {
            type: 'emitWarning',
            params: ({ event }) => ({ step: event.step, failure: event.failure }),
          },
        },
        'server.jobTerminated': {
          description:
            'It says no reason, and also comes when the agent only renewed its connection: the session finds out (R6, R7).',
          actions: { type: 'tell', params: { message: { type: 'terminate' } } },
        },
        'worker.draining': {
          actions: {
            type: 'tell',
            params: ({ event }) => ({
              message: { type: 'drain', deadlineMs: event.deadlineMs },
            }),
          },
        },
        'job.close': {
          target: 'closing',
          actions: [
            {
              type: 'tell',
              params: ({ event }) => ({
                message: { type: 'close', reason: event.reason, detail: '' },
              }),
            },
            { type: 'noteCloseReason', params: ({ event }) => ({ reason: event.reason }) },
          ],
        },
        'process.exited': [
          {
            guard: { type: 'isGhost', params: ({ event }) => ({ exit: event }) },
            target: 'removing',
            actions: [{ type: 'noteExit', params: ({ event }) => ({ exit: event }) }, 'sendStatus'],
          },
          {
            target: 'ended',
            actions: [{ type: 'noteExit', params: ({ event }) => ({ exit: event }) }, 'sendStatus'],
          },
        ],
      },
    },
    closing: {
      description:
        'The session ends, within its own budget; this margin above it is the only timer that the job keeps on it.',
      initial: 'awaitingOutcome',
      states: {
        awaitingOutcome: {
          description: 'entry settles and onSessionEnd runs; then the outcome is fixed.',
          on: {
            'session.connecting': { actions: 'noteInRoom' },
            'session.closing': {
              actions: {
                type: 'emitClosing',
                params: ({ event }) => ({ reason: event.reason, detail: event.detail }),
              },
            },
            'session.outcome': {
              target: 'reporting',
              actions: [{ type: 'noteOutcome', params: ({ event }) => event }, 'sendStatus'],
            },
            'process.exited': [
              {
                description: 'Its process was not warm yet: nothing of the job has run.',
                guard: { type: 'isUnbegun', params: ({ event }) => ({ exit: event }) },
                target: '#job.cancelled',
                actions: [
                  { type: 'sendFailed', params: { error: 'the job was ended before it started' } },
                  { type: 'noteEnd', params: { end: 'cancelled' } },
                ],
              },
              {
                guard: { type: 'isGhost', params: ({ event }) => ({ exit: event }) },
                target: '#job.removing',
                actions: [
                  { type: 'noteExit', params: ({ event }) => ({ exit: event }) },
                  'sendStatus',
                ],
              },
              {
                target: '#job.ended',
                actions: [
                  { type: 'noteExit', params: ({ event }) => ({ exit: event }) },
                  'sendStatus',
                ],
              },
            ],
          },
        },
        reporting: {
          description:
            'The outcome is on its way to the server, which is to read it before it sees the agent leave: else it records a failure.',
          on: {
            'server.statusRead': 'leaving',
            'registration.lost': 'leaving',
            'process.exited': [
              {
                guard: { type: 'isGhost', params: ({ event }) => ({ exit: event }) },
                target: '#job.removing',
                actions: { type: 'noteExit', params: ({ event }) => ({ exit: event }) },
              },
              {
                target: '#job.ended',
                actions: { type: 'noteExit', params: ({ event }) => ({ exit: event }) },
              },
            ],
          },
        },
        leaving: {
          description: 'The server knows the outcome. The process leaves the room and exits.',
          entry: { type: 'tell', params: { message: { type: 'outcomeReported' } } },
          on: {
            'process.exited': [
              {
                guard: { type: 'isGhost', params: ({ event }) => ({ exit: event }) },
                target: '#job.removing.calling',
                actions: { type: 'noteExit', params: ({ event }) => ({ exit: event }) },
              },
              {
                target: '#job.ended',
                actions: { type: 'noteExit', params: ({ event }) => ({ exit: event }) },
              },
            ],
          },
        },
      },
      on: {
        'session.warning': {
          actions: {
            type: 'emitWarning',
            params: ({ event }) => ({ step: event.step, failure: event.failure }),
          },
        },
      },
      after: {
        closeTimeout: {
          description: 'The kill ladder ends what did not end by itself.',
          actions: { type: 'stopProcess', params: { cause: 'close-timeout' } },
        },
      },
    },
    removing: {
      description:
        'The process died in the room: its participant would stand there as a ghost for 21 s, so it is removed now.',
      initial: 'reporting',
      states: {
        reporting: {
          description: 'The server is to read the outcome before it sees the participant leave.',
          on: { 'server.statusRead': 'calling', 'registration.lost': 'calling' },
          after: { reportTimeout: 'calling' },
        },
        calling: {
          description: 'The server is asked to remove the participant.',
          invoke: {
            src: 'removeParticipant',
            input: ({ context }) => ({
              room: context.facts.room,
              identity: context.accept.identity,
            }),
            onDone: '#job.ended',
            onError: {
              target: '#job.ended',
              actions: {
                type: 'emitWarning',
                params: ({ event }) => ({
                  step: 'removeParticipant',
                  failure: { code: 'GR_STEP_FAILED', message: rules.describeError(event.error) },
                }),
              },
            },
          },
          after: { removeTimeout: '#job.ended' },
        },
      },
    },
    ended: {
      description: 'The process is gone; the outcome names the state.',
      always: [{ guard: 'hasSucceeded', target: 'succeeded' }, { target: 'failed' }],
    },
    succeeded: { description: 'Reported as JS_SUCCESS.', type: 'final', entry: 'emitEnded' },
    failed: { description: 'Reported as JS_FAILED.', type: 'final', entry: 'emitEnded' },
    rejected: {
      description: 'Not accepted; exactly one answer leaves.',
      type: 'final',
      entry: ['sendAnswer', 'emitRejected'],
    },
    unassigned: {
      description: 'Accepted, but the assignment never came.',
      type: 'final',
      entry: 'emitEnded',
    },
    cancelled: {
      description: 'Ended before it was launched.',
      type: 'final',
      entry: 'emitEnded',
    },
    lost: {
      description: 'The connection it was decided or accepted on closed.',
      type: 'final',
      entry: 'emitEnded',
    },
  },
});
