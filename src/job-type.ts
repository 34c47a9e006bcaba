import type { JobType as ProtocolJobType } from '@livekit/protocol';

/** What a job is for: LiveKit's enum, without the protobuf library. */
export const JobType = { JT_ROOM: 0, JT_PUBLISHER: 1, JT_PARTICIPANT: 2 } as {
  /** One job for each room. */
  readonly JT_ROOM: ProtocolJobType.JT_ROOM;
  /** One job for each participant that publishes. */
  readonly JT_PUBLISHER: ProtocolJobType.JT_PUBLISHER;
  /** One job for each participant. */
  readonly JT_PARTICIPANT: ProtocolJobType.JT_PARTICIPANT;
};

/** What a job is for. */
export type JobType = ProtocolJobType;
