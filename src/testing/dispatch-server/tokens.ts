/** LiveKit's access tokens: JSON Web Tokens signed with HS256, made and checked at once and not in a promise. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { VideoGrant } from 'livekit-server-sdk';

/** What a token says. */
export interface TokenClaims {
  /** The API key. */
  iss?: string | undefined;
  /** The participant's identity. */
  sub?: string | undefined;
  identity?: string | undefined;
  name?: string | undefined;
  iat?: number | undefined;
  nbf?: number | undefined;
  exp?: number | undefined;
  kind?: string | undefined;
  metadata?: string | undefined;
  attributes?: Record<string, string> | undefined;
  video?: VideoGrant | undefined;
  /** `RoomConfiguration` as JSON: for the join that makes the room. */
  roomConfig?: unknown;
}

/** A token that holds, or why it does not, in the server's words. */
export type TokenCheck = { claims: TokenClaims; apiKey: string } | { refusal: string };

/** How far the clocks of server and client may be apart. */
const leewaySeconds = 60;
const bearer = 'Bearer ';
const header = encode({ alg: 'HS256', typ: 'JWT' });

/** Signs the claims; empty ones are left out. */
export function signToken(claims: TokenClaims, secret: string): string {
  const filled = Object.entries(claims).filter(([, value]) => value !== undefined && value !== '');
  const content = `${header}.${encode(Object.fromEntries(filled))}`;
  return `${content}.${signature(content, secret).toString('base64url')}`;
}

/** Checks a token against the keys of the server and the time of day. */
export function checkToken(token: string, keys: Readonly<Record<string, string>>): TokenCheck {
  const claims = readClaims(token);
  if (claims === null) return { refusal: 'invalid authorization token' };
  const apiKey = claims.iss ?? '';
  const secret = Object.hasOwn(keys, apiKey) ? keys[apiKey] : undefined;
  if (secret === undefined) return { refusal: `invalid API key: ${apiKey}` };
  const mistake = mistakeOf(token, claims, secret);
  // The real server of this version quotes the token here, too.
  return mistake === null
    ? { claims, apiKey }
    : { refusal: `invalid token: ${token}, error: ${mistake}` };
}

function mistakeOf(token: string, { nbf, exp }: TokenClaims, secret: string): string | null {
  const end = token.lastIndexOf('.');
  const given = Buffer.from(token.slice(end + 1), 'base64url');
  const wanted = signature(token.slice(0, end), secret);
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted))
    return 'go-jose/go-jose: error in cryptographic primitive';
  const now = Date.now() / 1000;
  if (nbf !== undefined && now + leewaySeconds < nbf)
    return 'go-jose/go-jose/jwt: validation failed, token not valid yet (nbf)';
  if (exp !== undefined && now - leewaySeconds > exp)
    return 'go-jose/go-jose/jwt: validation failed, token is expired (exp)';
  return null;
}

/** The claims of a token, unchecked; `null` when it is none. */
function readClaims(token: string): TokenClaims | null {
  const [head, body, ...rest] = token.split('.');
  if (head === undefined || body === undefined || rest.length !== 1) return null;
  const algorithm = decode(head);
  const claims = decode(body);
  const isSigned = isObject(algorithm) && algorithm['alg'] === 'HS256';
  return isSigned && isObject(claims) ? claims : null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function signature(content: string, secret: string): Buffer {
  return createHmac('sha256', secret).update(content).digest();
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function decode(part: string): unknown {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return value;
  } catch {
    return null;
  }
}

/** The token that a request brings: in its header, or else in its query; `null` when it brings none. */
export function bearerOf(
  { headers }: IncomingMessage,
  { searchParams }: URL,
): { token: string } | { refusal: string } | null {
  const { authorization } = headers;
  if (authorization !== undefined && authorization !== '') {
    if (!authorization.startsWith(bearer))
      return { refusal: `invalid authorization header. Must start with ${bearer}` };
    return { token: authorization.slice(bearer.length) };
  }
  const token = searchParams.get('access_token');
  return token === null || token === '' ? null : { token };
}
