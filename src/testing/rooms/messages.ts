/**
 * What a participant's program and the simulated room say to each other: JSON, over a WebSocket or inside one process. The
 * protocol is Greenroom's own; LiveKit's signalling stands for media, and there is none here.
 */

/** The path of the WebSocket at the embedded server. */
export const roomsPath = '/greenroom/rooms';

/** A participant as others see it. */
export interface ParticipantFacts {
  sid: string;
  identity: string;
  name: string;
  metadata: string;
  attributes: Record<string, string>;
  /** LiveKit's number for the kind. */
  kind: number;
  tracks: TrackFacts[];
}

/** A published track: its description, without media. */
export interface TrackFacts {
  sid: string;
  name: string;
  /** LiveKit's number: 1 audio, 2 video. */
  kind: number;
  source: number;
}

/** A room as its participants see it. */
export interface RoomFacts {
  sid: string;
  name: string;
  metadata: string;
  creationTimeMs: number;
  emptyTimeout: number;
  departureTimeout: number;
  numParticipants: number;
  numPublishers: number;
  isRecording: boolean;
}

/** The beginning of a text or byte stream. */
export interface StreamFacts {
  streamId: string;
  kind: 'text' | 'bytes';
  mimeType: string;
  topic: string;
  timestamp: number;
  name?: string;
  totalSize?: number;
  attributes?: Record<string, string>;
}

/** An error of a remote procedure call, with LiveKit's number for it. */
export interface RpcFailure {
  code: number;
  message: string;
  data?: string;
}

/** What participants say to each other and the room only passes on. */
export type Packet =
  | { type: 'rpc.request'; id: string; method: string; payload: string; responseTimeoutMs: number }
  | { type: 'rpc.response'; id: string; payload: string; failure: RpcFailure | null }
  | { type: 'stream.opened'; stream: StreamFacts }
  /** `content` is text, or bytes in base64. */
  | { type: 'stream.chunk'; streamId: string; content: string }
  | { type: 'stream.closed'; streamId: string }
  | { type: 'dtmf'; code: number; digit: string }
  | { type: 'chat'; id: string; timestamp: number; message: string; editTimestamp?: number };

/** Participant → room. */
export type FromParticipant =
  /** The first message. */
  | { type: 'join'; token: string }
  | { type: 'leave' }
  /** `payload` in base64. An empty `to` is everyone. */
  | { type: 'data'; payload: string; topic: string; isReliable: boolean; to: string[] }
  | { type: 'rename'; name: string }
  | { type: 'setMetadata'; metadata: string }
  | { type: 'setAttributes'; attributes: Record<string, string> }
  | { type: 'packet'; to: string[]; packet: Packet };

/** Room → participant. */
export type ToParticipant =
  | { type: 'joined'; room: RoomFacts; self: ParticipantFacts; others: ParticipantFacts[] }
  | { type: 'refused'; reason: string }
  | { type: 'participant.joined'; participant: ParticipantFacts }
  | { type: 'participant.left'; identity: string; reason: number }
  | { type: 'participant.renamed'; identity: string; name: string }
  | { type: 'participant.metadataChanged'; identity: string; metadata: string }
  | {
      type: 'participant.attributesChanged';
      identity: string;
      attributes: Record<string, string>;
      changed: Record<string, string>;
    }
  | { type: 'track.published'; identity: string; track: TrackFacts }
  | { type: 'track.unpublished'; identity: string; trackSid: string }
  | { type: 'room.changed'; room: RoomFacts }
  /** `from` is `null` when the server's API has sent it. */
  | { type: 'data'; from: string | null; payload: string; topic: string; isReliable: boolean }
  | { type: 'packet'; from: string; packet: Packet }
  /** The connection is said to be broken, and to be mended. */
  | { type: 'reconnecting' }
  | { type: 'reconnected' }
  /** The last message, with LiveKit's number for the reason. */
  | { type: 'disconnected'; reason: number };

/** Bytes as text. */
export function encodeBytes(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** Bytes from text, in memory of their own. */
export function decodeBytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'));
}
