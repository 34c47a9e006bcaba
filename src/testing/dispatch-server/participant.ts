/** One participant of a simulated room: what it is, what it does, and what it sees of the others. */
import {
  DisconnectReason,
  ParticipantInfo,
  ParticipantInfo_Kind,
  ParticipantInfo_State,
  ParticipantPermission,
  TrackInfo,
  TrackSource,
  TrackType,
} from '@livekit/protocol';
import { newId } from './ids.ts';

/** What a participant may do; left out: everything but to be hidden. */
export interface Permissions {
  canPublish?: boolean;
  canSubscribe?: boolean;
  canPublishData?: boolean;
  canUpdateMetadata?: boolean;
  canSubscribeMetrics?: boolean;
  hidden?: boolean;
  recorder?: boolean;
  agent?: boolean;
}

/** Who joins a room. */
export interface JoinInput {
  identity: string;
  name?: string | undefined;
  metadata?: string | undefined;
  attributes?: Readonly<Record<string, string>> | undefined;
  kind?: ParticipantInfo_Kind | undefined;
  permissions?: Permissions | undefined;
}

/** What a data message says beside its payload. */
export interface DataOptions {
  topic?: string;
  /** Identities it is for; all the others when left out or empty. */
  to?: readonly string[];
  isReliable?: boolean;
}

/** What a participant is told of its room, in the order in which it happens. */
export type Sight =
  | { type: 'participant.joined'; participant: SimulatedParticipant }
  | { type: 'participant.left'; participant: SimulatedParticipant; reason: DisconnectReason }
  | { type: 'participant.renamed'; participant: SimulatedParticipant; name: string }
  | { type: 'participant.metadataChanged'; participant: SimulatedParticipant; before: string }
  | {
      type: 'participant.attributesChanged';
      participant: SimulatedParticipant;
      changed: Record<string, string>;
    }
  | { type: 'participant.permissionsChanged'; participant: SimulatedParticipant }
  | { type: 'track.published'; participant: SimulatedParticipant; track: TrackInfo }
  | { type: 'track.unpublished'; participant: SimulatedParticipant; track: TrackInfo }
  | {
      type: 'data.received';
      /** `null` when the server's API has sent it. */
      from: SimulatedParticipant | null;
      payload: Uint8Array;
      topic: string;
      isReliable: boolean;
    }
  | { type: 'room.metadataChanged'; metadata: string; before: string }
  /** The last thing a participant sees. */
  | { type: 'disconnected'; reason: DisconnectReason };

/** What a participant needs of its room. */
export interface ParticipantRoom {
  readonly name: string;
  readonly sid: string;
  readonly participants: ReadonlyMap<string, SimulatedParticipant>;
  readonly random: () => number;
  show: (sight: Sight, about: SimulatedParticipant) => void;
  remove: (participant: SimulatedParticipant, reason: DisconnectReason) => void;
  deliverData: (
    payload: Uint8Array | string,
    options: DataOptions,
    from: SimulatedParticipant,
  ) => void;
  published: (participant: SimulatedParticipant, track: TrackInfo) => void;
}

/** A participant as the server knows it. */
export class SimulatedParticipant {
  readonly room: ParticipantRoom;
  readonly info: ParticipantInfo;
  /** Dependent participants (agents, egress, recorders) do not keep a room open and are not counted. */
  readonly isDependent: boolean;
  readonly #listeners = new Set<(sight: Sight) => void>();
  #disconnectReason: DisconnectReason | null = null;

  constructor(
    room: ParticipantRoom,
    input: JoinInput,
    world: { now: number; random: () => number },
  ) {
    this.room = room;
    this.isDependent = joinsDependent(input);
    this.info = new ParticipantInfo({
      sid: newId('PA', world.random),
      identity: input.identity,
      name: input.name ?? '',
      metadata: input.metadata ?? '',
      attributes: { ...input.attributes },
      kind: input.kind ?? ParticipantInfo_Kind.STANDARD,
      state: ParticipantInfo_State.JOINED,
      joinedAt: BigInt(Math.floor(world.now / 1000)),
      joinedAtMs: BigInt(Math.floor(world.now)),
      permission: permissionOf(input.permissions ?? {}),
    });
  }

  get identity(): string {
    return this.info.identity;
  }

  get sid(): string {
    return this.info.sid;
  }

  /** Why it is no longer in the room; `null` while it is. */
  get disconnectReason(): DisconnectReason | null {
    return this.#disconnectReason;
  }

  get isHidden(): boolean {
    return this.info.permission?.hidden === true;
  }

  /** The others that it can see. */
  get others(): SimulatedParticipant[] {
    return [...this.room.participants.values()].filter(
      (other) => other !== this && !other.isHidden,
    );
  }

  /** Calls back with everything it sees until the returned function is called. */
  watch(listener: (sight: Sight) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Leaves the room; a second call does nothing. */
  leave(reason: DisconnectReason = DisconnectReason.CLIENT_INITIATED): void {
    this.room.remove(this, reason);
  }

  /** Sends a data message to the others. */
  sendData(payload: Uint8Array | string, options: DataOptions = {}): void {
    if (this.#disconnectReason !== null || this.info.permission?.canPublishData === false) return;
    this.room.deliverData(payload, options, this);
  }

  /** Takes another name. */
  setName(name: string): void {
    if (this.info.name === name) return;
    this.info.name = name;
    this.room.show({ type: 'participant.renamed', participant: this, name }, this);
  }

  /** Replaces its metadata. */
  setMetadata(metadata: string): void {
    const before = this.info.metadata;
    if (before === metadata) return;
    this.info.metadata = metadata;
    this.room.show({ type: 'participant.metadataChanged', participant: this, before }, this);
  }

  /** Sets attributes beside those it has; an empty text takes one away. */
  setAttributes(attributes: Readonly<Record<string, string>>): void {
    const changed: Record<string, string> = {};
    for (const [key, value] of Object.entries(attributes)) {
      if ((this.info.attributes[key] ?? '') === value) continue;
      changed[key] = value;
      if (value === '') delete this.info.attributes[key];
      else this.info.attributes[key] = value;
    }
    if (Object.keys(changed).length === 0) return;
    this.room.show({ type: 'participant.attributesChanged', participant: this, changed }, this);
  }

  /** Gets other permissions, all of them. */
  setPermissions(permission: ParticipantPermission): void {
    this.info.permission = permission;
    this.room.show({ type: 'participant.permissionsChanged', participant: this }, this);
  }

  /** Publishes a track: its name and kind. There is no media behind it. */
  publish(track: { name?: string; type?: TrackType; source?: TrackSource } = {}): TrackInfo {
    const info = new TrackInfo({
      sid: newId('TR', this.room.random),
      name: track.name ?? 'microphone',
      type: track.type ?? TrackType.AUDIO,
      source: track.source ?? TrackSource.MICROPHONE,
    });
    this.info.tracks.push(info);
    this.info.isPublisher = true;
    this.room.published(this, info);
    return info;
  }

  /** Takes a track back. */
  unpublish(trackSid: string): void {
    const index = this.info.tracks.findIndex(({ sid }) => sid === trackSid);
    const [track] = index < 0 ? [] : this.info.tracks.splice(index, 1);
    if (track === undefined) return;
    this.room.show({ type: 'track.unpublished', participant: this, track }, this);
  }

  /** Shows it something: for the room. */
  see(sight: Sight): void {
    for (const listener of this.#listeners) listener(sight);
  }

  /** Marks it as gone and tells it so, as the last thing: for the room. */
  end(reason: DisconnectReason): void {
    this.#disconnectReason = reason;
    this.info.state = ParticipantInfo_State.DISCONNECTED;
    this.info.disconnectReason = reason;
    this.see({ type: 'disconnected', reason });
    this.#listeners.clear();
  }
}

/** Whether who joins so will be a dependent participant. */
export function joinsDependent({ kind, permissions = {} }: JoinInput): boolean {
  if (kind === ParticipantInfo_Kind.AGENT || kind === ParticipantInfo_Kind.EGRESS) return true;
  return permissions.agent === true || permissions.recorder === true;
}

/** Made from JSON, since LiveKit marks as deprecated what its server still sets. */
function permissionOf(permissions: Permissions): ParticipantPermission {
  return ParticipantPermission.fromJson({
    canPublish: true,
    canSubscribe: true,
    canPublishData: true,
    ...permissions,
  });
}
