/** What a room says, as the changes and events of a `HearingRoom`. */
import type { EventEmitter } from 'node:events';
import { connectionStates } from './connection-states.ts';
import { decodeBytes, type Packet, type RoomFacts, type ToParticipant } from './messages.ts';
import { SeenParticipant } from './participants.ts';
import type { RpcCalls } from './rpc.ts';
import type { IncomingStreams } from './streams.ts';

/** The room that changes by what is heard. */
export interface HearingRoom extends EventEmitter {
  facts: RoomFacts;
  readonly localParticipant: SeenParticipant | undefined;
  readonly remoteParticipants: Map<string, SeenParticipant>;
  readonly rpc: RpcCalls;
  readonly streams: IncomingStreams;
  /** The connection is in another state. */
  enter(state: number): void;
  /** The connection is over. */
  end(reason: number): void;
}

/** LiveKit's numbers for lossy and reliable data. */
const lossy = 0;
const reliable = 1;

type Heard = Exclude<ToParticipant, { type: 'joined' | 'refused' }>;
type Listeners = {
  [Type in Heard['type']]: (room: HearingRoom, message: Extract<Heard, { type: Type }>) => void;
};

const listeners: Listeners = {
  'participant.joined': (room, { participant: facts }) => {
    const participant = new SeenParticipant(facts);
    room.remoteParticipants.set(facts.identity, participant);
    room.emit('participantConnected', participant);
  },
  'participant.left': (room, { identity, reason }) => {
    const participant = room.remoteParticipants.get(identity);
    if (participant === undefined) return;
    room.remoteParticipants.delete(identity);
    participant.leave(reason);
    room.rpc.gone(identity);
    room.streams.gone(identity);
    room.emit('participantDisconnected', participant);
  },
  'participant.renamed': (room, { identity, name }) =>
    change(room, identity, { name }, (participant) =>
      room.emit('participantNameChanged', name, participant),
    ),
  'participant.metadataChanged': (room, { identity, metadata }) =>
    change(room, identity, { metadata }, (participant) =>
      room.emit('participantMetadataChanged', metadata, participant),
    ),
  'participant.attributesChanged': (room, { identity, attributes, changed }) =>
    change(room, identity, { attributes }, (participant) =>
      room.emit('participantAttributesChanged', changed, participant),
    ),
  'track.published': (room, { identity, track }) => {
    const participant = room.remoteParticipants.get(identity);
    if (participant === undefined) return;
    room.emit('trackPublished', participant.addTrack(track), participant);
  },
  'track.unpublished': (room, { identity, trackSid }) => {
    const participant = room.remoteParticipants.get(identity);
    const publication = participant?.trackPublications.get(trackSid);
    if (publication === undefined) return;
    participant?.trackPublications.delete(trackSid);
    room.emit('trackUnpublished', publication, participant);
  },
  'room.changed': (room, { room: facts }) => {
    const isOther = room.facts.metadata !== facts.metadata;
    room.facts = facts;
    if (isOther) room.emit('roomMetadataChanged', facts.metadata);
    room.emit('roomUpdated');
  },
  data: (room, { from, payload, topic, isReliable }) => {
    const participant = from === null ? undefined : room.remoteParticipants.get(from);
    const kind = isReliable ? reliable : lossy;
    room.emit('dataReceived', decodeBytes(payload), participant, kind, topic);
  },
  packet: (room, { from, packet }) => unpack(room, from, packet),
  reconnecting: (room) => {
    room.enter(connectionStates.reconnecting);
    room.emit('reconnecting');
  },
  reconnected: (room) => {
    room.enter(connectionStates.connected);
    room.emit('reconnected');
  },
  disconnected: (room, { reason }) => room.end(reason),
};

/** Changes a room by what it says, and tells its program. Unknown messages are ignored. */
export function hearRoom(room: HearingRoom, message: ToParticipant): void {
  const listener = listeners[message.type as Heard['type']] as
    | ((room: HearingRoom, message: ToParticipant) => void)
    | undefined;
  listener?.(room, message);
}

function change(
  room: HearingRoom,
  identity: string,
  facts: Parameters<SeenParticipant['update']>[0],
  tell: (participant: SeenParticipant) => void,
): void {
  const isSelf = room.localParticipant?.identity === identity;
  const participant = isSelf ? room.localParticipant : room.remoteParticipants.get(identity);
  if (participant === undefined) return;
  participant.update(facts);
  tell(participant);
}

function unpack(room: HearingRoom, from: string, packet: Packet): void {
  switch (packet.type) {
    case 'rpc.request':
    case 'rpc.response':
      room.rpc.receive(from, packet);
      return;
    case 'dtmf':
      room.emit('dtmfReceived', packet.code, packet.digit, room.remoteParticipants.get(from));
      return;
    case 'chat': {
      const { type: _type, ...chat } = packet;
      room.emit('chatMessage', chat, room.remoteParticipants.get(from));
      return;
    }
    default:
      room.streams.receive(from, packet);
  }
}
