/** Sends what the actors of a program do to an inspector that `greenroom inspect` has opened. */
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { InspectionEvent } from 'xstate';
import { type Encoder, FlowReader } from './flow-reader.ts';
import { InspectHub } from './hub.ts';
import { WireWriter } from './wire/writer.ts';

/** A connection to an inspector. */
export interface InspectorConnection {
  /** For the `inspect` option of a root actor. */
  readonly inspect: (inspection: InspectionEvent) => void;
  /** Sends what waits, and ends the connection. */
  close: () => Promise<void>;
}

/** How to connect. */
export interface ConnectInspectorOptions {
  /** Texts that are shown nowhere, beside what names and forms tell. */
  secrets?: readonly string[];
  /**
   * How long to wait before connecting again. @defaultValue 1000 ms
   */
  retryDelayMs?: number;
}

/** Each message is a frame, as in Stately's format. */
const encoder: Encoder = {
  hello: () => [],
  frames: (_kind, entries) => entries.map(({ text }) => text),
  live: () => [],
  dropped: () => [],
};

/**
 * Connects to the address that `greenroom inspect` prints. The program runs the same without an inspector: a connection
 * that is cut is made again and told the whole picture, and none keeps the process alive.
 */
export function connectInspector(
  url: string,
  { secrets = [], retryDelayMs = 1_000 }: ConnectInspectorOptions = {},
): InspectorConnection {
  const hub = new InspectHub({ isAlwaysOn: true });
  const writer = new WireWriter({ send: hub.accept, secrets });
  const client = new Client(url, hub, retryDelayMs);
  client.connect();
  return { inspect: writer.inspect, close: () => client.close() };
}

class Client {
  readonly #url: string;
  readonly #hub: InspectHub;
  readonly #retryDelayMs: number;
  #socket: WebSocket | null = null;
  #reader: FlowReader | null = null;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(url: string, hub: InspectHub, retryDelayMs: number) {
    this.#url = url;
    this.#hub = hub;
    this.#retryDelayMs = retryDelayMs;
  }

  connect(): void {
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    let leave = (): void => {};
    socket.on('upgrade', ({ socket: stream }: { socket: Socket }) => stream.unref());
    socket.on('open', () => {
      this.#reader = new FlowReader(
        (text, done) => socket.send(text, () => done()),
        encoder,
        () => this.#hub.state(),
      );
      leave = this.#hub.read(this.#reader);
    });
    // Nobody listens there yet, or no longer.
    socket.on('error', () => {});
    socket.on('close', () => {
      leave();
      this.#reader?.end();
      this.#reader = null;
      if (this.#isClosed) return;
      this.#timer = setTimeout(() => this.connect(), this.#retryDelayMs).unref();
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#reader?.drained();
    this.#socket?.close();
  }
}
