import { clampDelay } from '../delays.ts';
import { failureOf } from '../failure.ts';
import {
  CLOSE_STEPS,
  type CloseCause,
  type CloseLimits,
  type CloseStep,
  type SessionCloseContext,
  type SessionCloseOutput,
  type SessionWarning,
} from './session-close.types.ts';

/** How long a connect under way is waited for: before it is done, leaving the room does nothing. */
const CONNECT_GRACE_MS = 3_000;

/** How long a step may take, in ms. */
export function limitMs(step: CloseStep, limits: CloseLimits): number {
  const byStep: Record<CloseStep, number> = {
    entry: limits.entryGraceMs,
    sessionEnd: limits.sessionEndMs,
    report: limits.reportMs,
    connect: CONNECT_GRACE_MS,
    deleteRoom: limits.leaveMs,
    leave: limits.leaveMs,
    callbacks: limits.callbacksMs,
    flush: limits.flushMs,
    dispose: limits.disposeMs,
  };
  return clampDelay(byStep[step]);
}

/**
 * How long entry and onSessionEnd may take together: they are the user's code, and what they waste must not cost the
 * report and the leaving, or the agent stays in the room as a ghost. At least half of the total is theirs.
 */
export function endingMs(limits: CloseLimits): number {
  const reserved = limits.totalMs - limits.reportMs - limits.leaveMs;
  return clampDelay(Math.max(limits.totalMs / 2, reserved));
}

/** Why the session ends, as each step is told. */
export function causeOf(context: SessionCloseContext): CloseCause {
  return { reason: context.outcome.reason, detail: context.outcome.detail };
}

/** The current step failed. */
export function failedStep(context: SessionCloseContext, error: unknown): SessionWarning {
  return { step: context.step, failure: failureOf(error, 'GR_STEP_FAILED') };
}

/** The current step did not end in time. */
export function lateStep(context: SessionCloseContext): SessionWarning {
  const { step, limits } = context;
  return timeOut(step, `${DESCRIPTIONS[step]} took longer than ${limitMs(step, limits)} ms.`);
}

/** The user's code took what the report and the leaving need. */
export function lateEnding(context: SessionCloseContext): SessionWarning {
  const { step, limits } = context;
  return timeOut(
    step,
    `${DESCRIPTIONS[step]} was not done after ${endingMs(limits)} ms; the rest of the ${limits.totalMs} ms is for leaving the room.`,
  );
}

/** The total budget is used up. */
export function cutShort(context: SessionCloseContext): SessionWarning {
  const { step, limits } = context;
  const skipped = CLOSE_STEPS.slice(CLOSE_STEPS.indexOf(step) + 1);
  const rest = skipped.length === 0 ? '' : `, skipped: ${skipped.join(', ')}`;
  return timeOut(
    step,
    `The session close took longer than ${limits.totalMs} ms in all. Not done: ${step}${rest}.`,
  );
}

/** How it ended. */
export function output(context: SessionCloseContext): SessionCloseOutput {
  return { outcome: context.isCut ? 'cut' : 'completed', warnings: context.warnings };
}

const DESCRIPTIONS: Record<CloseStep, string> = {
  entry: 'entry, after ctx.signal was aborted,',
  sessionEnd: 'onSessionEnd',
  report: 'The confirmation of the outcome by the worker',
  connect: 'ctx.connect(), which was under way,',
  deleteRoom: 'Deleting the room',
  leave: 'Leaving the room',
  callbacks: 'The shutdown callbacks',
  flush: 'Flushing the logs',
  dispose: 'Disposing of the native library',
};

function timeOut(step: CloseStep, message: string): SessionWarning {
  return { step, failure: { code: 'GR_STEP_TIMEOUT', message } };
}
