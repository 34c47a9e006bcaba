/**
 * A LiveKit server as far as its worker sees it, that a test makes behave badly: it refuses upgrades, says nothing, talks
 * nonsense, and goes away. Left alone it registers every worker and answers its pings. It has no rooms.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FaultRecord } from './fault.ts';
import type { ServerAccess } from './participants.ts';
import { Recorder } from './recorder.mjs';
import { type SignalServer, startSignalServer } from './signal-server.ts';
import { WorkerConnection } from './worker-connection.ts';

/** What an upgrade to `/agent` gets: a WebSocket, silence, or an HTTP status. */
export type UpgradeAnswer = 'accept' | 'ignore' | number;

/** A connection that was asked for, at a time of `performance.now()`. */
export interface UpgradeRequest {
  path: string;
  at: number;
}

/** The server. What its fields say holds for what comes from now on. */
export class ScriptedServer {
  upgrade: UpgradeAnswer = 'accept';
  answersRegister = true;
  answersPings = true;
  readonly access: ServerAccess;
  /** Every upgrade that was asked for, of `/agent` and of anything else. */
  readonly requests = new Recorder<UpgradeRequest>((items) => JSON.stringify(items));
  /** Every WebSocket that was opened, in order. */
  readonly connections = new Recorder<WorkerConnection>((items) => `${items.length} were opened.`);
  readonly #server: SignalServer;
  readonly #raw: Duplex[] = [];

  /** Starts a server that is gone after the case. */
  static async start(record: Pick<FaultRecord, 'after'>): Promise<ScriptedServer> {
    const scripted: { server?: ScriptedServer } = {};
    const signals = await startSignalServer(undefined, (request, socket) =>
      scripted.server!.#takeUpgrade(request, socket),
    );
    const server = new ScriptedServer(signals);
    scripted.server = server;
    record.after(() => server.#close());
    return server;
  }

  private constructor(server: SignalServer) {
    this.#server = server;
    this.access = { url: server.url, apiKey: 'key', apiSecret: 'a-secret-of-32-characters-length' };
    void this.#acceptAll();
  }

  /** The n-th connection, counted from 1: here already, or still to come. */
  async connection(count: number, timeoutMs = 10_000): Promise<WorkerConnection> {
    const enough = () => this.connections.items.length >= count;
    await this.connections.waitFor(`Connection ${count}`, enough, { timeoutMs });
    return this.connections.items[count - 1]!;
  }

  /** The n-th connection, once the worker has registered on it. */
  async registered(count: number, timeoutMs?: number): Promise<WorkerConnection> {
    const connection = await this.connection(count, timeoutMs);
    await connection.next('register');
    return connection;
  }

  /** The n-th connection, once the worker has said on it that it wants jobs. */
  async available(count: number, timeoutMs?: number): Promise<WorkerConnection> {
    const connection = await this.connection(count, timeoutMs);
    await connection.next('updateWorker', ({ status }) => status === 0);
    return connection;
  }

  /** The n-th upgrade that is asked for, of any path. */
  async request(count: number, timeoutMs = 10_000): Promise<UpgradeRequest> {
    const enough = () => this.requests.items.length >= count;
    await this.requests.waitFor(`Upgrade ${count}`, enough, { timeoutMs });
    return this.requests.items[count - 1]!;
  }

  #takeUpgrade(request: IncomingMessage, socket: Duplex): boolean {
    const path = (request.url ?? '').split('?')[0] ?? '';
    const answer = path.endsWith('/agent') ? this.upgrade : 404;
    this.requests.add({ path, at: performance.now() });
    if (answer === 'accept') return false;
    this.#raw.push(socket);
    socket.on('error', () => {});
    if (answer === 'ignore') return true;
    const body = 'no';
    socket.end(
      `HTTP/1.1 ${answer} No\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
    );
    return true;
  }

  async #acceptAll(): Promise<never> {
    for (;;) {
      const peer = await this.#server.accept();
      const { answersRegister, answersPings } = this;
      const id = `AW_${this.connections.items.length + 1}`;
      this.connections.add(new WorkerConnection(peer, { id, answersRegister, answersPings }));
    }
  }

  async #close(): Promise<void> {
    for (const socket of this.#raw) socket.destroy();
    for (const connection of this.connections.items) connection.drop();
    // What is dropped is gone a turn later.
    await nextTurn();
    await this.#server.close();
  }
}
