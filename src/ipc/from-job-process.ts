/** What comes over the link, checked: a job process runs the user's code, so nothing it says is taken on trust. */
import type { ChildReport } from '../../machines/job-process/job-process.types.ts';
import { type FromJobProcess, LINK_VERSION } from './messages.ts';

/** The fields that each message must have, with their types. */
const shapes: Record<
  FromJobProcess['type'],
  Record<string, 'string' | 'number' | 'boolean' | 'object'>
> = {
  warm: { version: 'number', warmupMs: 'number' },
  warmupFailed: { failure: 'object', fatal: 'boolean' },
  pong: { id: 'number' },
  'session.started': {},
  'session.connecting': {},
  'session.connected': { roomSid: 'string', identity: 'string' },
  'session.reconnecting': {},
  'session.reconnected': {},
  'session.closing': { reason: 'string', detail: 'string' },
  'session.warning': { step: 'string', failure: 'object' },
  'session.outcome': { outcome: 'object' },
  'session.deleteRoom': { id: 'number' },
};

/** The event that a message of a job process causes; `null` for a message that is none of ours. */
export function toChildReport(message: unknown): ChildReport | null {
  if (!isMessage(message)) return null;
  switch (message.type) {
    case 'warm':
      return message.version === LINK_VERSION
        ? { type: 'link.warm', warmupMs: message.warmupMs }
        : otherVersion(message.version);
    case 'warmupFailed':
      return { type: 'link.warmupFailed', failure: message.failure, fatal: message.fatal };
    case 'pong':
      return { type: 'link.ponged', id: message.id };
    default:
      return message;
  }
}

function otherVersion(version: number): ChildReport {
  const message = `The job process speaks version ${version} of the link, the worker ${LINK_VERSION}: two builds of greenroom are installed, or it was updated while the worker ran. Restart the worker.`;
  return { type: 'link.warmupFailed', failure: { code: 'GR_LINK_VERSION', message }, fatal: true };
}

function isMessage(message: unknown): message is FromJobProcess {
  if (typeof message !== 'object' || message === null || !('type' in message)) return false;
  const { type } = message;
  if (typeof type !== 'string' || !Object.hasOwn(shapes, type)) return false;
  const shape = shapes[type as FromJobProcess['type']];
  const fields = message as unknown as Record<string, unknown>;
  return Object.entries(shape).every(
    ([name, kind]) => typeof fields[name] === kind && fields[name] !== null,
  );
}
