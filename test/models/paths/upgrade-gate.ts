/** One `/agent` endpoint on loopback, where every upgrade waits until the test has decided about it. */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';

/** A client that asks for a WebSocket. */
export interface Upgrade {
  request: IncomingMessage;
  raw: Duplex;
  head: Buffer;
}

/** The endpoint. */
export class UpgradeGate {
  readonly http = createServer();
  readonly #webSockets = new WebSocketServer({ noServer: true });
  readonly #upgrades: Upgrade[] = [];
  readonly #waiters: ((upgrade: Upgrade) => void)[] = [];

  get port(): number {
    return (this.http.address() as AddressInfo).port;
  }

  async open(): Promise<void> {
    this.http.on('upgrade', (request: IncomingMessage, raw: Duplex, head: Buffer) => {
      raw.on('error', () => {});
      const waiter = this.#waiters.shift();
      if (waiter === undefined) this.#upgrades.push({ request, raw, head });
      else waiter({ request, raw, head });
    });
    this.http.listen(0, '127.0.0.1');
    await once(this.http, 'listening');
  }

  /** The upgrade that is asked for, be it already or later. */
  async next(): Promise<Upgrade> {
    const upgrade = this.#upgrades.shift();
    if (upgrade !== undefined) return upgrade;
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Opens the WebSocket that is asked for. */
  accept({ request, raw, head }: Upgrade): Promise<WebSocket> {
    return new Promise((resolve) => {
      this.#webSockets.handleUpgrade(request, raw, head, (socket) => {
        socket.on('error', () => {});
        resolve(socket);
      });
    });
  }

  async close(): Promise<void> {
    for (const { raw } of this.#upgrades) raw.destroy();
    this.http.closeAllConnections();
    this.http.close();
    await once(this.http, 'close');
  }
}
