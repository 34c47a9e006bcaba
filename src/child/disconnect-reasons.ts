import type { CloseReason } from '../../machines/messages.ts';

/** LiveKit's `DisconnectReason` by number, and the reason to end the session that it stands for. */
const reasons: readonly [name: string, reason: CloseReason][] = [
  ['UNKNOWN_REASON', 'connection-lost'],
  ['CLIENT_INITIATED', 'agent-ended'],
  ['DUPLICATE_IDENTITY', 'duplicate-identity'],
  ['SERVER_SHUTDOWN', 'connection-lost'],
  ['PARTICIPANT_REMOVED', 'participant-removed'],
  ['ROOM_DELETED', 'room-deleted'],
  ['STATE_MISMATCH', 'connection-lost'],
  ['JOIN_FAILURE', 'connection-lost'],
  ['MIGRATION', 'connection-lost'],
  ['SIGNAL_CLOSE', 'connection-lost'],
  ['ROOM_CLOSED', 'room-closed'],
  ['USER_UNAVAILABLE', 'connection-lost'],
  ['USER_REJECTED', 'connection-lost'],
  ['SIP_TRUNK_FAILURE', 'connection-lost'],
  ['CONNECTION_TIMEOUT', 'connection-lost'],
  ['MEDIA_FAILURE', 'connection-lost'],
  ['AGENT_ERROR', 'connection-lost'],
];

/** Why the session ends when the room disconnects for that reason; the detail is LiveKit's name for it. */
export function disconnectCause(reason: number): { reason: CloseReason; detail: string } {
  const [name, closeReason] = reasons[reason] ?? [`DisconnectReason ${reason}`, 'connection-lost'];
  return { reason: closeReason, detail: name };
}
