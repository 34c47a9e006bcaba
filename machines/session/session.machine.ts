import {
  assign,
  emit,
  enqueueActions,
  raise,
  sendTo,
  setup,
  stateIn,
  type AnyActorLogic,
  type EventObject,
} from 'xstate';
import { clampDelay } from '../delays.ts';
import { failureOf } from '../failure.ts';
import { sessionCloseMachine } from '../session-close/session-close.machine.ts';
import type { SessionCloseEvent, SessionWarning } from '../session-close/session-close.types.ts';
import type { SessionOutcome } from '../messages.ts';
import { unprovided, unprovidedCallback } from '../unprovided.ts';
import * as rules from './session.rules.ts';
import type {
  CauseParams,
  Participant,
  SessionContext,
  SessionEmitted,
  SessionEvent,
  SessionInput,
  SessionOutput,
} from './session.types.ts';

/** One job in its job process, from launch to outcome. */
export const sessionMachine = setup({
  types: {
    context: {} as SessionContext,
    events: {} as SessionEvent,
    input: {} as SessionInput,
    output: {} as SessionOutput,
    emitted: {} as SessionEmitted,
  },
  actors: {
    entry: unprovided<unknown>('sessionMachine', 'entry') as AnyActorLogic,
    room: unprovidedCallback<EventObject, { linked: Participant | null }>('sessionMachine', 'room'),
    sessionClose: sessionCloseMachine,
  },
  guards: {
    isWrongRoom: ({ context }, params: { roomSid: string }) =>
      rules.isWrongRoom(context, params.roomSid),
    isLinked: ({ context }, params: { participant: Participant }) =>
      rules.isLinked(context.linked, params.participant),
    isLinkedHere: (_, params: { isLinkedHere: boolean }) => params.isLinkedHere,
    hasLinked: ({ context }) => context.linked !== null,
    hasSucceeded: ({ context }) => rules.hasSucceeded(context),
    hasEntryReturned: stateIn({ active: { entry: 'returned' } }),
    isUnconnected: stateIn({ active: { room: { away: 'unconnected' } } }),
    isReconnecting: stateIn({ active: { room: { present: 'reconnecting' } } }),
    isRenewed: stateIn({ active: { room: { present: 'renewed' } } }),
    isRunning: stateIn({ active: { course: 'running' } }),
  },
  actions: {
    noteConnected: assign((_, params: { identity: string }) => ({
      identity: params.identity,
      hasConnected: true,
    })),
    noteLinkLost: assign({ hasLink: false }),
    noteCause: assign(({ context }, params: CauseParams) => ({
      cause: rules.firstCause(context, params),
    })),
    emitReport: emit((_, params: SessionEmitted) => params),
    emitClosing: emit(({ context }) => rules.closingReport(context)),
    emitOutcome: enqueueActions(({ context, enqueue }, params: { outcome: SessionOutcome }) => {
      if (context.hasReported) return;
      enqueue.assign({ hasReported: true });
      enqueue.emit({ type: 'session.outcome', outcome: params.outcome });
    }),
    warn: enqueueActions(({ context, enqueue }, { step, failure }: SessionWarning) => {
      enqueue.assign({ warnings: [...context.warnings, { step, failure }] });
      enqueue.emit({ type: 'session.warning', step, failure });
    }),
    tellClose: sendTo('close', (_, params: SessionCloseEvent) => params),
    raiseReturned: raise({ type: 'entry.returned' }),
    raiseFailed: raise((_, params: { error: unknown }) => ({
      type: 'entry.failed',
      failure: failureOf(params.error, 'GR_ENTRY_FAILED'),
    })),
    raiseCrashed: raise((_, params: { error: unknown }) => ({
      type: 'process.crashed',
      failure: failureOf(params.error, 'GR_INTERNAL'),
    })),
    raiseLinkedGone: raise({ type: 'linked.gone' }),
  },
  delays: {
    unconnectedWarn: ({ context }) => clampDelay(context.limits.unconnectedWarnMs),
    termination: ({ context }) => clampDelay(context.limits.terminationMs),
    absence: rules.ABSENCE_MS,
    abandon: ({ context }) => rules.abandonMs(context),
  },
}).createMachine({
  id: 'session',
  description: "The agent's stay in the room: one job in its job process, from launch to outcome.",
  context: ({ input }) => rules.initialContext(input),
  output: ({ context }) => rules.output(context),
  initial: 'active',
  states: {
    active: {
      type: 'parallel',
      description: 'Four facts side by side, and the course that is steered by them.',
      invoke: {
        id: 'room',
        src: 'room',
        input: ({ context }) => ({ linked: context.linked }),
        onError: {
          description: 'Without facts of the room nothing would ever end the session.',
          actions: { type: 'raiseCrashed', params: ({ event }) => ({ error: event.error }) },
        },
      },
      on: {
        'link.drained': {
          description: 'The session may run on until the deadline; the agent is told.',
          actions: {
            type: 'emitReport',
            params: ({ event }) => ({ type: 'session.draining', deadlineMs: event.deadlineMs }),
          },
        },
      },
      states: {
        entry: {
          description: "The user's entry function, or the user's own machine in its place.",
          initial: 'running',
          states: {
            running: {
              description: 'entry was called.',
              entry: { type: 'emitReport', params: { type: 'session.started' } },
              invoke: {
                id: 'entry',
                src: 'entry',
                onDone: { target: 'returned', actions: 'raiseReturned' },
                onError: {
                  target: 'threw',
                  actions: { type: 'raiseFailed', params: ({ event }) => ({ error: event.error }) },
                },
              },
            },
            returned: {
              description: 'entry returned; a connected session goes on without it.',
            },
            threw: { description: 'entry threw an error.' },
          },
        },
        room: {
          description: 'The connection to the room.',
          initial: 'away',
          states: {
            away: {
              description: 'The agent has not been in the room yet.',
              initial: 'unconnected',
              after: {
                unconnectedWarn: {
                  guard: 'isRunning',
                  actions: {
                    type: 'warn',
                    params: ({ context }) => rules.unconnectedWarning(context),
                  },
                },
              },
              on: {
                'room.connected': {
                  target: 'present',
                  actions: [
                    {
                      type: 'noteConnected',
                      params: ({ event }) => ({ identity: event.identity }),
                    },
                    {
                      type: 'emitReport',
                      params: ({ event }) => ({
                        type: 'session.connected',
                        roomSid: event.roomSid,
                        identity: event.identity,
                      }),
                    },
                  ],
                },
                'room.disconnected': 'left',
              },
              states: {
                unconnected: {
                  description: 'ctx.connect() has not been called.',
                  on: { 'room.connecting': 'connecting' },
                },
                connecting: {
                  description: 'ctx.connect() is under way.',
                  entry: { type: 'emitReport', params: { type: 'session.connecting' } },
                  on: { 'room.connectFailed': 'unconnected' },
                },
              },
            },
            present: {
              description: 'The agent is in the room.',
              initial: 'connected',
              on: { 'room.disconnected': 'left' },
              states: {
                connected: {
                  description: 'The connection stands.',
                  on: { 'room.reconnecting': 'reconnecting' },
                },
                reconnecting: {
                  description: 'The connection broke and is being renewed.',
                  entry: { type: 'emitReport', params: { type: 'session.reconnecting' } },
                  on: {
                    'room.reconnected': {
                      target: 'renewed',
                      actions: { type: 'emitReport', params: { type: 'session.reconnected' } },
                    },
                  },
                },
                renewed: {
                  description:
                    'The connection has just been renewed: a JobTermination that comes now speaks of the old one.',
                  on: { 'room.reconnecting': 'reconnecting' },
                  after: { termination: 'connected' },
                },
              },
            },
            left: { description: 'The agent is out of the room for good.' },
          },
        },
        linked: {
          description: 'The participant that a publisher or participant job was made for.',
          initial: 'unknown',
          states: {
            unknown: {
              description: 'Nothing is known before the first connect, or nobody is to be watched.',
              on: {
                'room.connected': [
                  {
                    guard: { type: 'isLinkedHere', params: ({ event }) => event },
                    target: 'present',
                  },
                  { guard: 'hasLinked', target: 'absent' },
                ],
              },
            },
            present: {
              description: 'The participant is in the room.',
              on: {
                'room.participantLeft': {
                  guard: { type: 'isLinked', params: ({ event }) => ({ participant: event }) },
                  target: 'absent',
                },
              },
            },
            absent: {
              description:
                'The participant is missing. It may come back at once: the renewal of our own connection looks like that.',
              on: {
                'room.participantJoined': {
                  guard: { type: 'isLinked', params: ({ event }) => ({ participant: event }) },
                  target: 'present',
                },
                'room.reconnected': {
                  description: 'Who is in the room is only told again after the renewal.',
                  target: 'absent',
                  reenter: true,
                },
              },
              after: {
                absence: [
                  { guard: 'isReconnecting', target: 'unseen' },
                  { target: 'gone', actions: 'raiseLinkedGone' },
                ],
              },
            },
            unseen: {
              description: 'Nobody can be seen while the connection is being renewed.',
              on: {
                'room.reconnected': 'absent',
                'room.participantJoined': {
                  guard: { type: 'isLinked', params: ({ event }) => ({ participant: event }) },
                  target: 'present',
                },
              },
            },
            gone: { description: 'The participant left (rule R10).' },
          },
        },
        link: {
          description: 'The link to the worker.',
          initial: 'attached',
          states: {
            attached: {
              description: 'The worker is there.',
              on: { 'link.lost': { target: 'lost', actions: 'noteLinkLost' } },
            },
            lost: {
              description:
                'The worker is gone; what is left of this process after a while is killed.',
              after: {
                abandon: [
                  {
                    guard: 'hasSucceeded',
                    target: '#session.succeeded',
                    actions: {
                      type: 'warn',
                      params: ({ context }) => rules.abandonedWarning(context),
                    },
                  },
                  {
                    target: '#session.failed',
                    actions: {
                      type: 'warn',
                      params: ({ context }) => rules.abandonedWarning(context),
                    },
                  },
                ],
              },
            },
          },
        },
        course: {
          description: 'Runs until the first reason to end, then closes.',
          initial: 'running',
          states: {
            running: {
              description: 'Nothing has ended the session. The first cause wins.',
              initial: 'steady',
              on: {
                'room.connected': {
                  description: 'Rule R9: the room of the job is gone, this one is not ours.',
                  guard: {
                    type: 'isWrongRoom',
                    params: ({ event }) => ({ roomSid: event.roomSid }),
                  },
                  target: 'closing',
                  actions: {
                    type: 'noteCause',
                    params: ({ event }) => ({ reason: 'wrong-room', detail: event.roomSid }),
                  },
                },
                'room.disconnected': {
                  target: 'closing',
                  actions: {
                    type: 'noteCause',
                    params: ({ event }) => ({ reason: event.reason, detail: event.detail }),
                  },
                },
                'room.connectFailed': {
                  description:
                    'entry is over and did not wait for the connect: nobody will try again.',
                  guard: 'hasEntryReturned',
                  target: 'closing',
                  actions: {
                    type: 'noteCause',
                    params: ({ event }) => rules.errorCause('connection-lost', event.failure),
                  },
                },
                'linked.gone': {
                  target: 'closing',
                  actions: {
                    type: 'noteCause',
                    params: ({ context }) => ({
                      reason: 'participant-left',
                      detail: context.linked?.identity ?? '',
                    }),
                  },
                },
                'entry.returned': {
                  description: 'Without a room there is nothing to stay for.',
                  guard: 'isUnconnected',
                  target: 'closing',
                  actions: { type: 'noteCause', params: { reason: 'entry-returned' } },
                },
                'entry.failed': {
                  target: 'closing',
                  actions: {
                    type: 'noteCause',
                    params: ({ event }) => rules.errorCause('entry-failed', event.failure),
                  },
                },
                'agent.shutdown': {
                  target: 'closing',
                  actions: {
                    type: 'noteCause',
                    params: ({ event }) => ({ reason: 'agent-ended', detail: event.detail }),
                  },
                },
                'agent.endSession': {
                  target: 'closing',
                  actions: {
                    type: 'noteCause',
                    params: ({ event }) => ({ reason: 'session-ended', detail: event.detail }),
                  },
                },
                'link.closed': {
                  target: 'closing',
                  actions: {
                    type: 'noteCause',
                    params: ({ event }) => ({ reason: event.reason, detail: event.detail }),
                  },
                },
                'link.lost': {
                  target: 'closing',
                  actions: { type: 'noteCause', params: { reason: 'orphaned' } },
                },
                'process.crashed': {
                  target: 'closing',
                  actions: {
                    type: 'noteCause',
                    params: ({ event }) => rules.errorCause('crashed', event.failure),
                  },
                },
                'process.signalled': {
                  target: 'closing',
                  actions: {
                    type: 'noteCause',
                    params: ({ event }) => ({ reason: 'terminated', detail: event.signal }),
                  },
                },
              },
              states: {
                steady: {
                  description: 'All is well.',
                  on: {
                    'link.terminated': [
                      {
                        description: 'The room cannot tell a reason.',
                        guard: 'isUnconnected',
                        target: '#session.active.course.closing',
                        actions: { type: 'noteCause', params: { reason: 'terminated' } },
                      },
                      {
                        description:
                          'The server speaks of the connection that was renewed. If it means us, it removes the agent within 3 s.',
                        guard: 'isRenewed',
                      },
                      { target: 'terminating' },
                    ],
                  },
                },
                terminating: {
                  description:
                    "A JobTermination has no reason and comes just before the room's own disconnect, which tells it; it also comes when our connection is renewed.",
                  on: {
                    'room.reconnected': {
                      description: 'It spoke of the old connection.',
                      target: 'steady',
                    },
                  },
                  after: {
                    termination: [
                      { guard: 'isReconnecting', target: 'awaitingReconnect' },
                      {
                        description: 'Still connected: the dispatch was deleted.',
                        target: '#session.active.course.closing',
                        actions: { type: 'noteCause', params: { reason: 'terminated' } },
                      },
                    ],
                  },
                },
                awaitingReconnect: {
                  description: 'The renewal decides: it succeeds, or the room tells a reason.',
                  on: { 'room.reconnected': 'steady' },
                },
              },
            },
            closing: {
              description: 'The session close; whatever comes now does not change the outcome.',
              entry: 'emitClosing',
              invoke: {
                id: 'close',
                src: 'sessionClose',
                input: ({ context, self }) => rules.closeInput(context, self),
                onDone: [
                  { guard: 'hasSucceeded', target: '#session.succeeded' },
                  { target: '#session.failed' },
                ],
                onError: {
                  description: 'A bug in the session close must not swallow the outcome.',
                  target: '#session.failed',
                  actions: [
                    {
                      type: 'warn',
                      params: ({ event }) => rules.lateErrorWarning('close', event.error),
                    },
                    {
                      type: 'emitOutcome',
                      params: ({ context }) => ({ outcome: rules.outcomeOf(context) }),
                    },
                  ],
                },
              },
              on: {
                'close.warned': {
                  actions: { type: 'warn', params: ({ event }) => event },
                },
                'close.reporting': {
                  actions: {
                    type: 'emitOutcome',
                    params: ({ event }) => ({ outcome: event.outcome }),
                  },
                },
                'link.outcomeReported': {
                  actions: { type: 'tellClose', params: ({ event }) => event },
                },
                'link.lost': { actions: { type: 'tellClose', params: ({ event }) => event } },
                'entry.failed': {
                  description: 'entry threw while it was told to stop.',
                  actions: {
                    type: 'warn',
                    params: ({ event }) => rules.lateErrorWarning('entry', event.failure),
                  },
                },
                'process.crashed': {
                  actions: {
                    type: 'warn',
                    params: ({ event }) => rules.lateErrorWarning('process', event.failure),
                  },
                },
              },
            },
          },
        },
      },
    },
    succeeded: { description: 'The job is done.', type: 'final' },
    failed: { description: 'The job failed; the output tells why.', type: 'final' },
  },
});
