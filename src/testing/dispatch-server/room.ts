/** One simulated room: who is in it, and what they are shown. */
import {
  DisconnectReason,
  ParticipantInfo_State,
  type Room,
  type TrackInfo,
} from '@livekit/protocol';
import {
  type DataOptions,
  joinsDependent,
  type JoinInput,
  type ParticipantRoom,
  type Sight,
  SimulatedParticipant,
} from './participant.ts';

/** What a room tells whoever keeps it. */
export interface RoomKeeper {
  random: () => number;
  now: () => number;
  joined: (participant: SimulatedParticipant) => void;
  left: (participant: SimulatedParticipant, reason: DisconnectReason) => void;
  published: (participant: SimulatedParticipant) => void;
}

/** A room as the server knows it. */
export class SimulatedRoom implements ParticipantRoom {
  readonly info: Room;
  readonly participants = new Map<string, SimulatedParticipant>();
  readonly #keeper: RoomKeeper;
  /** Whether anyone but agents, egress and recorders was ever here. */
  #wasVisited = false;
  /** The Unix second in which someone left last; `null` when nobody has. */
  #lastLeaveSecond: number | null = null;

  constructor(info: Room, keeper: RoomKeeper) {
    this.info = info;
    this.#keeper = keeper;
  }

  get name(): string {
    return this.info.name;
  }

  get sid(): string {
    return this.info.sid;
  }

  get random(): () => number {
    return this.#keeper.random;
  }

  /** Those who keep the room open. */
  get independents(): SimulatedParticipant[] {
    return [...this.participants.values()].filter(({ isDependent }) => !isDependent);
  }

  /** Whether this one would be one too many: dependent participants are not counted. */
  isFullFor(input: JoinInput): boolean {
    const { maxParticipants, numParticipants } = this.info;
    return maxParticipants > 0 && numParticipants >= maxParticipants && !joinsDependent(input);
  }

  /** Lets someone in. The same identity puts the one before out. */
  join(input: JoinInput): SimulatedParticipant {
    this.participants.get(input.identity)?.leave(DisconnectReason.DUPLICATE_IDENTITY);
    const { random, now } = this.#keeper;
    const participant = new SimulatedParticipant(this, input, { random, now: now() });
    this.participants.set(input.identity, participant);
    if (!participant.isDependent) this.#wasVisited = true;
    this.#count();
    this.show({ type: 'participant.joined', participant }, participant);
    this.#keeper.joined(participant);
    participant.info.state = ParticipantInfo_State.ACTIVE;
    return participant;
  }

  /** Puts a participant out; nothing happens when it is out already. */
  remove(participant: SimulatedParticipant, reason: DisconnectReason): void {
    if (this.participants.get(participant.identity) !== participant) return;
    this.participants.delete(participant.identity);
    this.#lastLeaveSecond = this.#second();
    this.#count();
    participant.end(reason);
    this.show({ type: 'participant.left', participant, reason }, participant);
    this.#keeper.left(participant, reason);
  }

  /** Puts everyone out. */
  empty(reason: DisconnectReason): void {
    for (const participant of this.participants.values()) this.remove(participant, reason);
  }

  /** Whether its time is over: counted in whole seconds, from the last leave or from its creation. */
  isOver(): boolean {
    if (this.independents.length > 0) return false;
    const { departureTimeout, emptyTimeout, creationTime } = this.info;
    if (this.#wasVisited && this.#lastLeaveSecond !== null)
      return this.#second() - this.#lastLeaveSecond >= departureTimeout;
    return this.#second() - Number(creationTime) >= emptyTimeout;
  }

  /** Replaces its metadata. */
  setMetadata(metadata: string): void {
    const before = this.info.metadata;
    if (before === metadata) return;
    this.info.metadata = metadata;
    this.show({ type: 'room.metadataChanged', metadata, before });
  }

  /** Delivers a data message, of the server when `from` is left out. */
  deliverData(
    payload: Uint8Array | string,
    { topic = '', to = [], isReliable = true }: DataOptions,
    from: SimulatedParticipant | null = null,
  ): void {
    const bytes = typeof payload === 'string' ? new TextEncoder().encode(payload) : payload;
    for (const other of this.participants.values()) {
      if (other === from || (to.length > 0 && !to.includes(other.identity))) continue;
      other.see({ type: 'data.received', from, payload: bytes, topic, isReliable });
    }
  }

  /** Shows something to all who can see it; `about` is the participant it happened to. */
  show(sight: Sight, about: SimulatedParticipant | null = null): void {
    for (const other of this.participants.values()) {
      const isOwn = other === about;
      if (about === null || (isOwn ? isForSelf(sight) : !about.isHidden)) other.see(sight);
    }
  }

  /** A participant has published a track: for the participant. */
  published(participant: SimulatedParticipant, track: TrackInfo): void {
    this.#count();
    this.show({ type: 'track.published', participant, track }, participant);
    this.#keeper.published(participant);
  }

  #count(): void {
    const independents = this.independents;
    this.info.numParticipants = independents.length;
    this.info.numPublishers = independents.filter(({ info }) => info.isPublisher).length;
  }

  #second(): number {
    return Math.floor(this.#keeper.now() / 1000);
  }
}

/** A participant is told of changes to itself, not of its own coming and going. */
function isForSelf({ type }: Sight): boolean {
  return type !== 'participant.joined' && type !== 'participant.left';
}
