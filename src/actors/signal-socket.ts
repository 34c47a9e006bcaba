/** The one WebSocket of a registration: opened at the start of the actor, closed at its end. */
import type { IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import type { WebSocket } from 'ws';
import { type CallbackActorLogic, fromCallback } from 'xstate';
import type { ServerMessage, WorkerMessage } from '../../machines/messages.ts';
import type { SocketCommand, SocketEvent } from '../../machines/registration/registration.types.ts';
import { decodeServerMessage } from '../protocol/decode-server-message.ts';
import { encodeWorkerMessage } from '../protocol/encode-worker-message.ts';
import { agentUrl } from '../protocol/server-urls.ts';
import { closeReason, connectFailureReason, errorReason } from '../protocol/connection-reasons.ts';
import { redactToken } from '../protocol/redact-tokens.ts';
import { createServerToken } from '../server-token.ts';
import { sealToken } from '../token-seal.ts';

/** Larger frames end the connection; the server's own limit is 2 MiB. */
const maxFrameBytes = 8 * 1024 * 1024;
/** Enough to read a server's reason in. */
const maxBodyBytes = 4096;
const shownBodyCharacters = 200;
const abnormalClosure = 1006;
const normalClosure = 1000;
const invalidPayload = 1007;

/** What a signal socket needs to know. */
export interface SignalSocketDependencies {
  /** URL of the LiveKit server: `ws`, `wss`, `http` or `https`, with or without a path. */
  url: string;
  apiKey: string;
  apiSecret: string;
  workerToken: string | null;
  now?: () => number;
  random?: () => number;
  /**
   * From the start until the WebSocket is open. @defaultValue 10000 ms
   */
  handshakeTimeoutMs?: number;
  /**
   * How long the server may take to answer our close frame before the connection is cut. @defaultValue 1000 ms
   */
  closeTimeoutMs?: number;
  /** A message that cannot be encoded: a bug. It is dropped, the connection goes on. */
  onUnsendable?: (error: unknown, message: WorkerMessage) => void;
}

/**
 * Loaded by the first connection, not with the worker: the pool, which starts in the same step, has forked its first job
 * processes by then, and they get warm on another core meanwhile. Imported, each of its CommonJS files would be searched for
 * exports first: 51 ms of CPU instead of 15.
 */
function loadWebSocket(): typeof WebSocket {
  return (createRequire(import.meta.url)('ws') as { WebSocket: typeof WebSocket }).WebSocket;
}

type EndEvent =
  | { type: 'socket.refused'; status: number; body: string }
  | { type: 'socket.closed'; code: number; reason: string };

/** Makes the actor that holds one WebSocket to the server and speaks in decoded messages. */
export function defineSignalSocket(
  dependencies: SignalSocketDependencies,
): CallbackActorLogic<SocketCommand> {
  return fromCallback<SocketCommand>(({ sendBack, receive }) => {
    const socket = new SignalSocket(dependencies, (event) => sendBack(event));
    receive((command) => {
      if (command.type === 'socket.send') socket.send(command.message);
      else socket.close();
    });
    void socket.open();
    return () => socket.abandon();
  });
}

class SignalSocket {
  readonly #dependencies: SignalSocketDependencies;
  readonly #report: (event: SocketEvent) => void;
  readonly #handshakeTimeoutMs: number;
  #handshakeTimer: NodeJS.Timeout | undefined;
  #closeTimer: NodeJS.Timeout | undefined;
  #webSocket: WebSocket | undefined;
  /** Sent before the WebSocket was open. */
  #queue: WorkerMessage[] = [];
  #wasOpen = false;
  #closeWanted = false;
  /** The end was reported, or nobody listens any more. */
  #ended = false;
  #lastError: unknown = undefined;
  #finishRefusal: (() => void) | undefined;

  constructor(dependencies: SignalSocketDependencies, report: (event: SocketEvent) => void) {
    this.#dependencies = dependencies;
    this.#report = report;
    this.#handshakeTimeoutMs = dependencies.handshakeTimeoutMs ?? 10_000;
  }

  async open(): Promise<void> {
    try {
      const { url, workerToken } = this.#dependencies;
      const address = agentUrl(url, workerToken);
      const limitMs = this.#handshakeTimeoutMs;
      this.#handshakeTimer = setTimeout(() => this.#handshakeTimedOut(address), limitMs);
      // After the step that started the actor: the job processes that are started in it are not to wait.
      await Promise.resolve();
      if (!this.#ended) this.#connect(address);
    } catch (error) {
      this.#end({
        type: 'socket.closed',
        code: abnormalClosure,
        reason: `the connection could not be prepared: ${errorReason(error)}`,
      });
    }
  }

  send(message: WorkerMessage): void {
    if (this.#ended || this.#closeWanted) return;
    const webSocket = this.#openWebSocket();
    if (webSocket !== undefined) this.#write(webSocket, message);
    else this.#queue.push(message);
  }

  /** Closes in order. Before the WebSocket is open, what is queued still goes out first. */
  close(): void {
    if (this.#ended || this.#closeWanted) return;
    this.#closeWanted = true;
    const webSocket = this.#openWebSocket();
    if (webSocket !== undefined) {
      this.#shut(webSocket, normalClosure, '');
    } else if (this.#queue.length === 0) {
      this.#end({
        type: 'socket.closed',
        code: normalClosure,
        reason: 'closed before it was open',
      });
      this.#webSocket?.terminate();
    }
  }

  /** The actor was stopped: closes in order, reports nothing more. */
  abandon(): void {
    this.#ended = true;
    clearTimeout(this.#handshakeTimer);
    const webSocket = this.#webSocket;
    if (webSocket === undefined) return;
    if (webSocket.readyState === webSocket.CONNECTING) webSocket.terminate();
    else this.#shut(webSocket, normalClosure, '');
  }

  #connect(address: URL): void {
    const token = createServerToken(this.#dependencies, { agent: true });
    const webSocket = new (loadWebSocket())(address, {
      headers: { Authorization: `Bearer ${token}` },
      maxPayload: maxFrameBytes,
      perMessageDeflate: false,
    });
    this.#webSocket = webSocket;
    webSocket.on('open', () => this.#opened(webSocket));
    webSocket.on('message', (data, isBinary) => {
      // ws hands out Buffers unless it is told otherwise.
      this.#received(webSocket, isBinary ? (data as Buffer) : (data as Buffer).toString());
    });
    webSocket.on('unexpected-response', (_request, response) => {
      this.#refused(webSocket, response);
    });
    // Always followed by 'close'.
    webSocket.on('error', (error) => (this.#lastError ??= error));
    webSocket.on('close', (code, reason) => this.#closed(address, code, reason.toString()));
  }

  #openWebSocket(): WebSocket | undefined {
    const webSocket = this.#webSocket;
    return webSocket?.readyState === webSocket?.OPEN ? webSocket : undefined;
  }

  #opened(webSocket: WebSocket): void {
    this.#wasOpen = true;
    clearTimeout(this.#handshakeTimer);
    const queue = this.#queue;
    this.#queue = [];
    for (const message of queue) this.#write(webSocket, message);
    if (this.#closeWanted) this.#shut(webSocket, normalClosure, '');
    else this.#report({ type: 'socket.opened' });
  }

  #received(webSocket: WebSocket, frame: Uint8Array | string): void {
    if (this.#ended) return;
    let message;
    try {
      message = decodeServerMessage(frame);
    } catch (error) {
      // Before the report, at which the actor may be stopped: the server is to hear this code, not that of a stop.
      this.#shut(webSocket, invalidPayload, 'not a ServerMessage');
      this.#end({ type: 'socket.closed', code: invalidPayload, reason: errorReason(error) });
      return;
    }
    this.#report(withSealedToken(message));
  }

  #write(webSocket: WebSocket, message: WorkerMessage): void {
    const now = this.#dependencies.now ?? Date.now;
    let frame;
    try {
      frame = encodeWorkerMessage(message, now());
    } catch (error) {
      this.#dependencies.onUnsendable?.(error, message);
      return;
    }
    webSocket.send(frame);
  }

  /** The server answered the upgrade with a status: its body says why, so it is waited for. */
  #refused(webSocket: WebSocket, response: IncomingMessage): void {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const finish = (): void => {
      const status = response.statusCode ?? 0;
      this.#end({ type: 'socket.refused', status, body: this.#readable(chunks) });
      webSocket.terminate();
    };
    this.#finishRefusal = finish;
    response.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.byteLength;
      if (bytes >= maxBodyBytes) finish();
    });
    response.on('error', finish);
    response.on('close', finish);
  }

  /** The server's text on one line. Some versions echo the token in it. */
  #readable(chunks: Buffer[]): string {
    return redactToken(Buffer.concat(chunks).toString(), this.#dependencies.workerToken)
      .replace(/[\s\p{C}]+/gu, ' ')
      .trim()
      .slice(0, shownBodyCharacters);
  }

  #closed(address: URL, code: number, reason: string): void {
    clearTimeout(this.#closeTimer);
    const why = redactToken(this.#reasonOf(address, code, reason), this.#dependencies.workerToken);
    this.#end({ type: 'socket.closed', code, reason: why });
  }

  #reasonOf(address: URL, code: number, reason: string): string {
    if (!this.#wasOpen) return connectFailureReason(this.#lastError, address);
    return this.#lastError === undefined ? closeReason(code, reason) : errorReason(this.#lastError);
  }

  #handshakeTimedOut(address: URL): void {
    if (this.#finishRefusal !== undefined) {
      this.#finishRefusal();
      return;
    }
    const error = new Error(`no answer within ${this.#handshakeTimeoutMs} ms`);
    const reason = connectFailureReason(error, address);
    this.#end({ type: 'socket.closed', code: abnormalClosure, reason });
    this.#webSocket?.terminate();
  }

  /** Sends a close frame behind everything that was sent, and cuts the connection when the server does not answer it. */
  #shut(webSocket: WebSocket, code: number, reason: string): void {
    webSocket.close(code, reason);
    if (webSocket.readyState === webSocket.CLOSED) return;
    const limitMs = this.#dependencies.closeTimeoutMs ?? 1000;
    this.#closeTimer ??= setTimeout(() => webSocket.terminate(), limitMs).unref();
  }

  #end(event: EndEvent): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#handshakeTimer);
    const random = this.#dependencies.random ?? Math.random;
    this.#report({ ...event, jitter: random() });
  }
}

/** What goes into the machines from here can be seen by inspectors. */
function withSealedToken(message: ServerMessage): ServerMessage {
  return message.type === 'server.jobAssigned'
    ? { ...message, token: sealToken(message.token) }
    : message;
}
