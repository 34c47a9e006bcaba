/** The room of a job: connects once, tells the session what happens in it, and leaves it. */
import type {
  E2EEOptions,
  RemoteParticipant,
  RemoteTrackPublication,
  Room,
  RtcConfiguration,
} from '@livekit/rtc-node';
import { isLinked } from '../../machines/session/session.rules.ts';
import type { Participant, RoomEvent } from '../../machines/session/session.types.ts';
import { WorkerError, toFailure } from '../errors.ts';
import { AutoSubscribe } from './auto-subscribe.ts';
import { abortable, bounded } from './bounded.ts';
import { disconnectCause } from './disconnect-reasons.ts';
import { connectQuickly } from './quick-connect.ts';
import { audioKind, connectedState, videoKind } from './rtc.ts';

/** How long the SID of the room may be missing after the connect: LiveKit Cloud tells it a little later. */
const sidTimeoutMs = 2_000;

/** How to connect. */
export interface ConnectOptions {
  e2ee?: E2EEOptions | undefined;
  autoSubscribe: AutoSubscribe;
  rtcConfig?: RtcConfiguration | undefined;
}

/** Where to connect to. */
export interface RoomAddress {
  url: string;
  token: string;
  /** Name of the room, for messages. */
  name: string;
  /** Without the programs that the native library runs before it connects. */
  isQuick?: boolean;
}

/** The connection of one job to its room. */
export class RoomConnection {
  readonly room: Room;
  readonly #address: RoomAddress;
  readonly #signal: AbortSignal;
  readonly #onJoined: () => void;
  #connect: Promise<void> | null = null;
  #listener: (event: RoomEvent) => void = () => {};

  /** `signal` is aborted when the session ends. `onJoined` is called once, as soon as the agent is in the room. */
  constructor(
    room: Room,
    address: RoomAddress,
    signal: AbortSignal,
    onJoined: () => void = () => {},
  ) {
    this.room = room;
    this.#address = address;
    this.#signal = signal;
    this.#onJoined = onJoined;
  }

  /** Connects to the room; calls that come while or after it is done share the one connect. */
  async connect(options: ConnectOptions): Promise<void> {
    this.#signal.throwIfAborted();
    this.#connect ??= this.#connectOnce(options);
    await abortable(this.#connect, this.#signal);
  }

  /** Resolves when no connect is under way. */
  async settled(): Promise<void> {
    await this.#connect?.catch(() => {});
  }

  /** Leaves the room; nothing to do when the agent is not in it. */
  async leave(): Promise<void> {
    if (this.room.isConnected) await this.room.disconnect();
  }

  /** Tells what happens in the room until the returned function is called. */
  watch(linked: Participant | null, listener: (event: RoomEvent) => void): () => void {
    const { room } = this;
    this.#listener = listener;
    let hasJoined = false;
    const handlers = {
      connectionStateChanged: (state: number) => {
        if (state !== connectedState || hasJoined) return;
        hasJoined = true;
        // Whoever awaits the connect goes on first.
        setImmediate(() => this.#onJoined());
        void this.#tellJoined(linked, listener);
      },
      reconnecting: () => listener({ type: 'room.reconnecting' }),
      reconnected: () => listener({ type: 'room.reconnected' }),
      disconnected: (reason: number) =>
        listener({ type: 'room.disconnected', ...disconnectCause(reason) }),
      participantConnected: (participant: RemoteParticipant) =>
        listener({ type: 'room.participantJoined', ...whoIs(participant) }),
      participantDisconnected: (participant: RemoteParticipant) =>
        listener({ type: 'room.participantLeft', ...whoIs(participant) }),
    };
    const names = Object.keys(handlers) as (keyof typeof handlers)[];
    for (const name of names) room.on(name, handlers[name]);
    return () => {
      this.#listener = () => {};
      for (const name of names) room.off(name, handlers[name]);
    };
  }

  async #connectOnce(options: ConnectOptions): Promise<void> {
    const { isQuick = false } = this.#address;
    this.#listener({ type: 'room.connecting' });
    const connect = (): Promise<void> => this.#connectRoom(options);
    try {
      await (isQuick ? connectQuickly(connect) : connect());
    } catch (error) {
      this.#connect = null;
      throw this.#connectFailed(error);
    }
    subscribeTo(this.room, options.autoSubscribe);
  }

  #connectRoom(options: ConnectOptions): Promise<void> {
    const { url, token } = this.#address;
    return this.room.connect(url, token, {
      autoSubscribe: options.autoSubscribe === AutoSubscribe.SUBSCRIBE_ALL,
      dynacast: false,
      ...(options.e2ee !== undefined && { encryption: options.e2ee }),
      ...(options.rtcConfig !== undefined && { rtcConfig: options.rtcConfig }),
    });
  }

  #connectFailed(cause: unknown): WorkerError {
    const { url, name } = this.#address;
    const reason = cause instanceof Error ? cause.message : String(cause);
    const error = new WorkerError(
      'GR_ROOM_CONNECT_FAILED',
      `The agent could not connect to the room "${name}" at ${url}: ${reason}`,
      { cause, details: { url, room: name } },
    );
    this.#listener({
      type: 'room.connectFailed',
      failure: toFailure(error, 'GR_ROOM_CONNECT_FAILED'),
    });
    return error;
  }

  async #tellJoined(linked: Participant | null, listener: (event: RoomEvent) => void) {
    const roomSid = await bounded(this.room.getSid(), sidTimeoutMs, '');
    if (!this.room.isConnected) return;
    const others = [...this.room.remoteParticipants.values()];
    listener({
      type: 'room.connected',
      roomSid,
      identity: this.room.localParticipant?.identity ?? '',
      isLinkedHere: others.some((participant) => isLinked(linked, whoIs(participant))),
    });
  }
}

function whoIs(participant: RemoteParticipant): Participant {
  return { identity: participant.identity, sid: participant.sid ?? '' };
}

/** The server subscribes to all tracks or to none; one kind only is subscribed to here, tracks of later on included. */
function subscribeTo(room: Room, autoSubscribe: AutoSubscribe): void {
  const kinds = { [AutoSubscribe.AUDIO_ONLY]: audioKind, [AutoSubscribe.VIDEO_ONLY]: videoKind };
  const wanted = kinds[autoSubscribe as keyof typeof kinds];
  if (wanted === undefined) return;
  const subscribe = (publication: RemoteTrackPublication) => {
    if (Number(publication.kind) === wanted) publication.setSubscribed(true);
  };
  room.on('trackPublished', subscribe);
  for (const participant of room.remoteParticipants.values()) {
    for (const publication of participant.trackPublications.values()) subscribe(publication);
  }
}
