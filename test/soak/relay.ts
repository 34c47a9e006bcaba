/** Stands between a worker and its server: reads what both say on `/agent`, cuts that when told to, passes on all else. */
import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { ServerMessage, WorkerMessage } from '@livekit/protocol';
import { WebSocket, WebSocketServer } from 'ws';

const host = '127.0.0.1';

/** What went over one connection of a worker. */
export type Traffic =
  | { type: 'closed'; connection: string }
  | { type: 'server'; connection: string; message: ServerMessage['message'] }
  | { type: 'worker'; connection: string; message: WorkerMessage['message'] };

/** The relay. A connection has the worker's id, once the server has told it. */
export class Relay {
  readonly url: string;
  readonly #target: URL;
  readonly #server: Server;
  readonly #sockets = new WebSocketServer({ noServer: true });
  readonly #watch: (traffic: Traffic) => void;

  /** Starts a relay in front of a server, which may come and go. */
  static async start(targetUrl: string, watch: (traffic: Traffic) => void): Promise<Relay> {
    const server = createServer();
    server.listen(0, host);
    await once(server, 'listening');
    return new Relay(server, new URL(targetUrl), watch);
  }

  private constructor(server: Server, target: URL, watch: (traffic: Traffic) => void) {
    this.#server = server;
    this.#target = target;
    this.#watch = watch;
    this.url = `ws://${host}:${(server.address() as AddressInfo).port}`;
    server.on('request', (asked, response) => this.#passOn(asked, response));
    server.on('upgrade', (asked, socket, head) => {
      if (asked.url?.startsWith('/agent') === true) this.#relay(asked, socket, head);
      else this.#tunnel(asked, socket, head);
    });
  }

  /** Ends every worker's connection on both sides, without a word. */
  cut(): void {
    for (const client of this.#sockets.clients) client.terminate();
  }

  /** Ends. */
  close(): void {
    this.cut();
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #relay(asked: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { authorization = '' } = asked.headers;
    const upstream = new WebSocket(new URL(asked.url ?? '', this.#target), {
      headers: { authorization },
    });
    const refuse = () =>
      socket.end('HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n');
    socket.on('error', () => upstream.terminate());
    upstream.once('error', refuse);
    upstream.once('open', () => {
      upstream.off('error', refuse);
      this.#sockets.handleUpgrade(asked, socket, head, (client) => this.#join(client, upstream));
    });
  }

  #join(client: WebSocket, upstream: WebSocket): void {
    let connection = '';
    upstream.on('message', (data, isBinary) => {
      const { message } = ServerMessage.fromBinary(data as Buffer);
      if (message.case === 'register') connection = message.value.workerId;
      this.#watch({ type: 'server', connection, message });
      client.send(data, { binary: isBinary });
    });
    client.on('message', (data, isBinary) => {
      const { message } = WorkerMessage.fromBinary(data as Buffer);
      this.#watch({ type: 'worker', connection, message });
      upstream.send(data, { binary: isBinary });
    });
    let isOver = false;
    const end = (other: WebSocket, code: number) => {
      if (code === 1000) other.close(code);
      else other.terminate();
      if (isOver || connection === '') return;
      isOver = true;
      this.#watch({ type: 'closed', connection });
    };
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.on('error', () => one.terminate());
      one.on('close', (code) => end(other, code));
    }
  }

  /** A WebSocket of a room: bytes. */
  #tunnel(asked: IncomingMessage, socket: Duplex, head: Buffer): void {
    const upstream = connect(Number(this.#target.port), this.#target.hostname);
    const headers = [];
    for (let index = 0; index < asked.rawHeaders.length; index += 2) {
      headers.push(`${asked.rawHeaders[index]}: ${asked.rawHeaders[index + 1]}\r\n`);
    }
    upstream.write(`${asked.method} ${asked.url} HTTP/1.1\r\n${headers.join('')}\r\n`);
    upstream.write(head);
    socket.pipe(upstream).pipe(socket);
    socket.on('error', () => upstream.destroy());
    socket.on('close', () => upstream.destroy());
    upstream.on('error', () => socket.destroy());
    upstream.on('close', () => socket.destroy());
  }

  /** A call of the server's API. */
  #passOn(asked: IncomingMessage, response: ServerResponse): void {
    const { method, headers, url } = asked;
    const { hostname, port } = this.#target;
    const call = request({ hostname, port, path: url, method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    call.on('error', () =>
      response.headersSent ? response.destroy() : response.writeHead(502).end(),
    );
    asked.pipe(call);
  }
}
