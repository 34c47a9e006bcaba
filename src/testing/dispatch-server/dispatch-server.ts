/**
 * A LiveKit server without media, inside this process: workers register with it over a real WebSocket, LiveKit's own
 * server SDK dispatches through it, and tests play the participants.
 */
import { type AgentDispatch, DisconnectReason } from '@livekit/protocol';
import { WorkerError } from '../../errors.ts';
import { AgentEndpoint, type WorkerFaults } from './agent-endpoint.ts';
import { AgentNames } from './agent-names.ts';
import { requestHandler } from './api.ts';
import { Dispatches, type DispatchInput } from './dispatches.ts';
import { type DispatchServerEvent, ServerEvents } from './events.ts';
import { Faults } from './faults.ts';
import { HttpServer, type UpgradeHandler } from './http-server.ts';
import { readEntry } from './joining.ts';
import type { JoinInput, SimulatedParticipant } from './participant.ts';
import type { SimulatedRoom } from './room.ts';
import { type RoomInput, Rooms } from './rooms.ts';
import { type DispatchServerOptions, resolveSettings, type ServerSettings } from './settings.ts';
import { Timers } from './timers.ts';
import { checkToken } from './tokens.ts';
import { Workers } from './workers.ts';

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
  /** What it does wrong: set by the test. */
  readonly faults = new Faults();
  readonly #settings: ServerSettings;
  readonly #timers: Timers;
  readonly #events = new ServerEvents();
  readonly #http: HttpServer;
  readonly #rooms: Rooms;
  readonly #dispatches: Dispatches;
  readonly #agents: AgentEndpoint;
  /** From the readings of the clock to Unix time. */
  readonly #epochMs: number;
  #port = 0;

  constructor(settings: ServerSettings) {
    const [[apiKey, apiSecret] = ['', '']] = Object.entries(settings.keys);
    this.apiKey = apiKey;
    this.apiSecret = apiSecret;
    this.#settings = settings;
    this.#timers = new Timers(settings.clock);
    this.#epochMs = Date.now() - settings.clock.now();
    const { faults } = this;
    const now = () => this.now();
    const world = { settings, timers: this.#timers, events: this.#events, now };
    const workers = new Workers(world);
    const names = new AgentNames(settings, this.#timers, () => workers.keys);
    this.#dispatches = new Dispatches(world, workers, names);
    this.#rooms = this.#makeRooms();
    this.#agents = new AgentEndpoint({ ...world, faults, workers, names });
    const services = {
      settings,
      timers: this.#timers,
      faults,
      rooms: this.#rooms,
      dispatches: this.#dispatches,
    };
    this.#http = new HttpServer(requestHandler(services));
    this.#http.handleUpgrade('/agent', this.#agents.handler);
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
    const entry = readEntry(check.claims);
    if ('refusal' in entry) throw refused('', { identity: '' }, entry.refusal);
    return this.join(entry.room, entry.who, entry.roomInput);
  }

  /** Dispatches an agent to a room, as `createDispatch()` of LiveKit's server SDK does. */
  dispatch(room: string, agentName: string, input: Partial<DispatchInput> = {}): AgentDispatch {
    const usual = { metadata: '', deployment: '', restartPolicy: 0, attributes: {} };
    return this.#dispatches.create(this.#rooms.open(room), { ...usual, ...input, agentName });
  }

  /** The dispatches of a room, as `listDispatch()` of LiveKit's server SDK shows them. */
  dispatchesOf(room: string): AgentDispatch[] {
    const found = this.#rooms.get(room);
    return found === undefined ? [] : this.#dispatches.list(found, '');
  }

  /** Takes a dispatch back: its jobs are terminated. Tells whether there was one. */
  deleteDispatch(room: string, dispatchId: string): boolean {
    const found = this.#rooms.get(room);
    return found !== undefined && this.#dispatches.delete(found, dispatchId) !== null;
  }

  /** Closes a room: everyone in it is put out. Tells whether there was one. */
  closeRoom(name: string, reason: DisconnectReason = DisconnectReason.ROOM_DELETED): boolean {
    const room = this.#rooms.get(name);
    if (room !== undefined) this.#rooms.close(room, reason);
    return room !== undefined;
  }

  /** The connections of workers by their ids: to cut, to stall, to send them anything. */
  worker(workerId: string): WorkerFaults {
    return this.#agents.worker(workerId);
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
    this.#timers.stop();
    this.#rooms.stop();
    await this.#http.close();
  }

  #makeRooms(): Rooms {
    const { clock, random, roomTickMs, emptyTimeoutMs, departureTimeoutMs } = this.#settings;
    const settings = {
      time: clock,
      random,
      now: () => this.now(),
      tickMs: roomTickMs,
      emptyTimeout: Math.ceil(emptyTimeoutMs / 1000),
      departureTimeout: Math.ceil(departureTimeoutMs / 1000),
    };
    const events = this.#events;
    const dispatches = this.#dispatches;
    return new Rooms(settings, {
      roomCreated: (room, agents) => {
        events.emit({ type: 'room.created', room });
        dispatches.roomCreated(room, agents);
      },
      roomClosed: (room, reason) => {
        dispatches.roomClosed(room);
        events.emit({ type: 'room.closed', room, reason });
      },
      joined: (room, participant) => {
        events.emit({ type: 'participant.joined', participant, room: room.name });
        dispatches.joined(room, participant);
      },
      left: (room, participant, reason) => {
        events.emit({ type: 'participant.left', participant, room: room.name, reason });
        dispatches.left(room, participant);
      },
      published: (room, participant) => dispatches.published(room, participant),
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
