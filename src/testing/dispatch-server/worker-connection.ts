/** One WebSocket of a worker: handshake, frames, pings, and the jobs that are offered on it. */
import {
  AvailabilityRequest,
  type AvailabilityResponse,
  type Job,
  JobType,
  type ParticipantPermission,
  RegisterWorkerResponse,
  type RegisterWorkerRequest,
  type ServerInfo,
  type SimulateJobRequest,
  type UpdateJobStatus,
  type UpdateWorkerStatus,
  WorkerPong,
  WorkerStatus,
} from '@livekit/protocol';
import { WebSocket } from 'ws';
import type { Faults } from './faults.ts';
import { decodeFrame, encodeFrame, type ServerContent, type WorkerContent } from './frames.ts';
import type { Timers } from './timers.ts';

/** What a dispatch must match to reach a worker. */
export interface WorkerKey {
  agentName: string;
  namespace: string;
  jobType: JobType;
  deployment: string;
}

/** What came of an offer. */
export type OfferOutcome = AvailabilityResponse | 'closed' | 'timeout' | 'unwritable';

/** What a connection tells the server. */
export interface WorkerListener {
  registered: (worker: WorkerConnection) => void;
  statusChanged: (worker: WorkerConnection) => void;
  jobUpdated: (worker: WorkerConnection, update: UpdateJobStatus) => void;
  jobSimulated: (worker: WorkerConnection, request: SimulateJobRequest) => void;
  migrated: (worker: WorkerConnection, jobIds: string[]) => void;
  gone: (worker: WorkerConnection, cause: string | null) => void;
}

/** What a connection needs of its server. */
export interface WorkerWorld {
  id: string;
  apiKey: string;
  timers: Timers;
  faults: Faults;
  serverInfo: ServerInfo;
  /** Unix time in milliseconds. */
  now: () => number;
  registerTimeoutMs: number;
  pingEveryMs: number;
}

const maxDeploymentBytes = 64;

/** A worker, from its upgrade to the end of its socket. */
export class WorkerConnection {
  readonly id: string;
  /** A job's token is signed with the key of its worker. */
  readonly apiKey: string;
  /** `null` until the worker has registered. */
  key: WorkerKey | null = null;
  permissions: ParticipantPermission | null = null;
  isFull = false;
  load = 0;
  readonly #offers = new Map<string, (outcome: OfferOutcome) => void>();
  readonly #socket: WebSocket;
  readonly #world: WorkerWorld;
  readonly #listener: WorkerListener;
  #isJson = false;
  #cause: string | null = null;
  #stopRegisterTimer: () => void;
  #stopPing: () => void = () => {};

  constructor(socket: WebSocket, world: WorkerWorld, listener: WorkerListener) {
    this.id = world.id;
    this.apiKey = world.apiKey;
    this.#socket = socket;
    this.#world = world;
    this.#listener = listener;
    socket.on('error', () => {});
    socket.on('message', (data, isBinary) => this.#received(data as Buffer, isBinary));
    socket.on('close', () => this.#closed());
    this.#stopRegisterTimer = world.timers.after(world.registerTimeoutMs, () =>
      this.cut('it did not register in time'),
    );
    this.#pingLater();
  }

  get agentName(): string {
    return this.key?.agentName ?? '';
  }

  /** Offers a job; the socket's end and the deadline are outcomes, too. */
  offer(job: Job, timeoutMs: number): Promise<OfferOutcome> {
    return new Promise((resolve) => {
      const stop = this.#world.timers.after(timeoutMs, () => settle('timeout'));
      const settle = (outcome: OfferOutcome): void => {
        stop();
        this.#offers.delete(job.id);
        resolve(outcome);
      };
      this.#offers.set(job.id, settle);
      const value = new AvailabilityRequest({ job });
      if (!this.send({ case: 'availability', value })) settle('unwritable');
    });
  }

  /** Sends a message; `false` when the socket does not take it. */
  send(content: ServerContent): boolean {
    const { faults, timers } = this.#world;
    if (this.#socket.readyState !== WebSocket.OPEN) return false;
    if (faults.loses(content.case)) return true;
    const frame = encodeFrame(content, this.#isJson);
    if (faults.sendDelayMs <= 0) this.#socket.send(frame);
    else timers.after(faults.sendDelayMs, () => this.#socket.send(frame));
    return true;
  }

  /** Sends bytes as they are. */
  sendRaw(bytes: Uint8Array | string): void {
    this.#socket.send(bytes);
  }

  /** Cuts the connection as the real server does: the worker sees code 1006. */
  cut(cause: string): void {
    this.#cause ??= cause;
    this.#socket.terminate();
  }

  /** Closes in order, with a code. */
  close(code: number): void {
    this.#socket.close(code);
  }

  /** Reads nothing from the worker for that long. */
  stall(durationMs: number): void {
    this.#socket.pause();
    this.#world.timers.after(durationMs, () => this.#socket.resume());
  }

  #received(data: Buffer, isBinary: boolean): void {
    if (this.#cause !== null) return;
    this.#isJson = !isBinary;
    const content = decodeFrame(data, isBinary);
    if (content === null) this.cut('it sent a frame that is no WorkerMessage');
    else if (content.case === 'ping') this.#pong(content.value.timestamp);
    else if (content.case === 'register') this.#register(content.value);
    else if (this.key === null) this.cut(`it sent ${content.case} before it registered`);
    else this.#take(content);
  }

  #take(content: WorkerContent): void {
    switch (content.case) {
      case 'availability':
        return this.#offers.get(content.value.jobId)?.(content.value);
      case 'updateWorker':
        return this.#updateStatus(content.value);
      case 'updateJob':
        return this.#listener.jobUpdated(this, content.value);
      case 'simulateJob':
        return this.#simulate(content.value);
      case 'migrateJob':
        return this.#listener.migrated(this, content.value.jobIds);
      case 'ping':
      case 'register':
        return undefined;
    }
  }

  #register(request: RegisterWorkerRequest): void {
    const mistake = this.key === null ? mistakeOf(request) : 'it registered twice';
    if (mistake !== null) return this.cut(mistake);
    const { agentName, namespace = '', type: jobType, deployment } = request;
    this.#stopRegisterTimer();
    this.permissions = request.allowedPermissions ?? null;
    const { serverInfo } = this.#world;
    const value = new RegisterWorkerResponse({ workerId: this.id, serverInfo });
    this.send({ case: 'register', value });
    this.key = { agentName, namespace, jobType, deployment };
    this.#listener.registered(this);
  }

  #updateStatus({ status, load }: UpdateWorkerStatus): void {
    if (status !== undefined) this.isFull = status === WorkerStatus.WS_FULL;
    this.load = load;
    this.#listener.statusChanged(this);
  }

  #simulate(request: SimulateJobRequest): void {
    // The real server crashes: to lose the connection is the least that can be noticed.
    if (request.room === undefined) this.cut('it sent simulateJob without a room');
    else this.#listener.jobSimulated(this, request);
  }

  #pong(lastTimestamp: bigint): void {
    const timestamp = BigInt(Math.floor(this.#world.now()));
    this.send({ case: 'pong', value: new WorkerPong({ lastTimestamp, timestamp }) });
  }

  #pingLater(): void {
    this.#stopPing = this.#world.timers.after(this.#world.pingEveryMs, () => {
      this.#socket.ping();
      this.#pingLater();
    });
  }

  #closed(): void {
    this.#stopRegisterTimer();
    this.#stopPing();
    this.#listener.gone(this, this.#cause);
    for (const settle of this.#offers.values()) settle('closed');
  }
}

/** Why a registration is not valid; `null` when it is. */
function mistakeOf({ type, deployment }: RegisterWorkerRequest): string | null {
  if (JobType[type] === undefined) return `it registered for the unknown job type ${type}`;
  const mistake = deploymentMistake(deployment);
  return mistake === null ? null : `it registered with a wrong deployment: ${mistake}`;
}

/** Why a deployment is not valid, in the server's words; `null` when it is. */
export function deploymentMistake(deployment: string): string | null {
  if (Buffer.byteLength(deployment) > maxDeploymentBytes)
    return `deployment exceeds max length ${maxDeploymentBytes}`;
  if (deployment.includes('_')) return "deployment contains reserved character '_'";
  return /[\0-\x20\x7f]/.test(deployment) ? 'deployment contains invalid characters' : null;
}
