import type { Room } from '@livekit/rtc-node';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { announceAgent } from '../../src/child/announce-agent.ts';

function tokenWith(video: Record<string, unknown> | undefined): string {
  return `header.${Buffer.from(JSON.stringify({ video })).toString('base64url')}.signature`;
}

/** A room whose participant answers like that, what was asked of it, and what was logged. */
function start(answer: () => Promise<void> = async () => {}) {
  const asked: unknown[] = [];
  const lines: Record<string, unknown>[] = [];
  const localParticipant = {
    setAttributes: (attributes: unknown) => {
      asked.push(attributes);
      return answer();
    },
  };
  const logger = pino({ level: 'debug' }, { write: (line) => void lines.push(JSON.parse(line)) });
  const announce = (token: string) =>
    announceAgent({ localParticipant } as unknown as Room, token, logger);
  return { asked, lines, announce, logger };
}

describe('announcing an agent', () => {
  it('takes an attribute away that nobody has', async () => {
    const { asked, lines, announce } = start();
    await announce(tokenWith({ canUpdateOwnMetadata: true }));
    expect(asked).toEqual([{ 'greenroom.announced': '' }]);
    expect(lines).toEqual([]);
  });

  it.each([
    ['is hidden', { canUpdateOwnMetadata: true, hidden: true }],
    ['may not change its attributes', { canUpdateOwnMetadata: false }],
    ['has no such permission', {}],
    ['has no permissions', undefined],
  ])('does nothing for one that %s', async (_what, video) => {
    const { asked, lines, announce } = start();
    await announce(tokenWith(video));
    expect(asked).toEqual([]);
    expect(lines).toEqual([]);
  });

  it.each([
    [
      'the server refuses it',
      async () => Promise.reject(new Error('not allowed')),
      tokenWith({ canUpdateOwnMetadata: true }),
    ],
    ['the token cannot be read', async () => {}, 'no token'],
  ])('only logs it, at level debug, when %s', async (_what, answer, token) => {
    const { lines, announce } = start(answer);
    await announce(token);
    expect(lines).toEqual([
      expect.objectContaining({
        level: 20,
        msg: 'the room is told of the agent later',
        err: expect.objectContaining({ stack: expect.any(String) }),
      }),
    ]);
  });

  it('does nothing when the agent is gone already', async () => {
    const { lines, logger } = start();
    const room = { localParticipant: undefined } as unknown as Room;
    await announceAgent(room, tokenWith({ canUpdateOwnMetadata: true }), logger);
    expect(lines).toEqual([]);
  });
});
