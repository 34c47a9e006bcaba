import type { CloseReason, Failure, SessionOutcome } from '../messages.ts';
import type { Ref } from '../refs.ts';

/** The steps of a session close, in their order. */
export const CLOSE_STEPS = [
  'entry',
  'sessionEnd',
  'report',
  'connect',
  'deleteRoom',
  'leave',
  'callbacks',
  'flush',
  'dispose',
] as const;

/** A step of a session close. */
export type CloseStep = (typeof CLOSE_STEPS)[number];

/** A step that failed, ran out of time or was skipped; the rest still ran. */
export interface SessionWarning {
  step: string;
  failure: Failure;
}

/** Limits of the steps, in ms. Each is also bounded by what is left of `totalMs`. */
export interface CloseLimits {
  totalMs: number;
  entryGraceMs: number;
  sessionEndMs: number;
  reportMs: number;
  leaveMs: number;
  callbacksMs: number;
  flushMs: number;
  disposeMs: number;
}

/** What each step is told: why the session ends. */
export interface CloseCause {
  reason: CloseReason;
  /** The text given to `ctx.shutdown(reason)`, or what the error said. */
  detail: string;
}

/** What a session close reports to its session. */
export type CloseReport =
  | { type: 'close.warned'; step: string; failure: Failure }
  /** The outcome is fixed and goes to the worker now. */
  | { type: 'close.reporting'; outcome: SessionOutcome };

/** What a session close is told. */
export type SessionCloseEvent =
  /** The worker has told the server, or cannot. */
  | { type: 'link.outcomeReported' }
  /** The worker is gone: nobody will confirm anything. */
  | { type: 'link.lost' };

/** What a session close is started with. */
export interface SessionCloseInput {
  outcome: SessionOutcome;
  limits: CloseLimits;
  /** False when the worker is gone. */
  hasLink: boolean;
  session: Ref<CloseReport>;
}

/** What a session close remembers. */
export interface SessionCloseContext extends SessionCloseInput {
  step: CloseStep;
  isReported: boolean;
  isCut: boolean;
  warnings: SessionWarning[];
}

/** How a session close ended. */
export interface SessionCloseOutput {
  /** `cut`: the total budget ran out before the last step was done. */
  outcome: 'completed' | 'cut';
  warnings: SessionWarning[];
}
