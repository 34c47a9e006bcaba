/** A worker's connection to a real server, in which each message of the server waits until the test lets it through. */
import { once } from 'node:events';
import { ServerMessage, WorkerMessage, WorkerPing } from '@livekit/protocol';
import { WebSocket } from 'ws';
import { Recorder } from '../../support/recorder.mjs';

/** For the first 5 s the server does not terminate the job of a new name; a busy machine gets more. */
const patience = { timeoutMs: 20_000 };
/** Pings of our own are told from those of a worker, which bear the time of day. */
const ownPing = 1n;

type Message = ServerMessage['message'];

/** A message of the server, and whether the worker has got it. */
interface Held {
  message: Message;
  frame: Buffer;
  isThrough: boolean;
}

/** The worker's WebSocket and the server's. */
export class HeldConnection {
  readonly #worker: WebSocket;
  readonly #server: WebSocket;
  readonly #held = new Recorder<Held>((items) =>
    items.map(({ message }) => `${message.case}`).join(', '),
  );
  readonly #ownPongs = new Recorder<Message>();
  /** What the worker has said, and the server is not to hear yet. */
  #said: Buffer[] = [];
  #isHolding = true;

  constructor(worker: WebSocket, server: WebSocket) {
    this.#worker = worker;
    this.#server = server;
    server.on('message', (data) => this.#receive(data as Buffer));
    worker.on('message', (data) => this.#hear(data as Buffer));
    server.on('close', () => worker.terminate());
    worker.on('close', () => {
      this.#release();
      server.close();
    });
  }

  /** Lets the server's next message of that kind through, once it is there; and the worker's words before it, when it answers them. */
  async pass(kind: Message['case'], { needsWorker }: { needsWorker: boolean }): Promise<Message> {
    if (needsWorker) this.#release();
    const held = await this.#held.waitFor(
      `The server's ${kind}`,
      ({ message, isThrough }) => message.case === kind && !isThrough,
      patience,
    );
    this.#isHolding = true;
    held.isThrough = true;
    this.#worker.send(held.frame);
    return held.message;
  }

  /** The server has dealt with everything that it has heard. */
  async roundTrip(): Promise<void> {
    const from = this.#ownPongs.items.length;
    const message = new WorkerMessage({
      message: { case: 'ping', value: new WorkerPing({ timestamp: ownPing }) },
    });
    this.#server.send(message.toBinary());
    await this.#ownPongs.waitFor('The answer to a ping', () => true, { ...patience, from });
  }

  /** The server has dealt with everything that the worker has said; nothing to wait for when one of them is gone. */
  async settle(): Promise<void> {
    if (this.#worker.readyState !== WebSocket.OPEN) return;
    const gone = once(this.#worker, 'close');
    const heard = once(this.#worker, 'pong');
    this.#worker.ping();
    await Promise.race([heard, gone]);
    if (this.#worker.readyState !== WebSocket.OPEN) return;
    this.#release();
    const refused = once(this.#server, 'close').then(() => {
      throw new Error('The server has closed the connection of a worker that was content.');
    });
    await Promise.race([this.roundTrip(), refused]);
  }

  /** Ends it on both sides, without a word. */
  cut(): void {
    this.#worker.terminate();
    this.#server.terminate();
  }

  #receive(frame: Buffer): void {
    const { message } = ServerMessage.fromBinary(frame);
    if (message.case === 'pong' && message.value.lastTimestamp === ownPing) {
      this.#ownPongs.add(message);
    } else this.#held.add({ message, frame, isThrough: false });
  }

  #hear(frame: Buffer): void {
    const isFirst = WorkerMessage.fromBinary(frame).message.case === 'register';
    if (this.#isHolding && !isFirst) this.#said.push(frame);
    else this.#server.send(frame);
  }

  #release(): void {
    this.#isHolding = false;
    for (const frame of this.#said.splice(0)) this.#server.send(frame);
  }
}
