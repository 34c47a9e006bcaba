/** A worker without a mind of its own: a WebSocket that sends what a case wants, and records what comes. */
import { once } from 'node:events';
import {
  AvailabilityResponse,
  type Job,
  type JobStatus,
  JobType,
  MigrateJobRequest,
  RegisterWorkerRequest,
  ServerMessage,
  UpdateJobStatus,
  UpdateWorkerStatus,
  WorkerMessage,
  WorkerPing,
  WorkerStatus,
} from '@livekit/protocol';
import { AccessToken } from 'livekit-server-sdk';
import { WebSocket } from 'ws';
import { Recorder } from '../support/recorder.mjs';
import type { Stage, WorkerSpec } from './stage.ts';

type ServerContent = Exclude<ServerMessage['message'], { case: undefined }>;
type ServerCase = ServerContent['case'];
type Value<Case extends ServerCase> = Extract<ServerContent, { case: Case }>['value'];
type WorkerContent = WorkerMessage['message'];

/** A message of the server, at a time of the server's clock. */
export type Received = ServerContent & { at: number; isBinary: boolean };

/** What an upgrade asks with. */
export interface UpgradeRequest {
  path?: string;
  query?: string;
  authorization?: string;
}

/** Asks for the upgrade: the open socket, or how it was refused. */
export async function upgrade(
  stage: Stage,
  { path = '/agent', query = 'protocol=1', authorization }: UpgradeRequest,
): Promise<WebSocket | { status: number; body: string }> {
  const headers = authorization === undefined ? {} : { Authorization: authorization };
  const socket = new WebSocket(`${stage.url}${path}?${query}`, { headers });
  socket.on('error', () => {});
  return new Promise((resolve) => {
    socket.once('open', () => resolve(socket));
    socket.once('unexpected-response', (_request, response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
      );
    });
  });
}

/** A token for `/agent`. */
export function agentToken([apiKey, apiSecret]: readonly [string, string]): Promise<string> {
  const token = new AccessToken(apiKey, apiSecret, { ttl: 600 });
  token.addGrant({ agent: true });
  return token.toJwt();
}

/** The worker's end. */
export class RawWorker {
  readonly received = new Recorder<Received>((items) =>
    items.map((item) => `${item.case} ${item.value.toJsonString()}`).join('\n'),
  );
  /** WebSocket pings of the server, by their time. */
  readonly pings: number[] = [];
  readonly closed: Promise<{ code: number; at: number }>;
  /** What it does with offers. */
  answer: (job: Job) => void;
  readonly socket: WebSocket;
  readonly agentName: string;
  readonly #stage: Stage;
  readonly #spec: WorkerSpec;
  #pingCount = 0n;
  #isFollowed = true;

  /** Connects, and does not register. */
  static async connect(stage: Stage, spec: WorkerSpec = {}, agentName = ''): Promise<RawWorker> {
    const authorization = `Bearer ${await agentToken(stage.keys[spec.key ?? 0]!)}`;
    const socket = await upgrade(stage, { authorization });
    if (!(socket instanceof WebSocket)) throw new Error(`Refused: ${JSON.stringify(socket)}`);
    return new RawWorker(stage, socket, spec, agentName);
  }

  constructor(stage: Stage, socket: WebSocket, spec: WorkerSpec, agentName: string) {
    this.#stage = stage;
    this.#spec = spec;
    this.agentName = agentName;
    this.socket = socket;
    this.answer = (job) => this.respond(job, spec.answers ?? 'accept');
    socket.on('message', (data, isBinary) => this.#receive(data as Buffer, isBinary));
    socket.on('ping', () => this.pings.push(stage.now()));
    this.closed = once(socket, 'close').then(([code]) => ({ code: Number(code), at: stage.now() }));
    stage.follow({
      isOpen: () => socket.readyState === WebSocket.OPEN && this.#isFollowed,
      roundTrip: () => this.#roundTrip(),
    });
  }

  /** Time does not wait any more for what is on its way here. */
  pause(): void {
    this.#isFollowed = false;
  }

  /** Time waits again. */
  resume(): void {
    this.#isFollowed = true;
  }

  send(message: WorkerContent): void {
    this.socket.send(new WorkerMessage({ message }).toBinary());
  }

  sendJson(value: object): void {
    this.socket.send(JSON.stringify(value));
  }

  /** Sends Register as its spec says. */
  sendRegister(changes: Partial<RegisterWorkerRequest> = {}): void {
    const { type = JobType.JT_ROOM, deployment = '', namespace, permissions } = this.#spec;
    const value = RegisterWorkerRequest.fromJson({
      type,
      agentName: this.agentName,
      version: '1.0.0',
      deployment,
      ...(namespace !== undefined && { namespace }),
      ...(permissions !== undefined && { allowedPermissions: permissions }),
    });
    this.send({ case: 'register', value: Object.assign(value, changes) });
  }

  /** Registers, says its load and status if it has any, and waits until dispatches can reach it. */
  async register(): Promise<string> {
    this.sendRegister();
    const { workerId } = await this.next('register');
    const { load, isFull } = this.#spec;
    if (load !== undefined || isFull !== undefined) {
      this.update({
        ...(load !== undefined && { load }),
        ...(isFull !== undefined && {
          status: isFull ? WorkerStatus.WS_FULL : WorkerStatus.WS_AVAILABLE,
        }),
      });
    }
    await this.barrier();
    return workerId;
  }

  /** Waits for the answer to a ping: all that was sent before has been read. */
  async barrier(): Promise<void> {
    this.#pingCount += 1n;
    const timestamp = this.#pingCount + 1_000_000n;
    this.send({ case: 'ping', value: new WorkerPing({ timestamp }) });
    await this.received.waitFor(
      'The answer to a ping',
      (item) => item.case === 'pong' && item.value.lastTimestamp === timestamp,
    );
  }

  update(status: { status?: WorkerStatus; load?: number }): void {
    this.send({ case: 'updateWorker', value: new UpdateWorkerStatus(status) });
  }

  updateJob(jobId: string, status: JobStatus): void {
    this.send({ case: 'updateJob', value: new UpdateJobStatus({ jobId, status }) });
  }

  migrate(jobIds: string[]): void {
    this.send({ case: 'migrateJob', value: new MigrateJobRequest({ jobIds }) });
  }

  /** Answers an offer. */
  respond(job: { id: string }, how: NonNullable<WorkerSpec['answers']>): void {
    if (how === 'nothing' || how === 'nobody') return;
    const value = new AvailabilityResponse({
      jobId: job.id,
      available: how === 'accept',
      terminate: how === 'terminate',
      participantIdentity: this.#spec.identity ?? `agent-${job.id}`,
      participantName: 'Agent',
      participantMetadata: 'from the worker',
      participantAttributes: { plan: 'gold', 'lk.agent_name': 'spoof' },
    });
    this.send({ case: 'availability', value });
  }

  /** All messages of that kind so far. */
  all<Case extends ServerCase>(kind: Case): Value<Case>[] {
    return this.received.items
      .filter((item) => item.case === kind)
      .map((item) => item.value as Value<Case>);
  }

  /** The first message of that kind that matches, once it is there. */
  async next<Case extends ServerCase>(
    kind: Case,
    { matches = () => true, withinMs = 10_000 }: NextOptions<Value<Case>> = {},
  ): Promise<Value<Case>> {
    const received = await this.nextReceived(kind, { matches, withinMs });
    return received.value as Value<Case>;
  }

  /** The same, with its time. */
  nextReceived<Case extends ServerCase>(
    kind: Case,
    { matches = () => true, withinMs = 10_000 }: NextOptions<Value<Case>> = {},
  ): Promise<Received> {
    const what = `${kind} of ${this.agentName}`;
    const found = this.received.waitFor(
      what,
      (item) => item.case === kind && matches(item.value as Value<Case>),
      { timeoutMs: 60_000 },
    );
    return this.#stage.until(what, found, withinMs);
  }

  #receive(data: Buffer, isBinary: boolean): void {
    const { message } = isBinary
      ? ServerMessage.fromBinary(data)
      : ServerMessage.fromJsonString(data.toString());
    if (message.case === undefined) return;
    this.received.add({ ...message, at: this.#stage.now(), isBinary });
    if (message.case === 'availability') this.answer(message.value.job!);
  }

  async #roundTrip(): Promise<void> {
    const back = once(this.socket, 'pong');
    this.socket.ping();
    await Promise.race([back, this.closed]);
  }
}

interface NextOptions<Message> {
  matches?: (message: Message) => boolean;
  withinMs?: number;
}
