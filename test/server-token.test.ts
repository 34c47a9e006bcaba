import { AccessToken, type VideoGrant } from 'livekit-server-sdk';
import { expect, it, vi } from 'vitest';
import { createServerToken } from '../src/server-token.ts';

const grants: Pick<VideoGrant, 'agent' | 'room' | 'roomAdmin' | 'roomCreate'>[] = [
  { agent: true },
  { roomAdmin: true, room: 'a room, "quoted": größer' },
  { roomCreate: true },
];

it.each(grants)('makes the token that the SDK makes: %j', async (grant) => {
  vi.useFakeTimers({ toFake: ['Date'], now: 1_795_500_571_999 });
  try {
    const [apiKey, apiSecret] = ['kéy', 'a secret of ünusual characters'];
    const token = new AccessToken(apiKey, apiSecret, { ttl: '5m' });
    token.addGrant(grant);
    expect(createServerToken({ apiKey, apiSecret }, grant)).toBe(await token.toJwt());
  } finally {
    vi.useRealTimers();
  }
});
