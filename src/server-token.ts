/** Tokens by which a worker shows the server who it is. */
import { createHmac } from 'node:crypto';
import type { VideoGrant } from 'livekit-server-sdk';

/** Tokens are made anew for each use; the rest of their life is for clocks that differ. */
const lifetimeSeconds = 300;
const header = encode({ alg: 'HS256' });

/**
 * A short-lived token for the server: to the byte the one that `AccessToken` of `livekit-server-sdk` makes, which a test
 * compares. The package itself takes longer to load than all the rest until a worker is registered.
 */
export function createServerToken(
  { apiKey, apiSecret }: { apiKey: string; apiSecret: string },
  grant: Pick<VideoGrant, 'agent' | 'room' | 'roomAdmin' | 'roomCreate'>,
): string {
  const now = Math.floor(Date.now() / 1000);
  const claims = { video: grant, iss: apiKey, exp: now + lifetimeSeconds, nbf: now };
  const content = `${header}.${encode(claims)}`;
  return `${content}.${createHmac('sha256', apiSecret).update(content).digest('base64url')}`;
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}
