/** The HTTP server on loopback: requests and upgrades go to whoever has their path. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';

const host = '127.0.0.1';

/** What an upgrade gets that does not get a WebSocket. */
export interface Refusal {
  status: number;
  body: string;
}

/** Looks at an upgrade before it is done: a refusal, silence, or the function that takes the WebSocket. */
export type UpgradeHandler = (
  request: IncomingMessage,
  url: URL,
) => Refusal | 'ignore' | ((socket: WebSocket) => void);

/** Answers plain requests. */
export type RequestHandler = (request: IncomingMessage, response: ServerResponse, url: URL) => void;

const statusTexts: Readonly<Record<number, string>> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

/** The listening server. */
export class HttpServer {
  readonly #server = createServer();
  readonly #webSockets = new WebSocketServer({ noServer: true });
  readonly #upgrades = new Map<string, UpgradeHandler>();
  readonly #sockets = new Set<Duplex>();

  constructor(onRequest: RequestHandler) {
    this.#server.on('request', (request: IncomingMessage, response: ServerResponse) =>
      onRequest(request, response, urlOf(request)),
    );
    this.#server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      this.#upgrade(request, socket, head),
    );
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  /** Starts to listen; resolves to the port. */
  async listen(port: number): Promise<number> {
    this.#server.listen(port, host);
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  /** Hands the upgrades of a path to that handler. */
  handleUpgrade(path: string, handler: UpgradeHandler): void {
    this.#upgrades.set(path, handler);
  }

  /** Cuts all connections and stops listening. */
  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => {});
    const url = urlOf(request);
    const handler =
      this.#upgrades.get(url.pathname) ?? (() => ({ status: 404, body: '404 page not found\n' }));
    const answer = handler(request, url);
    if (answer === 'ignore') return;
    if (typeof answer === 'function') this.#webSockets.handleUpgrade(request, socket, head, answer);
    else socket.end(refusalText(answer));
  }
}

/** Slashes that follow each other count as one. */
function urlOf(request: IncomingMessage): URL {
  return new URL((request.url ?? '/').replace(/^\/+/, '/'), `http://${host}`);
}

function refusalText({ status, body }: Refusal): string {
  return [
    `HTTP/1.1 ${status} ${statusTexts[status] ?? 'Refused'}`,
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n');
}
