/** Makes the server tell the room of the agent at once. */
import type { Room } from '@livekit/rtc-node';
import type { Logger } from 'pino';
import { readTokenClaims } from './token-claims.ts';

/**
 * Takes an attribute away that no participant has. Nothing changes and nobody is told of a change, but the server takes
 * it for one: and of a participant who changes it tells the others at once.
 */
const noChange = { 'greenroom.announced': '' };

/**
 * Of a participant who publishes nothing the server tells with its next batch, up to 3 s later; this makes it tell now.
 * An agent that is hidden, or may not change its attributes, is left as it is. A failure goes to the log, at level debug.
 */
export async function announceAgent(room: Room, token: string, logger: Logger): Promise<void> {
  try {
    if (canAnnounce(token)) await room.localParticipant?.setAttributes(noChange);
  } catch (error) {
    logger.debug({ err: error }, 'the room is told of the agent later');
  }
}

function canAnnounce(token: string): boolean {
  const { video = {} } = readTokenClaims(token);
  return video['canUpdateOwnMetadata'] === true && video['hidden'] !== true;
}
