/** A server that registers every worker and offers jobs when the test says so. It has no rooms. */
import {
  AvailabilityRequest,
  Job,
  JobAssignment,
  type JobStatus,
  type RegisterWorkerRequest,
  RegisterWorkerResponse,
  Room,
  ServerInfo,
  ServerMessage,
  type UpdateWorkerStatus,
  WorkerMessage,
  WorkerPong,
} from '@livekit/protocol';
import { afterEach } from 'vitest';
import type { ServerAccess } from '../support/participants.ts';
import { Recorder } from '../support/recorder.mjs';
import { type Peer, type SignalServer, startSignalServer } from '../support/signal-server.ts';

const running: Dispatcher[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((dispatcher) => dispatcher.close()));
});

/** One worker's connection, as the server sees it. */
export class ConnectedWorker {
  readonly id: string;
  readonly register: RegisterWorkerRequest;
  readonly closed: Promise<{ code: number; reason: string }>;
  readonly statuses = new Recorder<UpdateWorkerStatus>();
  readonly answers = new Recorder<{ jobId: string; available: boolean }>((items) =>
    JSON.stringify(items),
  );
  readonly jobUpdates = new Recorder<{ jobId: string; status: JobStatus }>((items) =>
    JSON.stringify(items),
  );
  readonly simulated = new Recorder<{ room: string; participant: string }>();
  readonly #peer: Peer;

  constructor(id: string, peer: Peer, register: RegisterWorkerRequest) {
    this.id = id;
    this.register = register;
    this.closed = peer.closed;
    this.#peer = peer;
    peer.socket.on('message', (data) => this.#receive(WorkerMessage.fromBinary(data as Buffer)));
    const serverInfo = new ServerInfo({ version: 'test' });
    this.#send({
      case: 'register',
      value: new RegisterWorkerResponse({ workerId: id, serverInfo }),
    });
  }

  /** Offers a job, and assigns it when the worker accepts; answers whether it did. */
  async dispatch(jobId: string): Promise<boolean> {
    const job = new Job({
      id: jobId,
      dispatchId: `AD_${jobId}`,
      agentName: this.register.agentName,
      room: new Room({ sid: 'RM_1', name: 'the-room' }),
    });
    this.#send({ case: 'availability', value: new AvailabilityRequest({ job }) });
    const answer = await this.answers.waitFor(
      `The answer to the job ${jobId}`,
      (item) => item.jobId === jobId,
    );
    if (!answer.available) return false;
    const claims = Buffer.from(JSON.stringify({ sub: `agent-${jobId}` })).toString('base64url');
    const token = `x.${claims}.x`;
    this.#send({ case: 'assignment', value: new JobAssignment({ job, token }) });
    return true;
  }

  /** The next time the worker says that it wants jobs, or has said so already. */
  async untilAvailable(): Promise<void> {
    await this.statuses.waitFor('The status AVAILABLE', ({ status }) => status === 0);
  }

  #send(message: ServerMessage['message']): void {
    this.#peer.socket.send(new ServerMessage({ message }).toBinary());
  }

  #receive({ message }: WorkerMessage): void {
    if (message.case === 'ping') {
      const lastTimestamp = message.value.timestamp;
      const value = new WorkerPong({ lastTimestamp, timestamp: BigInt(Date.now()) });
      this.#send({ case: 'pong', value });
    }
    if (message.case === 'updateWorker') this.statuses.add(message.value);
    if (message.case === 'availability') this.answers.add(message.value);
    if (message.case === 'updateJob') this.jobUpdates.add(message.value);
    if (message.case === 'simulateJob') {
      const { room, participant } = message.value;
      this.simulated.add({ room: room?.name ?? '', participant: participant?.identity ?? '' });
    }
  }
}

/** The server. */
export class Dispatcher {
  readonly access: ServerAccess;
  /** Every worker that has registered, in order. */
  readonly workers = new Recorder<ConnectedWorker>();
  readonly #server: SignalServer;

  static async start(): Promise<Dispatcher> {
    const dispatcher = new Dispatcher(await startSignalServer());
    running.push(dispatcher);
    return dispatcher;
  }

  private constructor(server: SignalServer) {
    this.#server = server;
    this.access = { url: server.url, apiKey: 'key', apiSecret: 'a-secret-of-32-characters-length' };
    void this.#acceptAll();
  }

  /** The worker that registers as the n-th one, counted from 1. */
  async worker(count: number): Promise<ConnectedWorker> {
    await this.workers.waitFor(`Worker ${count}`, () => this.workers.items.length >= count);
    return this.workers.items[count - 1]!;
  }

  close(): Promise<void> {
    return this.#server.close();
  }

  async #acceptAll(): Promise<never> {
    for (;;) {
      const peer = await this.#server.accept();
      peer.socket.once('message', (data) => {
        const { message } = WorkerMessage.fromBinary(data as Buffer);
        if (message.case !== 'register') throw new Error(`${message.case} before register`);
        const id = `AW_${this.workers.items.length + 1}`;
        this.workers.add(new ConnectedWorker(id, peer, message.value));
      });
    }
  }
}
