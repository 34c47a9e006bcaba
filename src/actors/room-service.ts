/** The calls of the server's room API that a worker makes on its own. */
import { type PromiseActorLogic, fromPromise } from 'xstate';
import { WorkerError } from '../errors.ts';
import { errorReason } from '../protocol/connection-reasons.ts';
import { redactTokens } from '../protocol/redact-tokens.ts';
import { serviceUrl } from '../protocol/server-urls.ts';
import { createServerToken } from '../server-token.ts';

/** What a call of the room API needs to know. */
export interface RoomServiceDependencies {
  /** URL of the LiveKit server, as for the registration: `ws` or `http`, a path prefix is kept. */
  url: string;
  apiKey: string;
  apiSecret: string;
  /**
   * For the whole call. @defaultValue 3000 ms
   */
  timeoutMs?: number;
}

type Grant =
  | { roomAdmin: true; room: string }
  /** What the server asks for to delete one. */
  | { roomCreate: true };

const shownCharacters = 200;

/** Makes the actor that puts a participant out of its room; one that is not there is no error. */
export function defineRemoveParticipant(
  dependencies: RoomServiceDependencies,
): PromiseActorLogic<void, { room: string; identity: string }> {
  return fromPromise<void, { room: string; identity: string }>(({ input, signal }) => {
    const { room, identity } = input;
    const grant = { roomAdmin: true, room } as const;
    return call(dependencies, 'RemoveParticipant', { room, identity }, grant, signal);
  });
}

/** Makes the actor that deletes a room; one that does not exist is no error. */
export function defineDeleteRoom(
  dependencies: RoomServiceDependencies,
): PromiseActorLogic<void, { room: string }> {
  return fromPromise<void, { room: string }>(({ input: { room }, signal }) =>
    call(dependencies, 'DeleteRoom', { room }, { roomCreate: true }, signal),
  );
}

/**
 * Posts one call, over `fetch` and not the SDK's client: that one drops the path prefix of the URL, and cannot be aborted.
 * @throws WorkerError `GR_STEP_FAILED`
 */
async function call(
  dependencies: RoomServiceDependencies,
  method: string,
  body: object,
  grant: Grant,
  signal: AbortSignal,
): Promise<void> {
  const { url, timeoutMs = 3000 } = dependencies;
  const address = serviceUrl(url, 'RoomService', method);
  const abort = new AbortController();
  const stop = (): void => abort.abort(new Error('it was given up'));
  signal.addEventListener('abort', stop, { once: true });
  const timer = setTimeout(() => {
    abort.abort(new Error(`no answer within ${timeoutMs} ms`));
  }, timeoutMs);
  try {
    const response = await fetch(address, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${createServerToken(dependencies, grant)}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify(body),
      signal: abort.signal,
    });
    const answer = await response.text();
    if (!response.ok && !isNotFound(answer)) throw refusal(method, address, response, answer);
  } catch (error) {
    throw error instanceof WorkerError ? error : unreachable(method, address, error);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}

/** A wrong address answers 404 as well, but with another code or none. */
function isNotFound(answer: string): boolean {
  return readAnswer(answer).code === 'not_found';
}

function readAnswer(answer: string): { code?: unknown; msg?: unknown } {
  try {
    const value: unknown = JSON.parse(answer);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return { msg: answer };
  }
}

function refusal(method: string, address: URL, response: Response, answer: string): WorkerError {
  const { code, msg } = readAnswer(answer);
  const told = [code, msg].filter((part) => typeof part === 'string' && part !== '').join(': ');
  const shown = redactTokens(told).replace(/\s+/g, ' ').trim().slice(0, shownCharacters);
  return new WorkerError(
    'GR_STEP_FAILED',
    `${method} was refused by ${place(address)}: HTTP ${response.status}${shown === '' ? '' : ` ${shown}`}.`,
    { details: { method, status: response.status, code } },
  );
}

function unreachable(method: string, address: URL, error: unknown): WorkerError {
  // fetch hides what happened in the cause.
  const reason = error instanceof TypeError && error.cause !== undefined ? error.cause : error;
  return new WorkerError(
    'GR_STEP_FAILED',
    `${method} did not reach ${place(address)}: ${errorReason(reason)}.`,
    { cause: error, details: { method } },
  );
}

/** The query stays out: it may hold what is secret. */
function place(address: URL): string {
  return `${address.origin}${address.pathname}`;
}
