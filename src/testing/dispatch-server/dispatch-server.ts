/**
 * A LiveKit server without media, inside this process: workers register with it over a real WebSocket, LiveKit's own
 * server SDK dispatches through it, and tests play the participants.
 */
import type { DisconnectReason } from '@livekit/protocol';
import { WorkerError } from '../../errors.ts';
import { type DispatchServerEvent, ServerEvents } from './events.ts';
import { HttpServer, type UpgradeHandler } from './http-server.ts';
import { readEntry } from './joining.ts';
import type { JoinInput, SimulatedParticipant } from './participant.ts';
import type { SimulatedRoom } from './room.ts';
import { type RoomInput, Rooms } from './rooms.ts';
import { type DispatchServerOptions, resolveSettings, type ServerSettings } from './settings.ts';
import { checkToken } from './tokens.ts';

/**
 * Starts an embedded server on a free port of 127.0.0.1.
 * @throws WorkerError `GR_OPTION_INVALID` that names every mistake in the options.
 */
export async function createDispatchServer(
  options: DispatchServerOptions = {},
): Promise<DispatchServer> {
  const server = new DispatchServer(resolveSettings(options));
  await server.listen();
  return server;
}

/** The embedded server. */
export class DispatchServer {
  readonly apiKey: string;
  readonly apiSecret: string;
  readonly #settings: ServerSettings;
  readonly #events = new ServerEvents();
  readonly #http: HttpServer;
  readonly #rooms: Rooms;
  /** From the readings of the clock to Unix time. */
  readonly #epochMs: number;
  #port = 0;

  constructor(settings: ServerSettings) {
    const [[apiKey, apiSecret] = ['', '']] = Object.entries(settings.keys);
    this.apiKey = apiKey;
    this.apiSecret = apiSecret;
    this.#settings = settings;
    const { clock, random, roomTickMs } = settings;
    this.#epochMs = Date.now() - clock.now();
    this.#http = new HttpServer((_request, response, url) => {
      response.writeHead(url.pathname === '/' ? 200 : 404).end(url.pathname === '/' ? 'OK' : '');
    });
    const rooms = {
      time: clock,
      random,
      now: () => this.now(),
      tickMs: roomTickMs,
      emptyTimeout: Math.ceil(settings.emptyTimeoutMs / 1000),
      departureTimeout: Math.ceil(settings.departureTimeoutMs / 1000),
    };
    this.#rooms = new Rooms(rooms, {
      roomCreated: (room) => this.#events.emit({ type: 'room.created', room }),
      roomClosed: (room, reason) => this.#events.emit({ type: 'room.closed', room, reason }),
      joined: (participant) => this.#joined(participant),
      left: (participant, reason) => this.#left(participant, reason),
      published: () => {},
    });
  }

  /** For workers, participants and LiveKit's server SDK. */
  get url(): string {
    return `ws://127.0.0.1:${this.#port}`;
  }

  /** Everything that has happened so far. */
  get events(): readonly DispatchServerEvent[] {
    return this.#events.past;
  }

  /** Calls back with every event of a type, until the returned function is called. */
  get on(): ServerEvents['on'] {
    return this.#events.on.bind(this.#events);
  }

  /** The first event of a type, be it here already or still to come. */
  get waitFor(): ServerEvents['waitFor'] {
    return this.#events.waitFor.bind(this.#events);
  }

  /** All rooms. */
  get rooms(): SimulatedRoom[] {
    return this.#rooms.list();
  }

  /** The server's time in Unix milliseconds. */
  now(): number {
    return this.#epochMs + this.#settings.clock.now();
  }

  /** The room of that name, if there is one. */
  room(name: string): SimulatedRoom | undefined {
    return this.#rooms.get(name);
  }

  /** Makes a room, unless there is one of that name. */
  createRoom(name: string, input: RoomInput = {}): SimulatedRoom {
    return this.#rooms.open(name, input);
  }

  /** Lets someone into a room, which is made when there is none. */
  join(room: string, who: string | JoinInput, roomInput: RoomInput = {}): SimulatedParticipant {
    const input = typeof who === 'string' ? { identity: who } : who;
    if (this.#rooms.get(room) === undefined && !this.#settings.autoCreate)
      throw refused(room, input, 'requested room does not exist');
    const opened = this.#rooms.open(room, roomInput);
    if (opened.isFullFor(input)) throw refused(room, input, 'room exceeded max participants');
    return opened.join(input);
  }

  /**
   * Lets the bearer of a token into its room, as the token of an assignment or one made by LiveKit's server SDK.
   * @throws WorkerError `GR_ROOM_CONNECT_FAILED` when the real server would refuse it.
   */
  joinWithToken(token: string): SimulatedParticipant {
    const check = checkToken(token, this.#settings.keys);
    if ('refusal' in check) throw refused('', { identity: '' }, check.refusal);
    const { room, who, roomInput } = readEntry(check.claims);
    return this.join(room, who, roomInput);
  }

  /** Hands the upgrades of a path to a handler, beside those of `/agent`. */
  handleUpgrade(path: string, handler: UpgradeHandler): void {
    this.#http.handleUpgrade(path, handler);
  }

  /** Starts to listen: done by `createDispatchServer()`. */
  async listen(): Promise<void> {
    this.#port = await this.#http.listen(this.#settings.port);
  }

  /** Puts everyone out, cuts all connections and frees the port. */
  async close(): Promise<void> {
    this.#rooms.stop();
    await this.#http.close();
  }

  #joined(participant: SimulatedParticipant): void {
    this.#events.emit({ type: 'participant.joined', participant, room: participant.room.name });
  }

  #left(participant: SimulatedParticipant, reason: DisconnectReason): void {
    this.#events.emit({
      type: 'participant.left',
      participant,
      room: participant.room.name,
      reason,
    });
  }
}

function refused(room: string, { identity }: JoinInput, reason: string): WorkerError {
  return new WorkerError(
    'GR_ROOM_CONNECT_FAILED',
    `${JSON.stringify(identity)} was not let into room ${JSON.stringify(room)}: ${reason}.`,
    { details: { room, identity, reason } },
  );
}
