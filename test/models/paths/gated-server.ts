/** A server that does nothing by itself: every upgrade waits until the test answers it. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { ServerMessage } from '@livekit/protocol';
import { type WebSocket, WebSocketServer } from 'ws';

interface Upgrade {
  request: IncomingMessage;
  raw: Duplex;
  head: Buffer;
}

/** One `/agent` endpoint on loopback. */
export class GatedServer {
  readonly #http = createServer();
  readonly #webSockets = new WebSocketServer({ noServer: true });
  readonly #upgrades: Upgrade[] = [];
  readonly #waiters: ((upgrade: Upgrade) => void)[] = [];
  readonly #calls: ServerResponse[] = [];
  #socket: WebSocket | null = null;
  #answersCalls = false;

  get url(): string {
    return `ws://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  static async start(): Promise<GatedServer> {
    const server = new GatedServer();
    await server.#listen();
    return server;
  }

  async #listen(): Promise<void> {
    this.#http.on('upgrade', (request: IncomingMessage, raw: Duplex, head: Buffer) => {
      raw.on('error', () => {});
      const waiter = this.#waiters.shift();
      if (waiter === undefined) this.#upgrades.push({ request, raw, head });
      else waiter({ request, raw, head });
    });
    this.#http.on('request', (_request, response) => {
      if (this.#answersCalls) answerCall(response);
      else this.#calls.push(response);
    });
    this.#http.listen(0, '127.0.0.1');
    await once(this.#http, 'listening');
  }

  async stop(): Promise<void> {
    for (const { raw } of this.#upgrades) raw.destroy();
    this.#socket?.terminate();
    this.#http.closeAllConnections();
    this.#http.close();
    await once(this.#http, 'close');
  }

  /** Opens the WebSocket that is asked for. */
  async accept(): Promise<void> {
    const { request, raw, head } = await this.#upgrade();
    this.#webSockets.handleUpgrade(request, raw, head, (socket) => {
      socket.on('error', () => {});
      this.#socket = socket;
    });
  }

  /** Answers an upgrade with an HTTP status. */
  async refuse(status: number): Promise<void> {
    const { raw } = await this.#upgrade();
    raw.end(`HTTP/1.1 ${status} No\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno`);
  }

  /** Ends the connection, or the upgrade that is asked for. */
  async drop(): Promise<void> {
    if (this.#socket === null) (await this.#upgrade()).raw.destroy();
    else this.#socket.terminate();
    this.#socket = null;
  }

  /** Answers the calls of the room API that are there, and those to come. */
  answerCalls(): void {
    this.#answersCalls = true;
    for (const response of this.#calls.splice(0)) answerCall(response);
  }

  say(message: ServerMessage['message']): void {
    if (this.#socket === null) throw new Error('No WebSocket is open.');
    this.#socket.send(new ServerMessage({ message }).toBinary());
  }

  async #upgrade(): Promise<Upgrade> {
    const upgrade = this.#upgrades.shift();
    if (upgrade !== undefined) return upgrade;
    return new Promise((resolve) => this.#waiters.push(resolve));
  }
}

function answerCall(response: ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'application/json' });
  response.end('{}');
}
