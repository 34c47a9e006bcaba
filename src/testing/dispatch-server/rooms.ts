/** All rooms of a server: how they come about, and when they close. */
import { Codec, DisconnectReason, Room, type RoomAgentDispatch } from '@livekit/protocol';
import type { TimeSource } from '../clock.ts';
import { newId } from './ids.ts';
import type { JoinInput, SimulatedParticipant } from './participant.ts';
import { SimulatedRoom } from './room.ts';

/** What a room is made with; what is left out is the server's default. */
export interface RoomInput {
  emptyTimeout?: number;
  departureTimeout?: number;
  maxParticipants?: number;
  metadata?: string;
  /** Whom to dispatch; empty means the agents without a name. */
  agents?: readonly RoomAgentDispatch[];
}

/** What happens in the rooms, for the dispatches and for the log. */
export interface RoomsListener {
  roomCreated: (room: SimulatedRoom, agents: readonly RoomAgentDispatch[]) => void;
  roomClosed: (room: SimulatedRoom, reason: DisconnectReason) => void;
  joined: (room: SimulatedRoom, participant: SimulatedParticipant) => void;
  left: (room: SimulatedRoom, participant: SimulatedParticipant, reason: DisconnectReason) => void;
  published: (room: SimulatedRoom, participant: SimulatedParticipant) => void;
}

/** What the rooms need. */
export interface RoomsSettings {
  time: TimeSource;
  random: () => number;
  /** Unix time in milliseconds. */
  now: () => number;
  tickMs: number;
  emptyTimeout: number;
  departureTimeout: number;
}

const codecs = ['audio/opus', 'audio/red', 'video/VP8', 'video/H264'];

/** The rooms of one server. */
export class Rooms {
  readonly #settings: RoomsSettings;
  readonly #listener: RoomsListener;
  readonly #rooms = new Map<string, SimulatedRoom>();
  #ticker: unknown = null;

  constructor(settings: RoomsSettings, listener: RoomsListener) {
    this.#settings = settings;
    this.#listener = listener;
  }

  /** The room of that name, if there is one. */
  get(name: string): SimulatedRoom | undefined {
    return this.#rooms.get(name);
  }

  /** All rooms. */
  list(): SimulatedRoom[] {
    return [...this.#rooms.values()];
  }

  /** The room of that name as it is, or a new one. */
  open(name: string, input: RoomInput = {}): SimulatedRoom {
    return this.#rooms.get(name) ?? this.#create(name, input);
  }

  /** Lets someone into a room, which is made when there is none. */
  join(name: string, who: JoinInput, input: RoomInput = {}): SimulatedParticipant {
    return this.open(name, input).join(who);
  }

  /** Closes a room: everyone in it is put out with that reason. */
  close(room: SimulatedRoom, reason: DisconnectReason): void {
    if (this.#rooms.get(room.name) !== room) return;
    room.empty(reason);
    this.#rooms.delete(room.name);
    this.#listener.roomClosed(room, reason);
  }

  /** Forgets all rooms and stops the clock of their time-outs. */
  stop(): void {
    for (const room of this.list()) room.empty(DisconnectReason.SERVER_SHUTDOWN);
    this.#rooms.clear();
    this.#settings.time.clearTimeout(this.#ticker);
    this.#ticker = null;
  }

  #create(name: string, input: RoomInput): SimulatedRoom {
    const { random, now } = this.#settings;
    const info = new Room({
      sid: newId('RM', random),
      name,
      emptyTimeout: input.emptyTimeout || this.#settings.emptyTimeout,
      departureTimeout: input.departureTimeout || this.#settings.departureTimeout,
      maxParticipants: input.maxParticipants ?? 0,
      metadata: input.metadata ?? '',
      creationTime: BigInt(Math.floor(now() / 1000)),
      creationTimeMs: BigInt(Math.floor(now())),
      turnPassword: newId('ND', random),
      enabledCodecs: codecs.map((mime) => new Codec({ mime })),
    });
    const listener = this.#listener;
    const room: SimulatedRoom = new SimulatedRoom(info, {
      random,
      now,
      joined: (participant) => listener.joined(room, participant),
      left: (participant, reason) => listener.left(room, participant, reason),
      published: (participant) => listener.published(room, participant),
    });
    this.#rooms.set(name, room);
    this.#listener.roomCreated(room, input.agents ?? []);
    this.#ticker ??= this.#nextTick();
    return room;
  }

  #nextTick(): unknown {
    const { time, tickMs } = this.#settings;
    return time.setTimeout(() => {
      for (const room of this.list()) {
        if (room.isOver()) this.close(room, DisconnectReason.ROOM_CLOSED);
      }
      this.#ticker = this.#rooms.size > 0 ? this.#nextTick() : null;
    }, tickMs);
  }
}
