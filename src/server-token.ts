import type { VideoGrant } from 'livekit-server-sdk';

/** Tokens are made anew for each use; the rest of their life is for clocks that differ. */
const lifetime = '5m';

/** A short-lived token for the server. */
export async function createServerToken(
  { apiKey, apiSecret }: { apiKey: string; apiSecret: string },
  grant: VideoGrant,
): Promise<string> {
  // The package takes longer to load than the rest of a registration: only whoever connects pays for it.
  const { AccessToken } = await import('livekit-server-sdk');
  const token = new AccessToken(apiKey, apiSecret, { ttl: lifetime });
  token.addGrant(grant);
  return token.toJwt();
}
