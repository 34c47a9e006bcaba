/** Who joins with a token: what its claims say of the participant and of the room. */
import { ParticipantInfo_Kind, RoomConfiguration } from '@livekit/protocol';
import type { VideoGrant } from 'livekit-server-sdk';
import type { JoinInput, Permissions } from './participant.ts';
import type { RoomInput } from './rooms.ts';
import type { TokenClaims } from './tokens.ts';

/** A participant and its room, as a token names them. */
export interface Entry {
  room: string;
  who: JoinInput;
  /** For a room that this join makes. */
  roomInput: RoomInput;
}

const maxIdentityBytes = 256;

const kinds: Readonly<Record<string, ParticipantInfo_Kind>> = {
  standard: ParticipantInfo_Kind.STANDARD,
  ingress: ParticipantInfo_Kind.INGRESS,
  egress: ParticipantInfo_Kind.EGRESS,
  sip: ParticipantInfo_Kind.SIP,
  agent: ParticipantInfo_Kind.AGENT,
};

/** Reads the claims of a join, or tells in the server's words why they allow none. */
export function readEntry(claims: TokenClaims): Entry | { refusal: string } {
  const { video = {}, name, metadata, attributes, kind = 'standard' } = claims;
  const identity = claims.sub ?? claims.identity ?? '';
  const refusal = refusalOf(identity, video);
  if (refusal !== null) return { refusal };
  const permissions = readPermissions(video);
  return {
    room: video.room ?? '',
    who: { identity, name, metadata, attributes, kind: kinds[kind], permissions },
    roomInput: readRoomConfig(claims.roomConfig),
  };
}

function refusalOf(identity: string, { roomJoin }: VideoGrant): string | null {
  if (roomJoin !== true) return 'no permissions to access the room';
  if (identity === '') return 'identity cannot be empty';
  const isTooLong = Buffer.byteLength(identity) > maxIdentityBytes;
  return isTooLong ? `identity exceeds limits: max length ${maxIdentityBytes}` : null;
}

/** What may be published says of data, too, unless the token does. */
function readPermissions(video: VideoGrant): Permissions {
  const { canPublish = true, hidden = false, recorder = false, agent = false } = video;
  return {
    canPublish,
    canPublishData: video.canPublishData ?? canPublish,
    canSubscribe: video.canSubscribe ?? true,
    canSubscribeMetrics: video.canSubscribeMetrics ?? false,
    canUpdateMetadata: video.canUpdateOwnMetadata ?? false,
    hidden,
    recorder,
    agent,
  };
}

function readRoomConfig(value: unknown): RoomInput {
  if (typeof value !== 'object' || value === null) return {};
  const config = RoomConfiguration.fromJson(
    value as Parameters<typeof RoomConfiguration.fromJson>[0],
    {
      ignoreUnknownFields: true,
    },
  );
  const { emptyTimeout, departureTimeout, maxParticipants, metadata, agents } = config;
  return { emptyTimeout, departureTimeout, maxParticipants, metadata, agents };
}
