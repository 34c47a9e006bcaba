import type { JobEvent } from '../events.ts';
import type {
  LinkMessage,
  ProcessCommand,
  ProcessReport,
} from '../job-process/job-process.types.ts';
import { failureOf } from '../failure.ts';
import type { AcceptArguments, CloseReason, Failure, SessionOutcome } from '../messages.ts';
import type { RegistrationCommand } from '../registration/registration.types.ts';
import type { Decision, JobContext, JobInput, JobOutput } from './job.types.ts';

type Exit = Extract<ProcessReport, { type: 'process.exited' }>;

/** Processes a job is tried on before it is given up. */
const MAX_LAUNCHES = 3;

/** Requests to delete the room that may wait for one answer; agents make one. */
const MAX_DELETIONS = 16;

const NOBODY: AcceptArguments = { name: '', identity: '', metadata: '', attributes: {} };

/** A job at its request. */
export function initialContext(input: JobInput): JobContext {
  return {
    ...input,
    facts: {
      workerId: input.workerId,
      jobId: input.job.id,
      dispatchId: input.job.dispatchId,
      agentName: input.job.agentName,
      room: input.job.room?.name ?? '',
    },
    decision: null,
    accept: NOBODY,
    process: '',
    processRef: null,
    pid: null,
    token: '',
    launches: 0,
    mayBeInRoom: false,
    drain: null,
    deletions: [],
    closeReason: null,
    session: null,
    failure: null,
    end: null,
  };
}

/** The answer to the server's request. Exactly one leaves for each request. */
export function answer(context: JobContext): RegistrationCommand {
  const { decision } = context;
  return {
    type: 'job.answered',
    jobId: context.job.id,
    workerId: context.workerId,
    answer:
      decision?.type === 'accept'
        ? { available: true, accept: decision.accept }
        : { available: false, terminate: decision?.terminate ?? false },
  };
}

/** The order that starts the session. */
export function launchOrder(context: JobContext): ProcessCommand {
  const { job, accept, url, token, workerId } = context;
  return { type: 'process.launch', order: { job, accept, url, token, workerId } };
}

/** True when another process may be tried. */
export function canRelaunch(context: JobContext): boolean {
  return context.launches < MAX_LAUNCHES;
}

/** No process could be brought to call `entry`. */
export function launchFailure(context: JobContext, cause: Failure | null): Failure {
  const why = cause === null ? 'the process went away' : cause.message;
  return {
    code: 'GR_LAUNCH_FAILED',
    message: `The job could not be launched on ${context.launches} processes; the last one: ${why}`,
  };
}

/** What became of a job whose process is gone: what the session said before, else what killed it. */
export function noteExit(
  context: JobContext,
  exit: Exit,
): Pick<JobContext, 'session' | 'failure' | 'end'> {
  const session = context.session ?? lostSession(context, exit);
  return {
    session,
    failure: session.failure ?? context.failure,
    end: session.outcome,
  };
}

/** A session that could not report its outcome. First cause wins. */
function lostSession(context: JobContext, exit: Exit): SessionOutcome {
  const failure: Failure = exit.failure ?? {
    code: 'GR_PROCESS_EXITED',
    message: `The job process exited with code ${exit.code ?? 'unknown'} before its session had ended.`,
  };
  return { outcome: 'failed', reason: lostReason(context, exit), detail: '', failure };
}

function lostReason(context: JobContext, exit: Exit): CloseReason {
  if (exit.cause === 'memory-limit') return 'memory-limit';
  if (exit.cause === 'unresponsive') return 'unresponsive';
  return context.closeReason ?? (exit.cause === 'close-timeout' ? 'unresponsive' : 'crashed');
}

/** True when the process died in the room: nobody told the server that the agent left. */
export function isGhost(context: JobContext, exit: Exit): boolean {
  return context.mayBeInRoom && (context.session === null || exit.code === null);
}

/** The report of the outcome: text and all. */
export function statusReport(context: JobContext): RegistrationCommand {
  const session = context.session;
  const failed = session === null || session.outcome === 'failed';
  return {
    type: 'job.statusReported',
    jobId: context.job.id,
    workerId: context.workerId,
    status: failed ? 'failed' : 'success',
    error: failed ? failureText(context) : '',
  };
}

function failureText(context: JobContext): string {
  const { session, failure } = context;
  const text = session?.failure?.message ?? failure?.message ?? session?.detail ?? '';
  const reason = session?.reason ?? '';
  return [reason, text].filter((part) => part !== '').join(': ');
}

/** A late assignment, or one that cannot be used: the server is told. */
export function failedReport(context: JobContext, error: string): RegistrationCommand {
  const { job, workerId } = context;
  return { type: 'job.statusReported', jobId: job.id, workerId, status: 'failed', error };
}

/** A request that was not accepted. */
export function rejectedEvent(context: JobContext): JobEvent {
  const { decision } = context;
  const isReject = decision?.type === 'reject';
  return {
    type: 'job.rejected',
    ...context.facts,
    reason: isReject ? decision.reason : 'rejected',
    detail: isReject ? decision.detail : '',
  };
}

/** The end of a job. */
export function endedEvent(context: JobContext): JobEvent {
  const { facts, end, session, failure } = context;
  return { type: 'job.ended', ...facts, end: end ?? 'failed', session, failure };
}

/** How it ended: a failed job is a value. */
export function output(context: JobContext): JobOutput {
  const { slot, decision, end, session, failure } = context;
  const base = { slot, jobId: context.job.id };
  if (end === null) {
    const reason = decision?.type === 'reject' ? decision.reason : 'rejected';
    return { ...base, outcome: 'rejected', reason };
  }
  return { ...base, outcome: end, session, failure };
}

/** A rejection by the worker itself. */
export function rejection(
  reason: Extract<Decision, { type: 'reject' }>['reason'],
  detail: string,
): Decision {
  return { type: 'reject', terminate: false, reason, detail };
}

/** Why the request ran out of time: no decision, or no process. */
export function timeoutDecision(context: JobContext): Decision {
  return context.decision === null
    ? rejection(
        'request-timeout',
        `requestFunc did not answer within ${context.limits.requestTimeoutMs} ms`,
      )
    : rejection('warming', 'no job process got warm in time');
}

/** No job process is to be had. */
export function refusedDecision(failure: Failure | null): Decision {
  return rejection('warming', failure?.message ?? 'no job process is ready');
}

/** What a thrown value says. */
export function describeError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The assignment never came. */
export function assignmentTimeout(context: JobContext): Failure {
  return {
    code: 'GR_ASSIGNMENT_TIMEOUT',
    message: `The server did not assign the accepted job within ${context.limits.assignmentTimeoutMs} ms.`,
  };
}

/** True when as many requests to delete the room wait as may. */
export function isAskingTooOften(context: JobContext): boolean {
  return context.deletions.length >= MAX_DELETIONS;
}

/** What became of a request to delete the room. */
export function roomDeleted(id: number, failure: Failure | null): ProcessCommand {
  return { type: 'process.tell', message: { type: 'roomDeleted', id, failure } };
}

/** A request too many. */
export function refusedDeletion(id: number): LinkMessage {
  const message = `The room is being deleted: ${MAX_DELETIONS} requests wait for it already.`;
  return { type: 'roomDeleted', id, failure: { code: 'GR_STEP_FAILED', message } };
}

/** The server did not delete the room. The stack is the worker's: it says nothing to an agent. */
export function failedDeletion(error: unknown): Failure {
  const { code, message } = failureOf(error, 'GR_STEP_FAILED');
  return { code, message };
}

/** The server did not answer. */
export const lateDeletion: Failure = {
  code: 'GR_STEP_TIMEOUT',
  message: 'The server did not delete the room in time.',
};
