import { assign, enqueueActions, setup } from 'xstate';
import { clampDelay } from '../delays.ts';
import { unprovided } from '../unprovided.ts';
import * as rules from './session-close.rules.ts';
import type {
  CloseCause,
  CloseStep,
  SessionCloseContext,
  SessionCloseEvent,
  SessionCloseInput,
  SessionCloseOutput,
} from './session-close.types.ts';

const step = (actor: string) => unprovided<unknown, CloseCause>('sessionCloseMachine', actor);

/** The ordered, bounded end of a session: the same steps for every reason to end. */
export const sessionCloseMachine = setup({
  types: {
    context: {} as SessionCloseContext,
    events: {} as SessionCloseEvent,
    input: {} as SessionCloseInput,
    output: {} as SessionCloseOutput,
  },
  actors: {
    settleEntry: step('settleEntry'),
    endSession: step('endSession'),
    settleConnect: step('settleConnect'),
    deleteRoom: step('deleteRoom'),
    leaveRoom: step('leaveRoom'),
    runCallbacks: step('runCallbacks'),
    flushLogs: step('flushLogs'),
    disposeNative: step('disposeNative'),
  },
  guards: {
    hasNoLink: ({ context }) => !context.hasLink,
    isToDeleteRoom: ({ context }) => context.outcome.reason === 'session-ended',
  },
  actions: {
    begin: assign((_, params: { step: CloseStep }) => params),
    forgetLink: assign({ hasLink: false }),
    reportOutcome: enqueueActions(({ context, enqueue }) => {
      if (context.isReported) return;
      enqueue.assign({ isReported: true });
      enqueue.sendTo(context.session, { type: 'close.reporting', outcome: context.outcome });
    }),
    warnFailed: enqueueActions(({ context, enqueue }, params: { error: unknown }) => {
      const warning = rules.failedStep(context, params.error);
      enqueue.assign({ warnings: [...context.warnings, warning] });
      enqueue.sendTo(context.session, { type: 'close.warned', ...warning });
    }),
    warnLate: enqueueActions(({ context, enqueue }) => {
      const warning = rules.lateStep(context);
      enqueue.assign({ warnings: [...context.warnings, warning] });
      enqueue.sendTo(context.session, { type: 'close.warned', ...warning });
    }),
    warnLateEnding: enqueueActions(({ context, enqueue }) => {
      const warning = rules.lateEnding(context);
      enqueue.assign({ warnings: [...context.warnings, warning] });
      enqueue.sendTo(context.session, { type: 'close.warned', ...warning });
    }),
    cutShort: enqueueActions(({ context, enqueue }) => {
      const warning = rules.cutShort(context);
      enqueue.assign({ isCut: true, warnings: [...context.warnings, warning] });
      enqueue.sendTo(context.session, { type: 'close.warned', ...warning });
    }),
  },
  delays: {
    total: ({ context }) => clampDelay(context.limits.totalMs),
    ending: ({ context }) => rules.endingMs(context.limits),
    step: ({ context }) => rules.limitMs(context.step, context.limits),
  },
}).createMachine({
  id: 'sessionClose',
  description:
    'Ends a session in order. A step that fails or takes too long becomes a warning and the next one runs.',
  context: ({ input }) => ({
    ...input,
    step: 'entry',
    isReported: false,
    isCut: false,
    warnings: [],
  }),
  output: ({ context }) => rules.output(context),
  initial: 'closing',
  states: {
    closing: {
      description: 'Everything here happens within the total budget.',
      initial: 'ending',
      on: {
        'link.lost': {
          description: 'The worker is gone: no confirmation will come.',
          actions: 'forgetLink',
        },
      },
      after: {
        total: {
          description: 'The outcome is told in any case; what is left of the steps is skipped.',
          target: 'closed',
          actions: ['cutShort', 'reportOutcome'],
        },
      },
      states: {
        ending: {
          description:
            "The user's code comes to its end. It gets what the report and the leaving do not need of the total budget.",
          initial: 'settlingEntry',
          after: {
            ending: {
              target: 'reporting',
              actions: 'warnLateEnding',
            },
          },
          states: {
            settlingEntry: {
              description:
                'ctx.signal is aborted, the shutdown listeners are told at once, entry may still settle.',
              entry: { type: 'begin', params: { step: 'entry' } },
              invoke: {
                id: 'settleEntry',
                src: 'settleEntry',
                input: ({ context }) => rules.causeOf(context),
                onDone: 'endingSession',
                onError: {
                  target: 'endingSession',
                  actions: { type: 'warnFailed', params: ({ event }) => ({ error: event.error }) },
                },
              },
              after: {
                step: {
                  description: 'JavaScript cannot be interrupted: entry runs on, nobody waits.',
                  target: 'endingSession',
                  actions: 'warnLate',
                },
              },
            },
            endingSession: {
              description: 'onSessionEnd: the agent is still in the room.',
              entry: { type: 'begin', params: { step: 'sessionEnd' } },
              invoke: {
                id: 'endSession',
                src: 'endSession',
                input: ({ context }) => rules.causeOf(context),
                onDone: '#sessionClose.closing.reporting',
                onError: {
                  target: '#sessionClose.closing.reporting',
                  actions: { type: 'warnFailed', params: ({ event }) => ({ error: event.error }) },
                },
              },
              after: {
                step: {
                  target: '#sessionClose.closing.reporting',
                  actions: 'warnLate',
                },
              },
            },
          },
        },
        reporting: {
          description:
            'The outcome is fixed and told before the agent leaves: the server takes an agent that left without a word for failed.',
          entry: [{ type: 'begin', params: { step: 'report' } }, 'reportOutcome'],
          always: { guard: 'hasNoLink', target: 'settlingConnect' },
          on: { 'link.outcomeReported': 'settlingConnect' },
          after: {
            step: {
              target: 'settlingConnect',
              actions: 'warnLate',
            },
          },
        },
        settlingConnect: {
          description:
            'A connect under way is waited for: leaving does nothing before it is done. No connect, no wait.',
          entry: { type: 'begin', params: { step: 'connect' } },
          invoke: {
            id: 'settleConnect',
            src: 'settleConnect',
            input: ({ context }) => rules.causeOf(context),
            onDone: 'departing',
            onError: {
              description: 'The connect failed: there is no room to leave.',
              target: 'departing',
            },
          },
          after: {
            step: {
              description: 'The end of the process ends the connect.',
              target: 'departing',
              actions: 'warnLate',
            },
          },
        },
        departing: {
          description: 'ctx.endSession() deletes the room, every other reason only leaves it.',
          always: [{ guard: 'isToDeleteRoom', target: 'deletingRoom' }, { target: 'leavingRoom' }],
        },
        deletingRoom: {
          description: 'All participants are disconnected by the server.',
          entry: { type: 'begin', params: { step: 'deleteRoom' } },
          invoke: {
            id: 'deleteRoom',
            src: 'deleteRoom',
            input: ({ context }) => rules.causeOf(context),
            onDone: 'leavingRoom',
            onError: {
              target: 'leavingRoom',
              actions: { type: 'warnFailed', params: ({ event }) => ({ error: event.error }) },
            },
          },
          after: {
            step: {
              target: 'leavingRoom',
              actions: 'warnLate',
            },
          },
        },
        leavingRoom: {
          description: 'The agent disconnects; nothing to do when the room is gone already.',
          entry: { type: 'begin', params: { step: 'leave' } },
          invoke: {
            id: 'leaveRoom',
            src: 'leaveRoom',
            input: ({ context }) => rules.causeOf(context),
            onDone: 'callingBack',
            onError: {
              target: 'callingBack',
              actions: { type: 'warnFailed', params: ({ event }) => ({ error: event.error }) },
            },
          },
          after: {
            step: {
              target: 'callingBack',
              actions: 'warnLate',
            },
          },
        },
        callingBack: {
          description: 'The shutdown callbacks, all at the same time.',
          entry: { type: 'begin', params: { step: 'callbacks' } },
          invoke: {
            id: 'runCallbacks',
            src: 'runCallbacks',
            input: ({ context }) => rules.causeOf(context),
            onDone: 'flushing',
            onError: {
              target: 'flushing',
              actions: { type: 'warnFailed', params: ({ event }) => ({ error: event.error }) },
            },
          },
          after: {
            step: {
              target: 'flushing',
              actions: 'warnLate',
            },
          },
        },
        flushing: {
          description: 'What was logged reaches its destination.',
          entry: { type: 'begin', params: { step: 'flush' } },
          invoke: {
            id: 'flushLogs',
            src: 'flushLogs',
            input: ({ context }) => rules.causeOf(context),
            onDone: 'disposing',
            onError: {
              target: 'disposing',
              actions: { type: 'warnFailed', params: ({ event }) => ({ error: event.error }) },
            },
          },
          after: {
            step: {
              target: 'disposing',
              actions: 'warnLate',
            },
          },
        },
        disposing: {
          description:
            'The native library stops its threads: a process that ends under them crashes.',
          entry: { type: 'begin', params: { step: 'dispose' } },
          invoke: {
            id: 'disposeNative',
            src: 'disposeNative',
            input: ({ context }) => rules.causeOf(context),
            onDone: '#sessionClose.closed',
            onError: {
              target: '#sessionClose.closed',
              actions: { type: 'warnFailed', params: ({ event }) => ({ error: event.error }) },
            },
          },
          after: {
            step: {
              target: '#sessionClose.closed',
              actions: 'warnLate',
            },
          },
        },
      },
    },
    closed: {
      description: 'Nothing is left to do but to exit.',
      type: 'final',
    },
  },
});
