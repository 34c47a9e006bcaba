/** One worker's connection, as the server sees it: what came in, and what a test wants to send. */
import { once } from 'node:events';
import {
  AvailabilityRequest,
  type AvailabilityResponse,
  Job,
  JobAssignment,
  JobTermination,
  RegisterWorkerResponse,
  Room,
  ServerInfo,
  ServerMessage,
  type WorkerMessage,
  WorkerMessage as WorkerMessageClass,
  WorkerPong,
} from '@livekit/protocol';
import { Recorder, type WaitOptions } from './recorder.mjs';
import type { Peer } from './signal-server.ts';

type Content = Exclude<WorkerMessage['message'], { case: undefined }>;
/** The kinds of message that a worker sends. */
export type WorkerCase = Content['case'];
type Value<Case extends WorkerCase> = Extract<Content, { case: Case }>['value'];

/** A message of the worker, at a time of `performance.now()`. */
export type Received = Content & { at: number };

/** How the connection behaves. */
export interface ConnectionBehaviour {
  /** The worker's id that Register is answered with. */
  id: string;
  answersRegister: boolean;
  answersPings: boolean;
}

/** The server's end. */
export class WorkerConnection {
  readonly id: string;
  answersPings: boolean;
  readonly openedAt = performance.now();
  readonly received = new Recorder<Received>((items) =>
    items.map((item) => `${item.case} ${item.value.toJsonString()}`).join('\n'),
  );
  readonly closed: Promise<{ code: number; reason: string; at: number }>;
  readonly #peer: Peer;
  readonly #answersRegister: boolean;

  constructor(peer: Peer, { id, answersRegister, answersPings }: ConnectionBehaviour) {
    this.id = id;
    this.answersPings = answersPings;
    this.closed = peer.closed.then((close) => ({ ...close, at: performance.now() }));
    this.#peer = peer;
    this.#answersRegister = answersRegister;
    for (const message of peer.messages) this.#receive(message);
    peer.socket.on('message', (data) => {
      this.#receive(WorkerMessageClass.fromBinary(data as Buffer));
    });
  }

  /** The first message of that kind that matches, be it here already or still to come. */
  async next<Case extends WorkerCase>(
    kind: Case,
    matches: (value: Value<Case>) => boolean = () => true,
    options?: WaitOptions,
  ): Promise<Value<Case>> {
    const isIt = (item: Received) => item.case === kind && matches(item.value as Value<Case>);
    const { value } = await this.received.waitFor(`The message ${kind}`, isIt, options);
    return value as Value<Case>;
  }

  /** The messages of that kind so far. */
  all<Case extends WorkerCase>(kind: Case): Value<Case>[] {
    return this.received.items.flatMap((item) =>
      item.case === kind ? [item.value as Value<Case>] : [],
    );
  }

  /** Sends a message; as JSON when asked for. */
  send(message: ServerMessage['message'], { asText = false } = {}): void {
    const encoded = new ServerMessage({ message });
    this.#peer.socket.send(asText ? encoded.toJsonString() : encoded.toBinary());
  }

  /** Sends a frame that may be anything. */
  sendRaw(frame: Uint8Array | string): void {
    this.#peer.socket.send(frame);
  }

  /** Answers Register. */
  greet(options?: { asText?: boolean }): void {
    const serverInfo = new ServerInfo({ version: 'test' });
    const value = new RegisterWorkerResponse({ workerId: this.id, serverInfo });
    this.send({ case: 'register', value }, options);
  }

  /** Offers a job. */
  offer(jobId: string, more: Partial<Job> = {}, options?: { asText?: boolean }): void {
    const value = new AvailabilityRequest({ job: makeJob(jobId, more) });
    this.send({ case: 'availability', value }, options);
  }

  /** Offers a job and waits for the answer. */
  async ask(jobId: string, more?: Partial<Job>): Promise<AvailabilityResponse> {
    this.offer(jobId, more);
    return this.answer(jobId);
  }

  /** The answer to a job that was offered. */
  answer(jobId: string): Promise<AvailabilityResponse> {
    return this.next('availability', (value) => value.jobId === jobId);
  }

  /** Assigns a job, whether it was offered or not. */
  assign(jobId: string, more: Partial<Job> = {}, url?: string): void {
    const claims = Buffer.from(JSON.stringify({ sub: `agent-${jobId}` })).toString('base64url');
    const value = new JobAssignment({ job: makeJob(jobId, more), token: `x.${claims}.x` });
    if (url !== undefined) value.url = url;
    this.send({ case: 'assignment', value });
  }

  /** Offers a job and assigns it when the worker accepts; tells whether it did. */
  async dispatch(jobId: string, more?: Partial<Job>, url?: string): Promise<boolean> {
    const { available } = await this.ask(jobId, more);
    if (available) this.assign(jobId, more, url);
    return available;
  }

  /** Terminates a job. */
  terminate(jobId: string): void {
    this.send({ case: 'termination', value: new JobTermination({ jobId }) });
  }

  /** How the worker says that a job has ended. */
  jobUpdate(jobId: string, options?: WaitOptions) {
    return this.next('updateJob', (value) => value.jobId === jobId, options);
  }

  /** Waits until the worker has dealt with everything that was sent so far, and has sent what it says at once. */
  async settle(): Promise<void> {
    const pong = once(this.#peer.socket, 'pong');
    this.#peer.socket.ping();
    await pong;
  }

  /** Closes in order. */
  close(code?: number, reason?: string): void {
    this.#peer.socket.close(code, reason);
  }

  /** Ends it as the real server does: no close frame, so the worker sees 1006. */
  drop(): void {
    this.#peer.socket.terminate();
  }

  #receive({ message }: WorkerMessage): void {
    if (message.case === undefined) throw new Error('The worker sent an empty message.');
    if (message.case === 'register' && this.#answersRegister) this.greet();
    if (message.case === 'ping' && this.answersPings) {
      const lastTimestamp = message.value.timestamp;
      const value = new WorkerPong({ lastTimestamp, timestamp: BigInt(Date.now()) });
      this.send({ case: 'pong', value });
    }
    this.received.add({ ...message, at: performance.now() });
  }
}

function makeJob(jobId: string, more: Partial<Job>): Job {
  const room = new Room({ sid: 'RM_1', name: 'the-room' });
  return new Job({ id: jobId, dispatchId: `AD_${jobId}`, room, ...more });
}
