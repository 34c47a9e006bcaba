/** Why a connection could not be made, or ended: in words, for logs and error messages. */
import { redactTokens } from './redact-tokens.ts';

const untrusted = 'its TLS certificate is not trusted';

const errorWords: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens at that address',
  ECONNRESET: 'the other side reset the connection',
  EPIPE: 'the other side closed the connection',
  ETIMEDOUT: 'it did not answer in time',
  ENOTFOUND: 'its host name cannot be resolved',
  EAI_AGAIN: 'its host name cannot be resolved at the moment',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to it',
  EPROTO: 'it does not speak TLS',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its TLS certificate is for another name',
  CERT_HAS_EXPIRED: 'its TLS certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  HPE_INVALID_CONSTANT: 'what answers there does not speak HTTP',
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: 'the server sent a frame that is too large',
};

const closeWords: Readonly<Record<number, string>> = {
  1000: 'closed in order',
  1001: 'the server goes away',
  1005: 'closed without a reason',
  1006: 'the connection broke off without a close frame',
  1009: 'a frame was too large',
  1011: 'the server failed',
  1012: 'the server restarts',
  1013: 'the server is overloaded',
};

/** Why no WebSocket could be opened at an address. */
export function connectFailureReason(error: unknown, address: URL): string {
  // The path, but not the query: it may hold the worker token.
  return `could not connect to ${address.origin}${address.pathname}: ${errorReason(error)}`;
}

/** What a socket's error says. */
export function errorReason(error: unknown): string {
  const { code, message } = readError(error);
  const words = code === undefined ? undefined : errorWords[code];
  const text = redactTokens(message);
  return words === undefined ? text : `${words} (${text})`;
}

/** What the end of an open WebSocket says: the peer's own reason where it gave one. */
export function closeReason(code: number, reason: string): string {
  if (reason !== '') return redactTokens(reason);
  return closeWords[code] ?? `closed with code ${code}`;
}

/** An `AggregateError`, which Node throws when every address of a host failed, has no message of its own. */
function readError(error: unknown): { code: string | undefined; message: string } {
  if (!(error instanceof Error)) return { code: undefined, message: String(error) };
  const own = (error as { code?: unknown }).code;
  const code = typeof own === 'string' ? own : undefined;
  if (error instanceof AggregateError && error.message === '') {
    const messages = error.errors.map((each) => readError(each).message);
    return { code, message: messages.join('; ') };
  }
  return { code, message: error.message === '' ? (code ?? error.name) : error.message };
}
