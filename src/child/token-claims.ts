/** What the room token says of the agent; LiveKit's claims in the names of the token. */
export interface TokenClaims {
  /** The identity of the agent. */
  sub?: string;
  name?: string;
  metadata?: string;
  attributes?: Record<string, string>;
  kind?: string;
  /** What the agent may do in the room. */
  video?: Record<string, unknown>;
  /** When the token expires, in seconds since 1970. */
  exp?: number;
  [claim: string]: unknown;
}

/** Reads the claims of a token without checking its signature: it came from the server over an authenticated connection. */
export function readTokenClaims(token: string): TokenClaims {
  const payload = token.split('.')[1] ?? '';
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as TokenClaims;
}
