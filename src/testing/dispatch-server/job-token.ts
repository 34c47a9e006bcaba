/** The token with which an agent joins the room of its job. */
import { type AvailabilityResponse, ParticipantPermission } from '@livekit/protocol';
import type { VideoGrant } from 'livekit-server-sdk';
import { signToken } from './tokens.ts';

/** For whom and for which room. */
export interface JobTokenInput {
  apiKey: string;
  secret: string;
  room: string;
  agentName: string;
  answer: AvailabilityResponse;
  /** What the worker has registered with; `null` when it said nothing, which allows what is usual. */
  permissions: ParticipantPermission | null;
}

const lifeSeconds = 3600;
const usual = new ParticipantPermission({
  canPublish: true,
  canSubscribe: true,
  canPublishData: true,
  canUpdateMetadata: true,
});

/** Makes it as the real server does: valid for an hour, with the agent's name as an attribute of the server's own. */
export function createJobToken(input: JobTokenInput): string {
  const { apiKey, secret, room, agentName, answer, permissions } = input;
  const now = Math.floor(Date.now() / 1000);
  const identity = answer.participantIdentity;
  const claims = {
    iss: apiKey,
    sub: identity,
    identity,
    name: answer.participantName,
    exp: now + lifeSeconds,
    nbf: now,
    iat: now,
    kind: 'agent',
    metadata: answer.participantMetadata,
    attributes: { ...answer.participantAttributes, 'lk.agent_name': agentName },
    video: { roomJoin: true, room, agent: true, ...videoGrant(permissions ?? usual) },
  };
  return signToken(claims, secret);
}

function videoGrant(permission: ParticipantPermission): VideoGrant {
  const { canPublish, canSubscribe, canPublishData, canUpdateMetadata } = permission;
  return {
    ...(permission.hidden && { hidden: true }),
    canPublish,
    canSubscribe,
    canPublishData,
    canUpdateOwnMetadata: canUpdateMetadata,
    canSubscribeMetrics: permission.canSubscribeMetrics,
  };
}
