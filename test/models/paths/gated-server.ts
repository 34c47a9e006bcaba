/** A server that does nothing by itself: every upgrade waits until the test answers it. */
import type { ServerResponse } from 'node:http';
import { ServerMessage } from '@livekit/protocol';
import type { WebSocket } from 'ws';
import type { EventObject } from 'xstate';
import { UpgradeGate } from './upgrade-gate.ts';

/** The server of a path: it does what the path says, when the path says so. */
export interface PathServer {
  /** Where registrations connect to. */
  readonly url: string;
  /** Where the room API is. */
  readonly roomUrl: string;
  readonly apiKey: string;
  readonly apiSecret: string;
  /** Under which name the worker of the path registers. */
  readonly agentName: string;
  /** Opens the WebSocket that is asked for. */
  accept(): Promise<void>;
  /** Answers the upgrade that is asked for with an HTTP status. */
  refuse(status: number): Promise<void>;
  /** Ends the connection, or the upgrade that is asked for. */
  drop(): Promise<void>;
  /** The worker hears a message of this kind. */
  say(message: ServerMessage['message']): void | Promise<void>;
  /** Answers the calls of the room API that are there, and those to come. */
  answerCalls(): void;
  /** An event of the path with the ids that this server gives to what the path calls `AW_1` and `AJ_1`. */
  named(event: EventObject): EventObject;
  stop(): Promise<void>;
}

/** One `/agent` endpoint on loopback. */
export class GatedServer implements PathServer {
  readonly apiKey = 'key';
  readonly apiSecret = 'secret';
  readonly agentName = 'greeter';
  readonly #gate = new UpgradeGate();
  readonly #calls: ServerResponse[] = [];
  #socket: WebSocket | null = null;
  #answersCalls = false;

  get url(): string {
    return `ws://127.0.0.1:${this.#gate.port}`;
  }

  get roomUrl(): string {
    return this.url;
  }

  static async start(): Promise<GatedServer> {
    const server = new GatedServer();
    server.#gate.http.on('request', (_request, response) => {
      if (server.#answersCalls) answerCall(response);
      else server.#calls.push(response);
    });
    await server.#gate.open();
    return server;
  }

  async stop(): Promise<void> {
    this.#socket?.terminate();
    await this.#gate.close();
  }

  async accept(): Promise<void> {
    this.#socket = await this.#gate.accept(await this.#gate.next());
  }

  async refuse(status: number): Promise<void> {
    const { raw } = await this.#gate.next();
    raw.end(`HTTP/1.1 ${status} No\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno`);
  }

  async drop(): Promise<void> {
    if (this.#socket === null) (await this.#gate.next()).raw.destroy();
    else this.#socket.terminate();
    this.#socket = null;
  }

  answerCalls(): void {
    this.#answersCalls = true;
    for (const response of this.#calls.splice(0)) answerCall(response);
  }

  say(message: ServerMessage['message']): void {
    if (this.#socket === null) throw new Error('No WebSocket is open.');
    this.#socket.send(new ServerMessage({ message }).toBinary());
  }

  named(event: EventObject): EventObject {
    return event;
  }
}

function answerCall(response: ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'application/json' });
  response.end('{}');
}
