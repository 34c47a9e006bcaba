import { clampDelay } from '../delays.ts';
import { failureOf } from '../failure.ts';
import type { CloseReason, Failure, SessionOutcome } from '../messages.ts';
import type {
  CloseLimits,
  SessionCloseInput,
  SessionWarning,
} from '../session-close/session-close.types.ts';
import { OUTCOMES } from './outcomes.ts';
import type {
  Cause,
  CauseParams,
  Participant,
  SessionContext,
  SessionEmitted,
  SessionInput,
  SessionOutput,
} from './session.types.ts';

/**
 * How long the linked participant may be missing before the job ends: when the agent's own connection is renewed, all
 * participants leave and come back in the same moment.
 */
export const ABSENCE_MS = 1_000;

/** How much longer than its own budget the close of an orphan may take before it is cut off. */
const ORPHAN_MARGIN_MS = 1_000;

/** What a session remembers at its start. */
export function initialContext(input: SessionInput): SessionContext {
  return {
    ...input,
    identity: '',
    hasConnected: false,
    hasLink: true,
    hasReported: false,
    cause: null,
    warnings: [],
  };
}

/** True for the very stay in the room that the job was made for; without a SID the identity decides. */
export function isLinked(linked: Participant | null, participant: Participant): boolean {
  if (linked === null) return false;
  if (linked.sid !== '' && participant.sid !== '') return linked.sid === participant.sid;
  return linked.identity === participant.identity;
}

/** Rule R9: the room that the job was made for is gone, another one has its name. */
export function isWrongRoom(context: SessionContext, roomSid: string): boolean {
  if (context.hasConnected || context.roomSid === '' || roomSid === '') return false;
  return context.roomSid !== roomSid;
}

/** Why the session ends; the first cause wins. */
export function firstCause(context: SessionContext, cause: CauseParams): Cause {
  return context.cause ?? { detail: '', failure: null, ...cause };
}

/** An error ends the session. */
export function errorCause(reason: CloseReason, failure: Failure): CauseParams {
  return { reason, detail: failure.message, failure };
}

/** How the session ends, as far as it is known now. */
export function outcomeOf(context: SessionContext): SessionOutcome {
  const { reason, detail, failure } = firstCause(context, { reason: 'terminated' });
  return { outcome: OUTCOMES[reason].outcome, reason, detail, failure };
}

/** True when the reason to end is not a failure. */
export function hasSucceeded(context: SessionContext): boolean {
  return outcomeOf(context).outcome === 'succeeded';
}

/** An orphan has less time than others: what is left of it at the end is killed. */
function closeLimits(context: SessionContext): CloseLimits {
  const { limits, hasLink } = context;
  if (hasLink) return limits;
  return { ...limits, totalMs: Math.min(limits.totalMs, limits.orphanMs) };
}

/** How long a close may go on after the worker is gone: longer than the close's own budget. */
export function abandonMs(context: SessionContext): number {
  return clampDelay(context.limits.orphanMs + ORPHAN_MARGIN_MS);
}

/** What the session close is started with. */
export function closeInput(
  context: SessionContext,
  session: SessionCloseInput['session'],
): SessionCloseInput {
  return {
    outcome: outcomeOf(context),
    limits: closeLimits(context),
    hasLink: context.hasLink,
    session,
  };
}

/** The session ends, and why. */
export function closingReport(context: SessionContext): SessionEmitted {
  const { reason, detail } = outcomeOf(context);
  return { type: 'session.closing', reason, detail };
}

/** Nobody has connected for long: most often a forgotten `ctx.connect()`. */
export function unconnectedWarning(context: SessionContext): SessionWarning {
  return {
    step: 'connect',
    failure: {
      code: 'GR_ROOM_NOT_CONNECTED',
      message: `The agent has not connected to its room for ${context.limits.unconnectedWarnMs} ms. Is ctx.connect() missing in entry?`,
    },
  };
}

/** An error that came when the session was closing already: the first cause stands. */
export function lateErrorWarning(step: string, error: unknown): SessionWarning {
  return { step, failure: failureOf(error, 'GR_INTERNAL') };
}

/** The worker is gone and the close did not come to its end in time. */
export function abandonedWarning(context: SessionContext): SessionWarning {
  return {
    step: 'close',
    failure: {
      code: 'GR_STEP_TIMEOUT',
      message: `The worker has been gone for ${abandonMs(context)} ms and the session close is not done: it is cut off.`,
    },
  };
}

/** How it ended: a failure is a value. */
export function output(context: SessionContext): SessionOutput {
  const outcome = outcomeOf(context);
  return {
    ...outcome,
    exitCode: OUTCOMES[outcome.reason].exitCode,
    warnings: context.warnings,
  };
}
