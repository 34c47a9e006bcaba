/** A page without a picture: reads the stream of an inspector, or stalls after the first message. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import { STREAM_PATH } from '../../src/inspect/frames.ts';
import { Recorder } from '../support/recorder.mjs';

const waitMs = 60_000;

/** Someone who watches a worker. */
export class Viewer {
  /** The types of the frames that were read. */
  readonly frameTypes = new Recorder<string>((types) => `Frames: ${types.slice(-5).join(', ')}.`);
  readonly #socket: WebSocket;
  #port = 0;
  #charactersRead = 0;

  /** Connects and reads the first message; `isStalled`: none after it. */
  static async open(url: string, { isStalled }: { isStalled: boolean }): Promise<Viewer> {
    const viewer = new Viewer(url);
    viewer.#socket.once('message', () => {
      if (isStalled) viewer.#socket.pause();
    });
    await Promise.race([
      viewer.frameTypes.waitFor('The first message', () => true, { timeoutMs: waitMs }),
      once(viewer.#socket, 'close').then(() => {
        throw new Error('The inspector has closed the connection of its viewer.');
      }),
    ]);
    return viewer;
  }

  private constructor(url: string) {
    this.#socket = new WebSocket(new URL(STREAM_PATH, url.replace('http:', 'ws:')));
    this.#socket.on('upgrade', ({ socket }: { socket: Socket }) => {
      this.#port = socket.localPort ?? 0;
    });
    this.#socket.on('message', (data: Buffer) => this.#take(data.toString()));
    // Its end is told by `close`, too.
    this.#socket.on('error', () => {});
  }

  /** How much it has read so far. */
  get charactersRead(): number {
    return this.#charactersRead;
  }

  /** Reads on; resolves when it was told that it has lost messages. */
  async lost(): Promise<void> {
    this.#socket.resume();
    await this.frameTypes.waitFor('The word of lost messages', (type) => type === 'dropped', {
      timeoutMs: waitMs,
    });
  }

  /** What the system holds for its connection. */
  get waitingBytes(): number {
    return waitingBytes(readFileSync('/proc/net/tcp', 'utf8'), this.#port);
  }

  close(): void {
    this.#socket.terminate();
  }

  #take(text: string): void {
    this.#charactersRead += text.length;
    this.frameTypes.add(/^\{"type":"(\w+)"/.exec(text)?.[1] ?? 'unknown');
  }
}

/** What waits, at both ends of the connection to a port of this machine, as `/proc/net/tcp` tells it. */
export function waitingBytes(table: string, port: number): number {
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0');
  return table.split('\n').reduce((sum, line) => {
    const [, local = '', remote = '', , queues = ''] = line.trim().split(/\s+/);
    if (!local.endsWith(`:${hexPort}`) && !remote.endsWith(`:${hexPort}`)) return sum;
    const [sending = '0', received = '0'] = queues.split(':');
    return sum + Number.parseInt(sending, 16) + Number.parseInt(received, 16);
  }, 0);
}
