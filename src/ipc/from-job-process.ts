/** What comes over the link, checked: a job process runs the user's code, so nothing it says is taken on trust. */
import type { ChildReport } from '../../machines/job-process/job-process.types.ts';
import type { CloseReason, Failure, SessionOutcome } from '../../machines/messages.ts';
import { OUTCOMES } from '../../machines/session/outcomes.ts';
import { describeValue } from '../errors.ts';
import { redactTokens } from '../protocol/redact-tokens.ts';
import { type FromJobProcess, LINK_VERSION } from './messages.ts';

/** Longer texts are cut: they go into logs, events, snapshots and to the server. */
const maxTextBytes = 8 * 1024;
const maxShownBytes = 200;
const ellipsis = '…';

type Fields = Record<string, unknown>;

/** What each message becomes, made anew of what is checked: nothing else gets in. */
const readers: Record<FromJobProcess['type'], (fields: Fields) => ChildReport> = {
  warm: ({ version, warmupMs }) =>
    version === LINK_VERSION
      ? { type: 'link.warm', warmupMs: duration(warmupMs) }
      : otherVersion(whole(version)),
  warmupFailed: ({ failure, fatal }) => ({
    type: 'link.warmupFailed',
    failure: failureOf(failure),
    fatal: yesOrNo(fatal),
  }),
  pong: ({ id }) => ({ type: 'link.ponged', id: whole(id) }),
  'session.started': () => ({ type: 'session.started' }),
  'session.connecting': () => ({ type: 'session.connecting' }),
  'session.connected': ({ roomSid, identity }) => ({
    type: 'session.connected',
    roomSid: text(roomSid),
    identity: text(identity),
  }),
  'session.reconnecting': () => ({ type: 'session.reconnecting' }),
  'session.reconnected': () => ({ type: 'session.reconnected' }),
  'session.closing': ({ reason, detail }) => ({
    type: 'session.closing',
    reason: closeReason(reason),
    detail: text(detail),
  }),
  'session.warning': ({ step, failure }) => ({
    type: 'session.warning',
    step: text(step),
    failure: failureOf(failure),
  }),
  'session.outcome': ({ outcome }) => ({ type: 'session.outcome', outcome: outcomeOf(outcome) }),
  'session.deleteRoom': ({ id }) => ({ type: 'session.deleteRoom', id: whole(id) }),
};

/** The event that a message of a job process causes; `null` for a message that is none of ours. */
export function toChildReport(message: unknown): ChildReport | null {
  try {
    const fields = record(message);
    const { type } = fields;
    if (typeof type !== 'string' || !Object.hasOwn(readers, type)) return null;
    return readers[type as FromJobProcess['type']](fields);
  } catch (error) {
    if (error instanceof NotOurs) return null;
    throw error;
  }
}

/** A message that is none of ours, short enough for a log. */
export function describeUnknown(message: unknown): string {
  return cutText(redactTokens(describeValue(message)), maxShownBytes);
}

/** Ends the reading of a message that is none of ours. */
class NotOurs extends Error {
  override readonly name = 'NotOurs';
}

function otherVersion(version: number): ChildReport {
  const message = `The job process speaks version ${version} of the link, the worker ${LINK_VERSION}: two builds of greenroom are installed, or it was updated while the worker ran. Restart the worker.`;
  return { type: 'link.warmupFailed', failure: { code: 'GR_LINK_VERSION', message }, fatal: true };
}

function record(value: unknown): Fields {
  if (typeof value !== 'object' || value === null) throw new NotOurs();
  return value as Fields;
}

function whole(value: unknown): number {
  if (!Number.isSafeInteger(value)) throw new NotOurs();
  return value as number;
}

function duration(value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) throw new NotOurs();
  return value;
}

function yesOrNo(value: unknown): boolean {
  if (typeof value !== 'boolean') throw new NotOurs();
  return value;
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw new NotOurs();
  return cutText(redactTokens(value), maxTextBytes);
}

function closeReason(value: unknown): CloseReason {
  if (typeof value !== 'string' || !Object.hasOwn(OUTCOMES, value)) throw new NotOurs();
  return value as CloseReason;
}

function failureOf(value: unknown): Failure {
  const { code, message, stack } = record(value);
  if (typeof code !== 'string' || !/^GR_[A-Z_]{1,60}$/.test(code)) throw new NotOurs();
  const failure: Failure = { code, message: text(message) };
  if (stack !== undefined) failure.stack = text(stack);
  return failure;
}

function outcomeOf(value: unknown): SessionOutcome {
  const { outcome, reason, detail, failure } = record(value);
  if (outcome !== 'succeeded' && outcome !== 'failed') throw new NotOurs();
  return {
    outcome,
    reason: closeReason(reason),
    detail: text(detail),
    failure: failure === null ? null : failureOf(failure),
  };
}

/** At a whole character. */
function cutText(value: string, maxBytes: number): string {
  if (Buffer.byteLength(value) <= maxBytes) return value;
  const room = new Uint8Array(maxBytes - Buffer.byteLength(ellipsis));
  const { read } = new TextEncoder().encodeInto(value, room);
  return value.slice(0, read) + ellipsis;
}
