import type { RegistrationEvent } from '../events.ts';
import type { Failure } from '../messages.ts';
import type {
  RegistrationContext,
  RegistrationOutput,
  RegistrationReport,
  SocketCommand,
} from './registration.types.ts';

/** Statuses of a refused upgrade that another try cannot mend: no such key, no such grant, no such path. */
const CONFIGURATION_STATUSES = [401, 403, 404];

/** True when the server's HTTP answer means that the configuration is wrong (rule R12). */
export function isConfigurationError(status: number): boolean {
  return CONFIGURATION_STATUSES.includes(status);
}

/** Full-jitter back-off: a random part of 0.5 s, 1 s, 2 s … 30 s, by the number of failed attempts in a row. */
export function retryDelayMs(attempt: number, jitter: number): number {
  const ceiling = Math.min(30_000, 500 * 2 ** Math.min(attempt - 1, 10));
  return Math.round(ceiling * Math.min(1, Math.max(0, jitter)));
}

/** The server closed the first connection in answer to Register: it gives no reason, so the message names the suspects. */
export function refusedRegister(context: RegistrationContext): Failure {
  return {
    code: 'GR_REGISTRATION_REFUSED',
    message:
      `The server closed the connection right after Register (${context.lastReason}). It gives no reason. ` +
      `Look at the job type (${context.jobType}) and the deployment ("${context.deployment}"): a deployment has at most 64 bytes, no "_" and no spaces.`,
  };
}

/** The server refused the upgrade of the first connection. */
export function refusedUpgrade(status: number, body: string): Failure {
  const hint =
    status === 404
      ? 'Nothing answers at /agent there: check the URL and its path.'
      : 'Check LIVEKIT_API_KEY and LIVEKIT_API_SECRET.';
  return {
    code: 'GR_REGISTRATION_REFUSED',
    message: `The server refused the worker: HTTP ${status}${body === '' ? '' : ` "${body}"`}. ${hint}`,
  };
}

/** No connection lasted in `maxRetry` attempts. */
export function exhausted(context: RegistrationContext): Failure {
  return {
    code: 'GR_REGISTRATION_EXHAUSTED',
    message: `The server could not be reached in ${context.attempt} attempts; the last one: ${context.lastReason}.`,
  };
}

/** True when `maxRetry` attempts in a row did not last. */
export function isExhausted(context: RegistrationContext): boolean {
  return context.maxRetry !== null && context.attempt >= Math.max(1, context.maxRetry);
}

/** A closed socket in words. 1006 is what every close by the server looks like. */
export function describeClose(event: { code: number; reason: string }): string {
  return event.reason === '' ? `closed with code ${event.code}` : event.reason;
}

/** What a failed actor threw, in words. */
export function describeError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The Register message. */
export function registerCommand(context: RegistrationContext): SocketCommand {
  const { jobType, agentName, deployment, version, permissions } = context;
  return {
    type: 'socket.send',
    message: { type: 'register', jobType, agentName, deployment, version, permissions },
  };
}

/** The status message: load and status always travel together (R4). */
export function statusCommand(context: RegistrationContext): SocketCommand {
  return { type: 'socket.send', message: { type: 'status', ...context.status } };
}

/** Tells the worker that the server knows it. */
export function registeredReport(context: RegistrationContext): RegistrationReport {
  return {
    type: 'registration.registered',
    registration: context.key,
    workerId: context.workerId,
  };
}

/** Tells the worker that nothing can be answered on this connection any more. */
export function lostReport(context: RegistrationContext): RegistrationReport {
  return { type: 'registration.lost', registration: context.key, workerId: context.workerId };
}

/** What the oldest ping's pong proves to the worker; `null` when it is no news, or not the last word on availability. */
export function readReport({ key, pings }: RegistrationContext): RegistrationReport | null {
  const [answered, ...rest] = pings;
  if (answered?.after === 'jobStatus')
    return { type: 'registration.jobStatusRead', jobId: answered.jobId };
  if (answered?.after !== 'status' || rest.some((ping) => ping.after === 'status')) return null;
  return { type: 'registration.statusRead', registration: key, status: answered.status };
}

/** A connection is being opened. */
export function connecting(context: RegistrationContext): RegistrationEvent {
  return {
    type: 'registration.connecting',
    registration: context.key,
    attempt: context.attempt + 1,
  };
}

/** The server knows the worker. */
export function registeredEvent(context: RegistrationContext): RegistrationEvent {
  return {
    type: 'registration.registered',
    registration: context.key,
    agentName: context.agentName,
    workerId: context.workerId,
    serverInfo: context.serverInfo,
  };
}

/** A registered connection is gone. */
export function lostEvent(context: RegistrationContext): RegistrationEvent {
  return {
    type: 'registration.lost',
    registration: context.key,
    reason: context.lastReason,
  };
}

/** The next try waits. */
export function retryingEvent(context: RegistrationContext): RegistrationEvent {
  return {
    type: 'registration.retrying',
    registration: context.key,
    reason: context.lastReason,
    delayMs: context.retryDelayMs,
    attempt: context.attempt,
    maxRetry: context.maxRetry,
  };
}

/** There will be no further try. */
export function failedEvent(context: RegistrationContext): RegistrationEvent {
  return {
    type: 'registration.failed',
    registration: context.key,
    failure: context.failure ?? exhausted(context),
  };
}

/** How it ended: a failure is a value. */
export function output(context: RegistrationContext): RegistrationOutput {
  return context.failure === null
    ? { outcome: 'closed', registration: context.key }
    : { outcome: 'failed', registration: context.key, failure: context.failure };
}
