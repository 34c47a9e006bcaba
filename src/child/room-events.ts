/** What happens to a session, as events for the user's own machine. */
import type { Participant, RemoteParticipant, Room } from '@livekit/rtc-node';
import type { CloseReason } from '../../machines/messages.ts';
import { disconnectCause } from './disconnect-reasons.ts';
import { connectedState } from './rtc.ts';

/** What the machine of an agent is told. Those of the room come from `ctx.connect()` on and are named as in rtc-node. */
export type RoomSessionEvent =
  /** The agent is in the room; a `room.participantConnected` follows for each participant who was there before. */
  | { type: 'room.connected'; identity: string }
  /** The connection broke and is being renewed. */
  | { type: 'room.reconnecting' }
  | { type: 'room.reconnected' }
  /** The agent is out of the room for good: the session closes. `detail` is LiveKit's name for the reason. */
  | { type: 'room.disconnected'; reason: CloseReason; detail: string }
  /** The identity is the user's, the SID is one stay in the room. */
  | {
      type: 'room.participantConnected';
      identity: string;
      sid: string;
      participant: RemoteParticipant;
    }
  | {
      type: 'room.participantDisconnected';
      identity: string;
      sid: string;
      participant: RemoteParticipant;
    }
  /** `attributes`: those that changed. The agent's own are told, too. */
  | {
      type: 'room.participantAttributesChanged';
      attributes: Record<string, string>;
      identity: string;
      sid: string;
      participant: Participant;
    }
  | {
      type: 'room.participantMetadataChanged';
      metadata: string;
      identity: string;
      sid: string;
      participant: Participant;
    }
  | { type: 'room.metadataChanged'; metadata: string }
  /** Data without a participant, and with an empty identity, comes from the server's API. */
  | {
      type: 'room.dataReceived';
      payload: Uint8Array;
      topic: string;
      identity: string;
      participant: RemoteParticipant | undefined;
    }
  /** The worker drains: the session may run on, until `deadlineMs` from now, or without an end. */
  | { type: 'session.draining'; deadlineMs: number | null }
  /** The session begins to close: the machine has `entryGraceTimeoutMs` to reach a final state. */
  | { type: 'session.closing'; reason: CloseReason; detail: string };

type Tell = (event: RoomSessionEvent) => void;

/** Tells what happens in a room that is not connected yet, until the returned function is called. */
export function watchRoom(room: Room, tell: Tell): () => void {
  const held = new HeldEvents(tell);
  const handlers = {
    ...handlersOf(held.tell),
    connectionStateChanged: (state: number) => {
      if (state !== connectedState) return;
      room.off('connectionStateChanged', handlers.connectionStateChanged);
      held.hold();
      announce(room, held.tell);
    },
  };
  const names = Object.keys(handlers) as (keyof typeof handlers)[];
  // Before the session acts on it: a machine hears of the disconnect, and then of the close.
  for (const name of names) room.prependListener(name, handlers[name]);
  return () => {
    held.end();
    for (const name of names) room.off(name, handlers[name]);
  };
}

/** No event of the room tells of those who are there when it connects. */
function announce(room: Room, tell: Tell): void {
  tell({ type: 'room.connected', identity: room.localParticipant?.identity ?? '' });
  for (const participant of room.remoteParticipants.values()) {
    tell({ type: 'room.participantConnected', ...factsOf(participant) });
  }
}

function handlersOf(tell: Tell) {
  return {
    reconnecting: () => tell({ type: 'room.reconnecting' }),
    reconnected: () => tell({ type: 'room.reconnected' }),
    disconnected: (reason: number) =>
      tell({ type: 'room.disconnected', ...disconnectCause(reason) }),
    participantConnected: (participant: RemoteParticipant) =>
      tell({ type: 'room.participantConnected', ...factsOf(participant) }),
    participantDisconnected: (participant: RemoteParticipant) =>
      tell({ type: 'room.participantDisconnected', ...factsOf(participant) }),
    participantAttributesChanged: (attributes: Record<string, string>, participant: Participant) =>
      tell({ type: 'room.participantAttributesChanged', attributes, ...factsOf(participant) }),
    participantMetadataChanged: (metadata: string | undefined, participant: Participant) =>
      tell({
        type: 'room.participantMetadataChanged',
        metadata: metadata ?? '',
        ...factsOf(participant),
      }),
    roomMetadataChanged: (metadata: string) => tell({ type: 'room.metadataChanged', metadata }),
    dataReceived: (
      payload: Uint8Array,
      participant?: RemoteParticipant,
      _kind?: unknown,
      topic?: string,
    ) =>
      tell({
        type: 'room.dataReceived',
        payload,
        topic: topic ?? '',
        identity: participant?.identity ?? '',
        participant,
      }),
  };
}

function factsOf<Kind extends Participant>(participant: Kind) {
  return { identity: participant.identity, sid: participant.sid ?? '', participant };
}

/**
 * Events that wait for the end of the turn in which the room connected: whoever awaits `ctx.connect()` goes on before they
 * come. Else a machine that waits for the connect in one state and for a participant in the next one would miss those
 * who are in the room already.
 */
class HeldEvents {
  readonly #tell: Tell;
  #events: RoomSessionEvent[] | null = null;
  #turn: NodeJS.Immediate | undefined;

  constructor(tell: Tell) {
    this.#tell = tell;
  }

  readonly tell: Tell = (event) => {
    if (this.#events === null) this.#tell(event);
    else this.#events.push(event);
  };

  hold(): void {
    this.#events = [];
    this.#turn = setImmediate(() => this.#release());
  }

  end(): void {
    clearImmediate(this.#turn);
  }

  #release(): void {
    const events = this.#events ?? [];
    this.#events = null;
    for (const event of events) this.#tell(event);
  }
}
