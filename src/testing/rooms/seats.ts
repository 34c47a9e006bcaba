/** Where the links of participants' programs meet the rooms of the embedded server. */
import { DisconnectReason, type ParticipantInfo, Room, type TrackInfo } from '@livekit/protocol';
import type { DispatchServer } from '../dispatch-server/dispatch-server.ts';
import type { Sight, SimulatedParticipant } from '../dispatch-server/participant.ts';
import { type RoomLink, socketLink } from './links.ts';
import {
  decodeBytes,
  encodeBytes,
  type FromParticipant,
  type Packet,
  type ParticipantFacts,
  type RoomFacts,
  roomsPath,
  type ToParticipant,
  type TrackFacts,
} from './messages.ts';

/** The participants of a server whose programs are linked to it. */
export class Seats {
  readonly #server: DispatchServer;
  readonly #links = new Map<SimulatedParticipant, RoomLink>();

  constructor(server: DispatchServer) {
    this.#server = server;
  }

  /** Lets job processes in, over a WebSocket of the server. */
  listen(): void {
    this.#server.handleUpgrade(roomsPath, () => (socket) => this.admit(socketLink(socket)));
  }

  /** Lets the program at the other end of a link join with a token. */
  admit(link: RoomLink): void {
    link.onMessage((message) => {
      if (message.type !== 'join') return;
      try {
        this.seat(this.#server.joinWithToken(message.token), link);
      } catch (error) {
        link.send({
          type: 'refused',
          reason: error instanceof Error ? error.message : String(error),
        });
        link.close();
      }
    });
  }

  /** Gives a participant to the program at the other end of a link. */
  seat(participant: SimulatedParticipant, link: RoomLink): void {
    this.#links.set(participant, link);
    participant.watch((sight) => this.#show(participant, link, sight));
    link.onMessage((message) => this.#obey(participant, message));
    // A program that is killed says nothing: the real server takes some 20 s to notice.
    link.onClose(() => participant.leave(DisconnectReason.CONNECTION_TIMEOUT));
    link.send({
      type: 'joined',
      room: roomFacts(this.#roomOf(participant)),
      self: participantFacts(participant.info),
      others: participant.others.map(({ info }) => participantFacts(info)),
    });
  }

  /** The program of a participant believes that its connection is broken, until the returned function is called. */
  interrupt(participant: SimulatedParticipant): () => void {
    const link = this.#links.get(participant);
    link?.send({ type: 'reconnecting' });
    return () => link?.send({ type: 'reconnected' });
  }

  #show(participant: SimulatedParticipant, link: RoomLink, sight: Sight): void {
    const room = this.#roomOf(participant);
    for (const message of messagesOf(sight, room)) link.send(message);
    if (sight.type !== 'disconnected') return;
    this.#links.delete(participant);
  }

  #roomOf({ room }: SimulatedParticipant): Room {
    return this.#server.room(room.name)?.info ?? new Room({ sid: room.sid, name: room.name });
  }

  #obey(participant: SimulatedParticipant, message: FromParticipant): void {
    switch (message.type) {
      case 'join':
        return;
      case 'leave':
        participant.leave();
        return;
      case 'data': {
        const { payload, topic, isReliable, to } = message;
        participant.sendData(decodeBytes(payload), { topic, isReliable, to });
        return;
      }
      case 'rename':
      case 'setMetadata':
      case 'setAttributes':
        change(participant, message);
        return;
      case 'packet':
        this.#relay(participant, message.to, message.packet);
    }
  }

  #relay(from: SimulatedParticipant, to: readonly string[], packet: Packet): void {
    for (const other of from.room.participants.values()) {
      if (other === from || (to.length > 0 && !to.includes(other.identity))) continue;
      const link = this.#links.get(other);
      if (link !== undefined) link.send({ type: 'packet', from: from.identity, packet });
      else if (packet.type === 'rpc.request') this.#refuseCall(from, other, packet.id);
    }
  }

  /** A participant that no program plays answers no calls. */
  #refuseCall(from: SimulatedParticipant, other: SimulatedParticipant, id: string): void {
    const failure = { code: 1400, message: 'Method not supported at destination' };
    this.#links.get(from)?.send({
      type: 'packet',
      from: other.identity,
      packet: { type: 'rpc.response', id, payload: '', failure },
    });
  }
}

type Wish = Extract<FromParticipant, { type: 'rename' | 'setMetadata' | 'setAttributes' }>;

/** Who may not change is told nothing, as on a real server. */
function change(participant: SimulatedParticipant, wish: Wish): void {
  if (participant.info.permission?.canUpdateMetadata !== true) return;
  if (wish.type === 'rename') participant.setName(wish.name);
  else if (wish.type === 'setMetadata') participant.setMetadata(wish.metadata);
  else participant.setAttributes(wish.attributes);
}

function messagesOf(sight: Sight, room: Room): ToParticipant[] {
  switch (sight.type) {
    case 'participant.joined':
      return [
        { type: sight.type, participant: participantFacts(sight.participant.info) },
        roomChanged(room),
      ];
    case 'participant.left': {
      const { type, participant, reason } = sight;
      return [{ type, identity: participant.identity, reason }, roomChanged(room)];
    }
    case 'room.metadataChanged':
      return [roomChanged(room)];
    case 'data.received': {
      const { from, payload, topic, isReliable } = sight;
      const data = { payload: encodeBytes(payload), topic, isReliable };
      return [{ type: 'data', from: from?.identity ?? null, ...data }];
    }
    case 'disconnected':
      return [sight];
    case 'participant.permissionsChanged':
      return [];
    default:
      return [changeOf(sight)];
  }
}

type Change = Extract<
  Sight,
  {
    type:
      | 'participant.renamed'
      | 'participant.metadataChanged'
      | 'participant.attributesChanged'
      | 'track.published'
      | 'track.unpublished';
  }
>;

function changeOf(sight: Change): ToParticipant {
  const { info, identity } = sight.participant;
  switch (sight.type) {
    case 'participant.renamed':
      return { type: sight.type, identity, name: info.name };
    case 'participant.metadataChanged':
      return { type: sight.type, identity, metadata: info.metadata };
    case 'participant.attributesChanged':
      return { type: sight.type, identity, attributes: info.attributes, changed: sight.changed };
    case 'track.published':
      return { type: sight.type, identity, track: trackFacts(sight.track) };
    case 'track.unpublished':
      return { type: sight.type, identity, trackSid: sight.track.sid };
  }
}

function roomChanged(info: Room): ToParticipant {
  return { type: 'room.changed', room: roomFacts(info) };
}

function roomFacts(info: Room): RoomFacts {
  const { sid, name, metadata, emptyTimeout, departureTimeout } = info;
  return {
    sid,
    name,
    metadata,
    creationTimeMs: Number(info.creationTimeMs),
    emptyTimeout,
    departureTimeout,
    numParticipants: info.numParticipants,
    numPublishers: info.numPublishers,
    isRecording: info.activeRecording,
  };
}

function participantFacts(info: ParticipantInfo): ParticipantFacts {
  const { sid, identity, name, metadata, kind } = info;
  const attributes = { ...info.attributes };
  return { sid, identity, name, metadata, attributes, kind, tracks: info.tracks.map(trackFacts) };
}

/** LiveKit counts kinds of tracks from 0 on the wire, and from 1 in its libraries. */
function trackFacts({ sid, name, type, source }: TrackInfo): TrackFacts {
  return { sid, name, kind: type + 1, source };
}
