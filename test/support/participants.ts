/** Real participants for end-to-end tests: they join a room, talk, publish sound, listen and leave. */
import {
  AudioFrame,
  AudioSource,
  AudioStream,
  type DisconnectReason,
  LocalAudioTrack,
  type RemoteParticipant,
  type RemoteTrack,
  Room,
  RoomEvent,
  TrackKind,
  TrackPublishOptions,
  TrackSource,
} from '@livekit/rtc-node';
import { AccessToken, RoomConfiguration } from 'livekit-server-sdk';
import { Recorder, type WaitOptions } from './recorder.mjs';

/** Where a participant joins. */
export interface ServerAccess {
  url: string;
  apiKey: string;
  apiSecret: string;
}

/** Who joins, and what the room gets when this join creates it. */
export interface JoinOptions {
  room: string;
  identity: string;
  kind?: 'standard' | 'agent' | 'sip' | 'ingress' | 'egress';
  metadata?: string;
  attributes?: Record<string, string>;
  hidden?: boolean;
  roomConfig?: ConstructorParameters<typeof RoomConfiguration>[0];
}

/** A data message as it arrived. */
export interface DataMessage {
  topic: string;
  text: string;
  from: string;
}

const sampleRate = 48_000;
const samplesPerFrame = 480;

/** A token with which a participant may join one room. */
async function participantToken(server: ServerAccess, options: JoinOptions): Promise<string> {
  const token = new AccessToken(server.apiKey, server.apiSecret, {
    identity: options.identity,
    ttl: 600,
    ...(options.metadata !== undefined && { metadata: options.metadata }),
    ...(options.attributes !== undefined && { attributes: options.attributes }),
  });
  token.addGrant({
    roomJoin: true,
    room: options.room,
    canPublish: true,
    canPublishData: true,
    canSubscribe: true,
    ...(options.hidden === true && { hidden: true }),
  });
  if (options.kind !== undefined) token.kind = options.kind;
  if (options.roomConfig !== undefined)
    token.roomConfig = new RoomConfiguration(options.roomConfig);
  return token.toJwt();
}

/** Joins a room and resolves once connected. */
export async function joinRoom(server: ServerAccess, options: JoinOptions): Promise<Participant> {
  const room = new Room();
  const participant = new Participant(room, options.identity);
  await room.connect(server.url, await participantToken(server, options), {
    autoSubscribe: true,
    dynacast: false,
  });
  return participant;
}

/** A participant who has joined. */
export class Participant {
  readonly room: Room;
  readonly identity: string;
  readonly messages = new Recorder<DataMessage>((items) => `Messages: ${JSON.stringify(items)}.`);
  readonly #present = new Recorder<RemoteParticipant>(() => this.#whoIsHere());
  readonly #left = new Recorder<string>(() => this.#whoIsHere());
  readonly #tracks = new Recorder<RemoteTrack>(() => this.#whoIsHere());
  readonly #disconnected = new Recorder<DisconnectReason>();

  constructor(room: Room, identity: string) {
    this.room = room;
    this.identity = identity;
    room.on(RoomEvent.DataReceived, (payload, from, _kind, topic = '') => {
      this.messages.add({
        topic,
        text: new TextDecoder().decode(payload),
        from: from?.identity ?? '',
      });
    });
    room.on(RoomEvent.ParticipantConnected, (other) => this.#present.add(other));
    room.on(RoomEvent.ParticipantDisconnected, (other) => this.#left.add(other.identity));
    room.on(RoomEvent.TrackSubscribed, (track) => this.#tracks.add(track));
    room.on(RoomEvent.Disconnected, (reason) => this.#disconnected.add(reason));
  }

  /** Another participant who is in the room or comes; anyone when no identity is given. */
  waitForParticipant(identity?: string, options?: WaitOptions): Promise<RemoteParticipant> {
    const matches = (other: RemoteParticipant) =>
      identity === undefined || other.identity === identity;
    const here = [...this.room.remoteParticipants.values()].find((other) => matches(other));
    if (here) return Promise.resolve(here);
    return this.#present.waitFor(`The participant ${identity ?? ''}`, matches, options);
  }

  /** Resolves when the other participant has left. */
  async waitForLeave(identity: string, options?: WaitOptions): Promise<void> {
    const here = [...this.room.remoteParticipants.values()].some(
      (other) => other.identity === identity,
    );
    const from = here ? this.#left.items.length : 0;
    await this.#left.waitFor(`The leave of ${identity}`, (left) => left === identity, {
      from,
      ...options,
    });
  }

  /** A message on that topic, be it here already or still to come. */
  waitForMessage(topic: string, options?: WaitOptions): Promise<DataMessage> {
    return this.messages.waitFor(
      `A message on ${topic}`,
      (message) => message.topic === topic,
      options,
    );
  }

  /** Why the server, or this participant itself, ended the connection. */
  waitForDisconnect(options?: WaitOptions): Promise<DisconnectReason> {
    return this.#disconnected.waitFor('The disconnect', () => true, options);
  }

  /** Sends a reliable data message to everyone in the room. */
  async send(topic: string, text: string): Promise<void> {
    const local = this.room.localParticipant;
    if (!local) throw new Error(`${this.identity} is not in the room.`);
    await local.publishData(new TextEncoder().encode(text), { reliable: true, topic });
  }

  /** Publishes a sine tone in frames of 10 ms, in real time, and takes the track back at its end. */
  async publishTone({ durationMs = 1000, frequency = 440 } = {}): Promise<void> {
    const local = this.room.localParticipant;
    if (!local) throw new Error(`${this.identity} is not in the room.`);
    const source = new AudioSource(sampleRate, 1);
    const track = LocalAudioTrack.createAudioTrack('tone', source);
    const options = new TrackPublishOptions({ source: TrackSource.SOURCE_MICROPHONE });
    const publication = await local.publishTrack(track, options);
    for (let frame = 0; frame < durationMs / 10; frame += 1) {
      await source.captureFrame(toneFrame(frame, frequency));
    }
    await source.waitForPlayout();
    if (publication.sid !== undefined) await local.unpublishTrack(publication.sid);
    await track.close();
  }

  /** Counts the audio frames that arrive on the next audio track, until `enough` came. */
  async hear(enough: number, options?: WaitOptions): Promise<number> {
    const track = await this.#tracks.waitFor(
      'An audio track',
      (item) => item.kind === TrackKind.KIND_AUDIO,
      options,
    );
    let frames = 0;
    for await (const _frame of new AudioStream(track)) {
      frames += 1;
      if (frames >= enough) break;
    }
    return frames;
  }

  /** Leaves the room. */
  async leave(): Promise<void> {
    await this.room.disconnect();
  }

  #whoIsHere(): string {
    const others = [...this.room.remoteParticipants.keys()];
    return `${this.identity} sees ${others.length === 0 ? 'nobody' : others.join(', ')}.`;
  }
}

function toneFrame(index: number, frequency: number): AudioFrame {
  const frame = AudioFrame.create(sampleRate, 1, samplesPerFrame);
  for (let sample = 0; sample < samplesPerFrame; sample += 1) {
    const time = (index * samplesPerFrame + sample) / sampleRate;
    frame.data[sample] = Math.round(8000 * Math.sin(2 * Math.PI * frequency * time));
  }
  return frame;
}
