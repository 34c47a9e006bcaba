/**
 * A real LiveKit server at the pace of a path. What server and worker say to each other passes through here unchanged: a message
 * of the server when the path says that it comes, what the worker says when the server needs it for that.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { ServerMessage } from '@livekit/protocol';
import { AgentDispatchClient, RoomAgentDispatch, RoomServiceClient } from 'livekit-server-sdk';
import { WebSocket } from 'ws';
import type { EventObject } from 'xstate';
import type { ServerAccess } from '../../support/participants.ts';
import type { PathServer } from './gated-server.ts';
import { HeldConnection } from './held-connection.ts';
import { type Upgrade, UpgradeGate } from './upgrade-gate.ts';

/** One worker's way to the server. */
export class GatedLiveKit implements PathServer {
  readonly apiKey: string;
  readonly apiSecret: string;
  readonly roomUrl: string;
  /** Nobody else's: other tests use the same server. */
  readonly agentName = `path-${randomUUID()}`;
  readonly #gate = new UpgradeGate();
  readonly #rooms: RoomServiceClient;
  readonly #dispatches: AgentDispatchClient;
  #connection: HeldConnection | null = null;
  #ids = { AW_1: '', AJ_1: '' };
  #dispatchId = '';
  #hasRoom = false;

  constructor({ url, apiKey, apiSecret }: ServerAccess) {
    this.roomUrl = url;
    this.apiKey = apiKey;
    this.apiSecret = apiSecret;
    this.#rooms = new RoomServiceClient(url, apiKey, apiSecret);
    this.#dispatches = new AgentDispatchClient(url, apiKey, apiSecret);
  }

  static async start(access: ServerAccess): Promise<GatedLiveKit> {
    const server = new GatedLiveKit(access);
    await server.#gate.open();
    return server;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.#gate.port}`;
  }

  /** The server has read all that the worker said, and is content with it. */
  async stop(): Promise<void> {
    try {
      await this.#connection?.settle();
    } finally {
      this.#connection?.cut();
      if (this.#hasRoom) await this.#rooms.deleteRoom(this.agentName);
      await this.#gate.close();
    }
  }

  async accept(): Promise<void> {
    const upgrade = await this.#gate.next();
    const server = await this.#askServer(upgrade, upgrade.request.headers.authorization ?? '');
    if (!(server instanceof WebSocket)) {
      throw new Error(`The server refused the upgrade with ${server.statusCode}.`);
    }
    this.#connection = new HeldConnection(await this.#gate.accept(upgrade), server);
  }

  /** A token that somebody has signed with another secret. */
  async refuse(status: number): Promise<void> {
    const upgrade = await this.#gate.next();
    const [claims] = /^.*\./.exec(upgrade.request.headers.authorization ?? '') ?? [''];
    const refusal = await this.#askServer(upgrade, `${claims}${'A'.repeat(43)}`);
    if (refusal instanceof WebSocket || refusal.statusCode !== status) {
      throw new Error(`The server did not answer the upgrade with ${status}.`);
    }
    const { raw } = upgrade;
    raw.write(`HTTP/1.1 ${status} ${refusal.statusMessage}\r\nConnection: close\r\n\r\n`);
    refusal.pipe(raw);
  }

  async drop(): Promise<void> {
    if (this.#connection === null) (await this.#gate.next()).raw.destroy();
    else this.#connection.cut();
    this.#connection = null;
  }

  async say({ case: kind }: ServerMessage['message']): Promise<void> {
    if (this.#connection === null) throw new Error('No WebSocket is open.');
    if (kind === 'availability') await this.#dispatch(this.#connection);
    if (kind === 'termination') {
      await this.#dispatches.deleteDispatch(this.#dispatchId, this.agentName);
    }
    const needsWorker = kind === 'pong' || kind === 'assignment';
    this.#note(await this.#connection.pass(kind, { needsWorker }));
  }

  /** The room API of the server answers by itself. */
  answerCalls(): void {}

  named(event: EventObject): EventObject {
    const ids = { jobId: this.#ids.AJ_1, workerId: this.#ids.AW_1 };
    return { ...event, ...ids };
  }

  #note(message: ServerMessage['message']): void {
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
    const socket = new WebSocket(`${this.roomUrl}${request.url}`, { headers: { authorization } });
    socket.on('error', () => {});
    const refused = once(socket, 'unexpected-response').then(
      ([, response]) => response as IncomingMessage,
    );
    return Promise.race([once(socket, 'open').then(() => socket), refused]);
  }
}
