import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WorkerMessage } from '@livekit/protocol';
import { type WebSocket, WebSocketServer } from 'ws';

/** The server's end of one WebSocket, with what came in. */
export interface Peer {
  socket: WebSocket;
  request: IncomingMessage;
  messages: WorkerMessage[];
  closed: Promise<{ code: number; reason: string }>;
}

/** A bare `/agent` endpoint on loopback that the test plays by hand. */
export interface SignalServer {
  url: string;
  port: number;
  /** The next WebSocket that was opened. */
  accept: () => Promise<Peer>;
  connections: () => Promise<number>;
  close: () => Promise<void>;
}

/**
 * Starts the endpoint; with `answer`, every upgrade is answered by it as plain HTTP. Without, `takeUpgrade` may take the
 * socket of one for itself, and says so.
 */
export async function startSignalServer(
  answer?: (request: IncomingMessage, response: ServerResponse) => void,
  takeUpgrade: (request: IncomingMessage, socket: Duplex) => boolean = () => false,
): Promise<SignalServer> {
  const http = createServer();
  const waiting: Peer[] = [];
  const waiters: ((peer: Peer) => void)[] = [];

  if (answer !== undefined) {
    // Without an 'upgrade' listener Node hands an upgrade to 'request', as for any other request.
    http.on('request', answer);
  } else {
    const webSockets = new WebSocketServer({ noServer: true });
    http.on('upgrade', (request, raw, head) => {
      if (takeUpgrade(request, raw)) return;
      webSockets.handleUpgrade(request, raw, head, (socket) => {
        const peer = makePeer(socket, request);
        const waiter = waiters.shift();
        if (waiter === undefined) waiting.push(peer);
        else waiter(peer);
      });
    });
  }
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const { port } = http.address() as AddressInfo;

  return {
    url: `ws://127.0.0.1:${port}`,
    port,
    accept: () => {
      const peer = waiting.shift();
      if (peer !== undefined) return Promise.resolve(peer);
      return new Promise((resolve) => waiters.push(resolve));
    },
    connections: () =>
      new Promise((resolve, reject) => {
        http.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
      }),
    close: async () => {
      http.closeAllConnections();
      http.close();
      await once(http, 'close');
    },
  };
}

function makePeer(socket: WebSocket, request: IncomingMessage): Peer {
  const messages: WorkerMessage[] = [];
  socket.on('message', (data) => messages.push(WorkerMessage.fromBinary(data as Buffer)));
  socket.on('error', () => {});
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
  });
  return { socket, request, messages, closed };
}
