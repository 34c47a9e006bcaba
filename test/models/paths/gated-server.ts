/**
 * A LiveKit server at the pace of a path: a real one, or the embedded one. What server and worker say to each other passes
 * through here unchanged: a message of the server when the path says that it comes, what the worker says when the server
 * needs it for that.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { ServerMessage } from '@livekit/protocol';
import { AgentDispatchClient, RoomAgentDispatch, RoomServiceClient } from 'livekit-server-sdk';
import { WebSocket } from 'ws';
import type { EventObject } from 'xstate';
import {
  createDispatchServer,
  type DispatchServer,
} from '../../../src/testing/dispatch-server/dispatch-server.ts';
import type { ServerAccess } from '../../support/participants.ts';
import { CallGate } from './call-gate.ts';
import { HeldConnection } from './held-connection.ts';
import { type Upgrade, UpgradeGate } from './upgrade-gate.ts';

type Message = ServerMessage['message'];

/** One worker's way to the server. */
export class GatedServer {
  readonly apiKey: string;
  readonly apiSecret: string;
  /** Nobody else's: other tests use the same server. */
  readonly agentName = `path-${randomUUID()}`;
  readonly #serverUrl: string;
  readonly #embedded: DispatchServer | null;
  readonly #gate = new UpgradeGate();
  readonly #calls: CallGate;
  readonly #rooms: RoomServiceClient;
  readonly #dispatches: AgentDispatchClient;
  #connection: HeldConnection | null = null;
  #ids = { AW_1: '', AJ_1: '' };
  #dispatchId = '';
  #hasRoom = false;

  private constructor({ url, apiKey, apiSecret }: ServerAccess, embedded: DispatchServer | null) {
    this.apiKey = apiKey;
    this.apiSecret = apiSecret;
    this.#serverUrl = url;
    this.#embedded = embedded;
    this.#calls = new CallGate(this.#gate.http, url);
    this.#rooms = new RoomServiceClient(url, apiKey, apiSecret);
    this.#dispatches = new AgentDispatchClient(url, apiKey, apiSecret);
  }

  /** The way to a server that runs. */
  static async start(
    access: ServerAccess,
    embedded: DispatchServer | null = null,
  ): Promise<GatedServer> {
    const server = new GatedServer(access, embedded);
    await server.#gate.open();
    return server;
  }

  /** The way to an embedded server of its own, which waits for an answer as long as the path does. */
  static async startEmbedded(): Promise<GatedServer> {
    const embedded = await createDispatchServer({ jobRequestTimeoutMs: 60_000 });
    return GatedServer.start(embedded, embedded);
  }

  /** Where registrations connect to, and where the room API is. */
  get url(): string {
    return `ws://127.0.0.1:${this.#gate.port}`;
  }

  /** The server has read all that the worker said, and is content with it. */
  async stop(): Promise<void> {
    try {
      await this.#connection?.settle();
    } finally {
      this.#connection?.cut();
      if (this.#embedded !== null) await this.#embedded.close();
      else if (this.#hasRoom) await this.#rooms.deleteRoom(this.agentName);
      await this.#gate.close();
    }
  }

  /** Opens the WebSocket that is asked for. */
  async accept(): Promise<void> {
    const upgrade = await this.#gate.next();
    const server = await this.#askServer(upgrade, upgrade.request.headers.authorization ?? '');
    if (!(server instanceof WebSocket)) {
      throw new Error(`The server refused the upgrade with ${server.statusCode}.`);
    }
    this.#connection = new HeldConnection(await this.#gate.accept(upgrade), server);
  }

  /** Answers the upgrade that is asked for with an HTTP status: 401 is for a token that somebody has signed with another secret. */
  async refuse(status: number): Promise<void> {
    const upgrade = await this.#gate.next();
    if (status !== 401) this.#faulty(`refuse with ${status}`).faults.upgrades = status;
    const [claims] = /^.*\./.exec(upgrade.request.headers.authorization ?? '') ?? [''];
    const refusal = await this.#askServer(upgrade, `${claims}${'A'.repeat(43)}`);
    this.#embedded?.faults.clear();
    if (refusal instanceof WebSocket || refusal.statusCode !== status) {
      throw new Error(`The server did not answer the upgrade with ${status}.`);
    }
    const { raw } = upgrade;
    raw.write(`HTTP/1.1 ${status} ${refusal.statusMessage}\r\nConnection: close\r\n\r\n`);
    refusal.pipe(raw);
  }

  /** Ends the connection, or the upgrade that is asked for. */
  async drop(): Promise<void> {
    if (this.#connection === null) (await this.#gate.next()).raw.destroy();
    else this.#connection.cut();
    this.#connection = null;
  }

  /** The worker hears a message of this kind, once the server has been given the reason to send it. */
  async say(kind: Message['case']): Promise<void> {
    const connection = this.#open();
    if (kind === 'availability') await this.#dispatch(connection);
    if (kind === 'termination') {
      await this.#dispatches.deleteDispatch(this.#dispatchId, this.agentName);
    }
    const needsWorker = kind === 'pong' || kind === 'assignment';
    this.#note(await connection.pass(kind, { needsWorker }));
  }

  /** The worker hears what the server has no reason to say. */
  async sayAtFault(message: Message): Promise<void> {
    const connection = this.#open();
    const worker = this.#faulty(`send ${message.case} at fault`).worker(this.#ids.AW_1);
    worker.sendRaw(new ServerMessage({ message }).toBinary());
    await connection.pass(message.case, { needsWorker: false });
  }

  /** The next call of a method of the room API is answered. */
  async answerCall(method: 'DeleteRoom' | 'RemoveParticipant'): Promise<void> {
    await this.#calls.pass(method);
    if (method === 'DeleteRoom') this.#hasRoom = false;
  }

  /** The next call of a method of the room API fails. */
  async failCall(method: 'DeleteRoom' | 'RemoveParticipant'): Promise<void> {
    const { faults } = this.#faulty(`fail to ${method}`);
    faults.api = 500;
    await this.#calls.pass(method);
    faults.clear();
  }

  /** All calls of the room API are answered, and those to come. */
  answerCalls(): void {
    this.#calls.passAll();
  }

  /** The agent of a job joins its room; nobody can join a real one without media. */
  letAgentJoin(token: string): void {
    this.#embedded?.joinWithToken(token);
  }

  /** Who is in the room, as far as the server is the embedded one. */
  get identities(): string[] {
    return [...(this.#embedded?.room(this.agentName)?.participants.keys() ?? [])];
  }

  /** The id that the server has given to what the path calls `AW_1` or `AJ_1`; any other as it is. */
  idOf(name: string): string {
    const found = Object.entries(this.#ids).find(([known]) => known === name)?.[1] ?? '';
    return found === '' ? name : found;
  }

  /** An event of the path with the ids that this server has given. */
  named(event: EventObject): EventObject {
    const ids = { jobId: this.#ids.AJ_1, workerId: this.#ids.AW_1 };
    return { ...event, ...ids };
  }

  #open(): HeldConnection {
    if (this.#connection === null) throw new Error('No WebSocket is open.');
    return this.#connection;
  }

  #faulty(what: string): DispatchServer {
    if (this.#embedded === null) throw new Error(`A real server cannot be brought to ${what}.`);
    return this.#embedded;
  }

  #note(message: Message): void {
    if (message.case === 'register') this.#ids.AW_1 = message.value.workerId;
    if (message.case !== 'availability') return;
    this.#ids.AJ_1 = message.value.job?.id ?? '';
    this.#dispatchId = message.value.job?.dispatchId ?? '';
  }

  /** A room for this agent: one without an agent's name would be offered to the workers of other tests. */
  async #dispatch(connection: HeldConnection): Promise<void> {
    // Only now can dispatches reach it for sure.
    await connection.roundTrip();
    const agents = [new RoomAgentDispatch({ agentName: this.agentName })];
    await this.#rooms.createRoom({ name: this.agentName, agents });
    this.#hasRoom = true;
  }

  async #askServer(
    { request }: Upgrade,
    authorization: string,
  ): Promise<WebSocket | IncomingMessage> {
    const socket = new WebSocket(`${this.#serverUrl}${request.url}`, {
      headers: { authorization },
    });
    socket.on('error', () => {});
    const refused = once(socket, 'unexpected-response').then(
      ([, response]) => response as IncomingMessage,
    );
    return Promise.race([once(socket, 'open').then(() => socket), refused]);
  }
}
