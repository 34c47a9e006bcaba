/**
 * A TCP proxy on loopback that breaks connections on purpose: cuts one, stalls it so that it is half-open, delays it, or
 * refuses new ones. It reads the request line of each connection, so that a test can break the worker's `/agent` socket
 * and leave a room's `/rtc` alone.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { Transform } from 'node:stream';
import { Recorder, type WaitOptions } from './recorder.mjs';

const host = '127.0.0.1';

/** One connection through the proxy. */
export interface ProxiedConnection {
  /** Path of the HTTP request it began with, without the query. */
  readonly path: string;
  /** Whether both sides still hold it. */
  readonly open: boolean;
  /** Ends it on both sides at once, without the closing words of WebSocket or TCP (RST). */
  cut: () => void;
  /** Forwards nothing more, in neither direction, and keeps it open: what was sent waits. */
  stall: () => void;
  /** Forwards again what was held back. */
  resume: () => void;
}

/** A running proxy. */
export interface TcpProxy {
  /** What clients use in place of the target. */
  readonly url: string;
  readonly port: number;
  readonly connections: readonly ProxiedConnection[];
  /** A connection whose request path is this one, be it here already or still to come. */
  waitForConnection: (path: string, options?: WaitOptions) => Promise<ProxiedConnection>;
  /** Holds each piece of data back for so long from now on, in both directions. */
  delay: (delayMs: number) => void;
  /** Refuses new connections; the present ones go on. */
  refuse: () => void;
  /** Takes connections again, on the same port. */
  accept: () => Promise<void>;
  /** Cuts everything and ends. */
  close: () => Promise<void>;
}

/** Starts a proxy in front of `targetUrl`, such as `ws://127.0.0.1:7880`. */
export async function startTcpProxy(targetUrl: string): Promise<TcpProxy> {
  const target = new URL(targetUrl);
  const recorder = new Recorder<Connection>(
    (items) => `Paths seen: ${items.map(({ path }) => path).join(', ')}.`,
  );
  const everything: Connection[] = [];
  let delayMs = 0;
  // A side that has ended may still be listened to by the other: the proxy decides about each end itself.
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const address = { port: Number(target.port), host: target.hostname, allowHalfOpen: true };
    const connection = new Connection(client, connect(address), () => delayMs);
    everything.push(connection);
    connection.onRequest = () => recorder.add(connection);
  });
  await listen(server, 0);
  const { port } = server.address() as AddressInfo;

  return {
    url: `${target.protocol}//${host}:${port}`,
    port,
    connections: recorder.items,
    waitForConnection: (path, options) =>
      recorder.waitFor(
        `A connection to ${path}`,
        (connection) => connection.path === path,
        options,
      ),
    delay: (milliseconds) => {
      delayMs = milliseconds;
    },
    refuse: () => stopListening(server),
    accept: () => listen(server, port),
    close: async () => {
      stopListening(server);
      for (const connection of everything) connection.cut();
      await Promise.all(everything.map((connection) => connection.closed));
    },
  };
}

class Connection implements ProxiedConnection {
  path = '';
  onRequest = (): void => {};
  /** Resolves when both sides are gone. */
  readonly closed: Promise<unknown>;
  readonly #client: Socket;
  readonly #upstream: Socket;
  readonly #up: Gate;
  readonly #down: Gate;
  #stalled = false;

  constructor(client: Socket, upstream: Socket, delayMs: () => number) {
    this.#client = client;
    this.#upstream = upstream;
    this.#up = new Gate(delayMs);
    this.#down = new Gate(delayMs);
    const ends = [client, upstream].map((socket) => {
      socket.on('error', () => this.#endTogether());
      return new Promise<void>((resolve) => {
        socket.once('close', () => {
          this.#endTogether();
          resolve();
        });
      });
    });
    this.closed = Promise.all(ends);
    client.once('data', (chunk) => {
      this.path = /^[A-Z]+ ([^ ?]+)/.exec(chunk.toString('latin1'))?.[1] ?? '';
      this.#up.write(chunk);
      client.pipe(this.#up).pipe(upstream);
      this.onRequest();
    });
    upstream.pipe(this.#down).pipe(client);
  }

  get open(): boolean {
    return !this.#client.destroyed && !this.#upstream.destroyed;
  }

  cut(): void {
    for (const socket of [this.#client, this.#upstream]) {
      // A socket that is saying goodbye cannot be reset any more, and would then never tell that it is closed.
      if (socket.writableEnded) socket.destroy();
      else socket.resetAndDestroy();
    }
  }

  stall(): void {
    this.#stalled = true;
    this.#up.shut();
    this.#down.shut();
  }

  resume(): void {
    this.#stalled = false;
    this.#up.openAgain();
    this.#down.openAgain();
    if (!this.open) this.#endTogether();
  }

  /** Lost on one side is lost on the other; a stalled connection keeps even that back. */
  #endTogether(): void {
    if (this.#stalled) return;
    this.#client.destroy();
    this.#upstream.destroy();
  }
}

/** Lets data through, late when there is a delay, or not at all while it is shut. */
class Gate extends Transform {
  readonly #delayMs: () => number;
  #shut = false;
  #waiting: (() => void) | null = null;

  constructor(delayMs: () => number) {
    super();
    this.#delayMs = delayMs;
  }

  shut(): void {
    this.#shut = true;
  }

  openAgain(): void {
    this.#shut = false;
    const forward = this.#waiting;
    this.#waiting = null;
    forward?.();
  }

  override _transform(
    chunk: Buffer,
    _encoding: BufferEncoding,
    done: (error: null, data: Buffer) => void,
  ): void {
    this.#forward(() => done(null, chunk));
  }

  override _flush(done: () => void): void {
    this.#forward(done);
  }

  #forward(forward: () => void): void {
    const unlessShut = () => {
      if (this.#shut) this.#waiting = unlessShut;
      else forward();
    };
    const delayMs = this.#delayMs();
    if (delayMs > 0) setTimeout(unlessShut, delayMs);
    else unlessShut();
  }
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, host);
  await once(server, 'listening');
}

/** Refuses new connections. (The server's 'close' event would wait for the present ones as well.) */
function stopListening(server: Server): void {
  if (server.listening) server.close();
}
