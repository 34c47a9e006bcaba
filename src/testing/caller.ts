/** A participant that a test plays. */
import { EventEmitter } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import type { Room, RpcInvocationData } from '@livekit/rtc-node';
import { WorkerError } from '../errors.ts';
import type { DispatchServer } from './dispatch-server/dispatch-server.ts';
import type { JoinInput, SimulatedParticipant } from './dispatch-server/participant.ts';
import type { RoomInput } from './dispatch-server/rooms.ts';
import { memoryLink } from './rooms/links.ts';
import type { SeenParticipant } from './rooms/participants.ts';
import { RoomClient } from './rooms/room-client.ts';
import type { Seats } from './rooms/seats.ts';

/** How long before an agent is asked again for a method that it does not have. */
const askAgainMs = 5;

/** A data message that came in. */
export interface ReceivedData {
  text: string;
  payload: Uint8Array;
  topic: string;
  /** The identity of who sent it; `null` for the server's API. */
  from: string | null;
}

/** Which data message to wait for. */
export interface WaitForData {
  topic?: string;
  from?: string;
  /** In real time. @defaultValue that of the test worker */
  timeoutMs?: number;
}

/** What a caller is made of. */
export interface CallerParts {
  participant: SimulatedParticipant;
  room: RoomClient;
  waitTimeoutMs: number;
}

/** Lets a participant into a room of the embedded server, with a program that the test plays. */
export async function joinAsCaller(
  { server, seats }: { server: DispatchServer; seats: Seats },
  room: string,
  who: string | JoinInput,
  { waitTimeoutMs, ...roomInput }: RoomInput & { waitTimeoutMs: number },
): Promise<Caller> {
  const participant = server.join(room, who, roomInput);
  const [own, other] = memoryLink();
  const client = new RoomClient(async () => own);
  // Before it connects: nothing that comes in is missed.
  const caller = new Caller({ participant, room: client, waitTimeoutMs });
  const connected = client.connect(server.url, '');
  seats.seat(participant, other);
  await connected;
  return caller;
}

/** A participant that a test plays: sends, calls, leaves, and hears what the room says. */
export class Caller {
  readonly identity: string;
  readonly sid: string;
  /** All that rtc-node's `Room` can do without media. */
  readonly room: Room;
  /** Every data message so far. */
  readonly received: ReceivedData[] = [];
  readonly #participant: SimulatedParticipant;
  readonly #client: RoomClient;
  readonly #waitTimeoutMs: number;
  readonly #arrivals = new EventEmitter();
  /** Messages that no `waitForData()` has returned. */
  readonly #unread: ReceivedData[] = [];

  /** @internal */
  constructor({ participant, room, waitTimeoutMs }: CallerParts) {
    this.identity = participant.identity;
    this.sid = participant.sid;
    this.room = room.asRoom();
    this.#participant = participant;
    this.#client = room;
    this.#waitTimeoutMs = waitTimeoutMs;
    room.on(
      'dataReceived',
      (payload: Uint8Array, from: SeenParticipant | undefined, _kind: number, topic: string) =>
        this.#receive({
          text: new TextDecoder().decode(payload),
          payload,
          topic,
          from: from?.identity ?? null,
        }),
    );
  }

  /** Why it is no longer in the room, by LiveKit's number; `null` while it is. */
  get disconnectReason(): number | null {
    return this.#participant.disconnectReason;
  }

  /** Calls the listener at an event of the room, as rtc-node's `Room` does. */
  on: Room['on'] = (name, listener) => this.room.on(name, listener);

  /** Sends a data message. Who is not in the room yet does not hear it. */
  sendData(
    payload: string | Uint8Array,
    { topic = '', to = [] }: { topic?: string; to?: readonly string[] } = {},
  ): void {
    this.#participant.sendData(payload, { topic, to });
  }

  /** Sends a text stream. */
  async sendText(text: string, options: { topic?: string; to?: string[] } = {}): Promise<void> {
    const { topic = '', to = [] } = options;
    await this.#client.localParticipant?.sendText(text, { topic, destinationIdentities: to });
  }

  setAttributes(attributes: Readonly<Record<string, string>>): void {
    this.#participant.setAttributes(attributes);
  }

  setMetadata(metadata: string): void {
    this.#participant.setMetadata(metadata);
  }

  setName(name: string): void {
    this.#participant.setName(name);
  }

  /**
   * Calls a method of another participant, by default of the agent once it is in the room. An agent registers its methods
   * after it has connected: one that does not have the method yet is asked again, until the time is over.
   */
  async performRpc(
    method: string,
    payload: string,
    { to, timeoutMs = this.#waitTimeoutMs }: { to?: string; timeoutMs?: number } = {},
  ): Promise<string> {
    const endsAt = performance.now() + timeoutMs;
    const destinationIdentity = to ?? (await this.waitForAgent(timeoutMs)).identity;
    const { localParticipant } = this.room;
    if (localParticipant === undefined) throw this.#gone();
    for (;;) {
      const responseTimeout = Math.max(1, Math.round(endsAt - performance.now()));
      const call = { destinationIdentity, method, payload, responseTimeout };
      try {
        return await localParticipant.performRpc(call);
      } catch (error) {
        if (!isUnsupported(error) || performance.now() > endsAt) throw error;
      }
      await pause(askAgainMs);
    }
  }

  /** Answers calls of a method. */
  registerRpcMethod(method: string, handler: (data: RpcInvocationData) => Promise<string>): void {
    this.#client.localParticipant?.registerRpcMethod(method, handler);
  }

  /**
   * The next data message that matches; each is returned once, also when it came before.
   * @throws WorkerError `GR_TEST_TIMEOUT`
   */
  waitForData({ topic, from, timeoutMs }: WaitForData = {}): Promise<ReceivedData> {
    const matches = (data: ReceivedData): boolean =>
      (topic === undefined || data.topic === topic) && (from === undefined || data.from === from);
    const wanted = `data${topic === undefined ? '' : ` on the topic "${topic}"`}`;
    return this.#wait(wanted, timeoutMs, 'data', () => {
      const index = this.#unread.findIndex(matches);
      return index < 0 ? undefined : this.#unread.splice(index, 1)[0];
    });
  }

  /**
   * The agent of the room, once it is there.
   * @throws WorkerError `GR_TEST_TIMEOUT`
   */
  async waitForAgent(timeoutMs?: number): Promise<{ identity: string; sid: string }> {
    const agentKind = 4;
    const stop = (): void => void this.#arrivals.emit('agent');
    this.#client.on('participantConnected', stop);
    try {
      return await this.#wait('an agent', timeoutMs, 'agent', () =>
        [...this.#client.remoteParticipants.values()].find(({ kind }) => kind === agentKind),
      );
    } finally {
      this.#client.off('participantConnected', stop);
    }
  }

  /** Leaves the room; a second call does nothing. */
  leave(): void {
    this.#participant.leave();
  }

  #receive(data: ReceivedData): void {
    this.received.push(data);
    this.#unread.push(data);
    this.#arrivals.emit('data');
  }

  #wait<Found>(
    wanted: string,
    timeoutMs = this.#waitTimeoutMs,
    arrival: string,
    find: () => Found | undefined,
  ): Promise<Found> {
    return new Promise((resolve, reject) => {
      const look = (): boolean => {
        const found = find();
        if (found === undefined) return false;
        clearTimeout(timer);
        this.#arrivals.off(arrival, look);
        resolve(found);
        return true;
      };
      const timer = setTimeout(() => {
        this.#arrivals.off(arrival, look);
        reject(this.#timedOut(wanted, timeoutMs));
      }, timeoutMs);
      if (!look()) this.#arrivals.on(arrival, look);
    });
  }

  #timedOut(wanted: string, timeoutMs: number): WorkerError {
    const heard = this.received.map(({ topic, text }) => `${topic}: ${text}`).join('; ');
    const others = [...this.#client.remoteParticipants.keys()].join(', ');
    const place = this.#client.isConnected
      ? `in the room "${this.#client.name}" with ${others || 'nobody'}`
      : `no longer in its room (reason ${this.disconnectReason})`;
    return new WorkerError(
      'GR_TEST_TIMEOUT',
      `"${this.identity}" waited ${timeoutMs} ms for ${wanted}. It is ${place}. Heard so far: ${heard || 'nothing'}.`,
    );
  }

  #gone(): WorkerError {
    return new WorkerError('GR_ROOM_NOT_CONNECTED', `"${this.identity}" is not in its room.`);
  }
}

function isUnsupported(error: unknown): boolean {
  const unsupportedMethod = 1400;
  return (error as { code?: unknown }).code === unsupportedMethod;
}
