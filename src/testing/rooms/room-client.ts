/** A room without media: what rtc-node's `Room` is to an agent, played by the embedded server. */
import { EventEmitter } from 'node:events';
import type { ByteStreamHandler, Room, TextStreamHandler } from '@livekit/rtc-node';
import { WorkerError } from '../../errors.ts';
import { connectionStates } from './connection-states.ts';
import { hearRoom } from './hear-room.ts';
import type { Connect, ParticipantLink } from './links.ts';
import { OwnParticipant } from './own-participant.ts';
import { rejectMedia } from './media.ts';
import type { FromParticipant, RoomFacts, ToParticipant } from './messages.ts';
import { SeenParticipant } from './participants.ts';
import { RpcCalls } from './rpc.ts';
import { IncomingStreams } from './streams.ts';

/** What rtc-node shows of a room; what is internal there is missing here. */
type RoomShape = Omit<
  Room,
  keyof EventEmitter | 'localParticipant' | 'remoteParticipants' | 'e2eeManager'
>;

/** LiveKit's number for a connection that broke. */
const unknownReason = 0;

const nowhere: RoomFacts = {
  sid: '',
  name: '',
  metadata: '',
  creationTimeMs: 0,
  emptyTimeout: 0,
  departureTimeout: 0,
  numParticipants: 0,
  numPublishers: 0,
  isRecording: false,
};

/** A room as a program in it sees it. */
export class RoomClient extends EventEmitter implements RoomShape {
  readonly remoteParticipants = new Map<string, SeenParticipant>();
  localParticipant: OwnParticipant | undefined;
  token: string | undefined;
  serverUrl: string | undefined;
  /** What comes in beside events: for the room's own files. */
  readonly streams = new IncomingStreams();
  readonly rpc: RpcCalls;
  facts: RoomFacts = nowhere;
  readonly #connect: Connect;
  #state: number = connectionStates.disconnected;
  #link: ParticipantLink | null = null;

  constructor(connect: Connect) {
    super();
    this.#connect = connect;
    this.rpc = new RpcCalls({
      send: (to, packet) => this.#send({ type: 'packet', to: [to], packet }),
      isPresent: (identity) => this.remoteParticipants.has(identity),
    });
  }

  get isConnected(): boolean {
    return this.#state !== connectionStates.disconnected;
  }

  get connectionState(): number {
    return this.#state;
  }

  get name(): string | undefined {
    return this.localParticipant && this.facts.name;
  }

  get metadata(): string | undefined {
    return this.localParticipant && this.facts.metadata;
  }

  get numParticipants(): number {
    return this.facts.numParticipants;
  }

  get numPublishers(): number {
    return this.facts.numPublishers;
  }

  get creationTime(): Date {
    return new Date(this.facts.creationTimeMs);
  }

  get isRecording(): boolean {
    return this.facts.isRecording;
  }

  get departureTimeout(): number {
    return this.facts.departureTimeout;
  }

  get emptyTimeout(): number {
    return this.facts.emptyTimeout;
  }

  async getSid(): Promise<string> {
    return this.isConnected ? this.facts.sid : '';
  }

  /** @throws Error with the server's words when it lets nobody in. */
  async connect(url: string, token: string, _options?: unknown): Promise<void> {
    const link = await this.#connect(url);
    await new Promise<void>((resolve, reject) => {
      link.onClose(() => {
        reject(new Error('the server closed the connection'));
        if (this.#link === link) this.end(unknownReason);
      });
      link.onMessage((message) => {
        if (message.type === 'refused') reject(new Error(message.reason));
        if (message.type === 'joined') {
          this.#joined(link, message, { url, token });
          resolve();
        } else if (this.#link === link) hearRoom(this, message);
      });
      link.send({ type: 'join', token });
    }).catch((error: unknown) => {
      link.close();
      throw error;
    });
  }

  async disconnect(): Promise<void> {
    if (!this.isConnected) return;
    const left = new Promise<void>((resolve) => {
      this.once('disconnected', () => resolve());
    });
    this.#send({ type: 'leave' });
    await left;
    this.removeAllListeners();
  }

  registerTextStreamHandler(topic: string, callback: TextStreamHandler): void {
    register(this.streams.text, 'text', topic, callback);
  }

  unregisterTextStreamHandler(topic: string): void {
    this.streams.text.delete(topic);
  }

  registerByteStreamHandler(topic: string, callback: ByteStreamHandler): void {
    register(this.streams.bytes, 'byte', topic, callback);
  }

  unregisterByteStreamHandler(topic: string): void {
    this.streams.bytes.delete(topic);
  }

  /** @throws WorkerError `GR_NO_MEDIA` */
  getRtcStats(): Promise<never> {
    return rejectMedia('Room.getRtcStats()');
  }

  /** @throws WorkerError `GR_NO_MEDIA` */
  simulateScenario(): Promise<never> {
    return rejectMedia('Room.simulateScenario()');
  }

  /** The connection is in another state: for the room's own files. */
  enter(state: number): void {
    if (this.#state === state) return;
    this.#state = state;
    this.emit('connectionStateChanged', state);
  }

  /** The connection is over: for the room's own files. */
  end(reason: number): void {
    if (this.#link === null) return;
    this.#link.close();
    this.#link = null;
    this.rpc.gone(null);
    this.streams.gone(null);
    this.enter(connectionStates.disconnected);
    this.emit('disconnected', reason);
  }

  /** As what an agent takes it for. */
  asRoom(): Room {
    return this as unknown as Room;
  }

  #joined(
    link: ParticipantLink,
    { room, self, others }: Extract<ToParticipant, { type: 'joined' }>,
    { url, token }: { url: string; token: string },
  ): void {
    this.#link = link;
    this.facts = room;
    this.serverUrl = url;
    this.token = token;
    this.localParticipant = new OwnParticipant(self, (sent) => this.#send(sent), this.rpc);
    this.remoteParticipants.clear();
    for (const other of others)
      this.remoteParticipants.set(other.identity, new SeenParticipant(other));
    this.enter(connectionStates.connected);
  }

  #send(message: FromParticipant): void {
    if (this.#link === null) {
      throw new WorkerError(
        'GR_ROOM_NOT_CONNECTED',
        `The room is not connected: "${message.type}" cannot be sent.`,
      );
    }
    this.#link.send(message);
  }
}

function register<Handler>(
  handlers: Map<string, Handler>,
  kind: string,
  topic: string,
  handler: Handler,
): void {
  if (handlers.has(topic)) {
    throw new Error(`A ${kind} stream handler for topic "${topic}" has already been set.`);
  }
  handlers.set(topic, handler);
}
