/** A session close whose steps the test settles one by one. */
import { createActor, fromCallback, fromPromise, SimulatedClock } from 'xstate';
import type { SessionOutcome } from '../../../machines/messages.ts';
import { sessionCloseMachine } from '../../../machines/session-close/session-close.machine.ts';
import type {
  CloseCause,
  CloseReport,
} from '../../../machines/session-close/session-close.types.ts';
import { deferred, settled, stateName } from '../settling.ts';
import { createCoverage } from '../../../src/testing/model/coverage.ts';

export const coverage = createCoverage(sessionCloseMachine);

export const limits = {
  totalMs: 60_000,
  entryGraceMs: 15_000,
  sessionEndMs: 20_000,
  reportMs: 500,
  leaveMs: 5_000,
  callbacksMs: 10_000,
  flushMs: 1_000,
  disposeMs: 2_000,
};

export const ended: SessionOutcome = {
  outcome: 'succeeded',
  reason: 'agent-ended',
  detail: 'bye',
  failure: null,
};

export type StepActor =
  | 'settleEntry'
  | 'endSession'
  | 'settleConnect'
  | 'deleteRoom'
  | 'leaveRoom'
  | 'runCallbacks'
  | 'flushLogs'
  | 'disposeNative';

const stepActors: StepActor[] = [
  'settleEntry',
  'endSession',
  'settleConnect',
  'deleteRoom',
  'leaveRoom',
  'runCallbacks',
  'flushLogs',
  'disposeNative',
];

/** A close whose steps the test settles one by one. */
export function startClose(
  options: { outcome?: SessionOutcome; hasLink?: boolean; limits?: typeof limits } = {},
) {
  const clock = new SimulatedClock();
  const reports: CloseReport[] = [];
  const began: { step: StepActor; cause: CloseCause }[] = [];
  const controls = new Map(stepActors.map((name) => [name, deferred()]));
  const actors = Object.fromEntries(
    stepActors.map((name) => [
      name,
      fromPromise<unknown, CloseCause>(async ({ input }) => {
        began.push({ step: name, cause: input });
        await controls.get(name)!.promise;
      }),
    ]),
  ) as Record<StepActor, ReturnType<typeof fromPromise<unknown, CloseCause>>>;
  const session = createActor(
    fromCallback<CloseReport>(({ receive }) => receive((report) => void reports.push(report))),
  ).start();
  const actor = createActor(sessionCloseMachine.provide({ actors }), {
    clock,
    inspect: coverage.inspect,
    input: {
      outcome: options.outcome ?? ended,
      limits: options.limits ?? limits,
      hasLink: options.hasLink ?? true,
      session,
    },
  }).start();
  return {
    actor,
    clock,
    reports,
    began,
    steps: () => began.map(({ step }) => step),
    /** Lets steps succeed, one after the other. */
    async succeed(...names: StepActor[]) {
      for (const name of names) {
        controls.get(name)!.resolve();
        await settled();
      }
    },
    async fail(name: StepActor, error: unknown) {
      controls.get(name)!.reject(error);
      await settled();
    },
    state: () => stateName(actor.getSnapshot().value),
  };
}
