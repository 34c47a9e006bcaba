/** One case at work: names of its own, its workers and guests, and what it asks the server's API. */
import { randomUUID } from 'node:crypto';
import type { AgentDispatch, AvailabilityRequest, JobAssignment } from '@livekit/protocol';
import {
  AccessToken,
  AgentDispatchClient,
  RoomServiceClient,
  type VideoGrant,
} from 'livekit-server-sdk';
import { RawWorker } from './raw-worker.ts';
import type { Guest, GuestOptions, Stage, WorkerSpec } from './stage.ts';

/** An offer with the worker that got it. */
export interface Offered {
  worker: RawWorker;
  offer: AvailabilityRequest;
}

/** What a call of the API gave. */
export interface Answered {
  status: number;
  contentType: string | null;
  body: string;
}

/** A job that a worker has, and who its agent is. */
export interface RunningJob {
  room: string;
  dispatchId: string;
  jobId: string;
  identity: string;
  token: string;
}

/** Of one case. */
export class Scene {
  readonly stage: Stage;
  readonly dispatches: AgentDispatchClient;
  readonly rooms: RoomServiceClient;
  readonly #prefix: string;
  readonly #workers: RawWorker[] = [];
  readonly #guests: Guest[] = [];
  #count = 0;

  constructor(stage: Stage, id: string) {
    const [apiKey, apiSecret] = stage.keys[0]!;
    this.stage = stage;
    this.#prefix = `${id}-${randomUUID().slice(0, 6)}`;
    this.dispatches = new AgentDispatchClient(stage.url, apiKey, apiSecret);
    this.rooms = new RoomServiceClient(stage.url, apiKey, apiSecret);
  }

  /** A name that no other case has. */
  newRoom(): string {
    this.#count += 1;
    return `${this.#prefix}-room-${this.#count}`;
  }

  /** The agent name of a group of workers. */
  nameOf(group: string): string {
    return `${this.#prefix}-${group}`;
  }

  /** Connects and registers a worker. */
  async worker(spec: WorkerSpec = {}, key = 'agent'): Promise<RawWorker> {
    const worker = await this.connect(spec, key);
    await worker.register();
    return worker;
  }

  /** Connects a worker that does not register. */
  async connect(spec: WorkerSpec = {}, key = 'agent'): Promise<RawWorker> {
    const named = spec.agentName === null ? '' : (spec.agentName ?? this.nameOf(spec.group ?? key));
    const worker = await RawWorker.connect(this.stage, spec, named);
    this.#workers.push(worker);
    return worker;
  }

  /** Dispatches to a room, a new one unless it is named. */
  async dispatch(
    { agentName }: { agentName: string },
    {
      room = this.newRoom(),
      ...options
    }: { room?: string; metadata?: string; deployment?: string } = {},
  ): Promise<{ room: string; dispatchId: string; at: number }> {
    const at = this.stage.now();
    const { id } = await this.dispatches.createDispatch(room, agentName, options);
    return { room, dispatchId: id, at };
  }

  /** The first offer of a dispatch that any of the workers gets. */
  offered(workers: readonly RawWorker[], dispatchId: string, withinMs = 5_000): Promise<Offered> {
    const waits = workers.map(async (worker) => {
      const item = await worker.received.waitFor(
        `The offer of ${dispatchId}`,
        (one) => one.case === 'availability' && one.value.job?.dispatchId === dispatchId,
        { timeoutMs: 60_000 },
      );
      return { worker, offer: item.value as AvailabilityRequest };
    });
    for (const wait of waits) wait.catch(() => {});
    return this.stage.until(`An offer of ${dispatchId}`, Promise.race(waits), withinMs);
  }

  /** The assignment of a dispatch. */
  assigned(worker: RawWorker, dispatchId: string, withinMs = 5_000): Promise<JobAssignment> {
    return worker.next('assignment', {
      matches: ({ job }) => job?.dispatchId === dispatchId,
      withinMs,
    });
  }

  /** Dispatches and waits until the worker has the job; with `isListed`, until the room lists it, too. */
  async run(
    worker: RawWorker,
    { room, isListed = true }: { room?: string; isListed?: boolean } = {},
  ): Promise<RunningJob> {
    const dispatched = await this.dispatch(worker, room === undefined ? {} : { room });
    const { job, token } = await this.assigned(worker, dispatched.dispatchId);
    const jobId = job!.id;
    if (isListed) {
      await this.eventually('the job in the list', async () => {
        const listed = await this.get(dispatched);
        return listed?.state?.jobs.some(({ id }) => id === jobId);
      });
    }
    return { ...dispatched, jobId, identity: job!.state!.participantIdentity, token };
  }

  /** The dispatch as the server lists it. */
  get({
    room,
    dispatchId,
  }: {
    room: string;
    dispatchId: string;
  }): Promise<AgentDispatch | undefined> {
    return this.dispatches.getDispatch(dispatchId, room);
  }

  /** Polls until something comes: not `undefined`, `false` or 0. */
  async eventually<Value>(
    what: string,
    check: () => Promise<Value | undefined | false | 0>,
    withinMs = 8_000,
  ): Promise<Value> {
    const deadline = this.stage.now() + withinMs;
    for (;;) {
      const value = await check();
      if (value !== undefined && value !== false && value !== 0) return value;
      if (this.stage.now() > deadline) throw new Error(`There was never ${what}.`);
      await this.stage.elapse(100);
    }
  }

  /** Someone joins a room. */
  async join(room: string, identity: string, options?: GuestOptions): Promise<Guest> {
    const guest = await this.stage.join(room, identity, options);
    this.#guests.push(guest);
    return guest;
  }

  /** The agent of a job joins its room. */
  async enter({ token }: { token: string }): Promise<Guest> {
    const guest = await this.stage.joinWithToken(token);
    this.#guests.push(guest);
    return guest;
  }

  /** Resolves when the server does not list a guest any more: participants themselves hear of their end later. */
  async gone(room: string, { identity }: { identity: string }): Promise<void> {
    await this.eventually(`the end of ${identity}`, async () => {
      const listed = await this.rooms.listParticipants(room);
      return listed.every((one) => one.identity !== identity);
    });
  }

  /** The termination of a job. */
  terminated(worker: RawWorker, jobId: string, withinMs = 8_000) {
    return worker.nextReceived('termination', { matches: (one) => one.jobId === jobId, withinMs });
  }

  /** How often the worker was told that the job is terminated. */
  terminations(worker: RawWorker, jobId: string): number {
    return worker.all('termination').filter((one) => one.jobId === jobId).length;
  }

  /** Why a guest was put out. */
  reasonOf(guest: Guest, withinMs = 8_000): Promise<number> {
    return this.stage.until(`The disconnect of ${guest.identity}`, guest.disconnected, withinMs);
  }

  /** Posts to the API as it is, with a token of that grant. */
  async post(
    method: string,
    body: object | string,
    grant: VideoGrant | null,
    headers: Record<string, string> = {},
  ): Promise<Answered> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const type = { 'content-type': 'application/json' };
    const response = await this.#request(method, text, grant, { ...type, ...headers });
    const contentType = response.headers.get('content-type');
    return { status: response.status, contentType, body: await response.text() };
  }

  /** Posts protobuf. */
  async postBytes(method: string, body: Uint8Array, grant: VideoGrant) {
    const type = { 'content-type': 'application/protobuf' };
    const response = await this.#request(method, Buffer.from(body), grant, type);
    const bytes = new Uint8Array(await response.arrayBuffer());
    return { contentType: response.headers.get('content-type'), bytes };
  }

  async #request(
    method: string,
    body: string | Buffer<ArrayBuffer>,
    grant: VideoGrant | null,
    headers: Record<string, string>,
  ): Promise<Response> {
    const token = new AccessToken(...this.stage.keys[0]!, { ttl: 600 });
    if (grant !== null) token.addGrant(grant);
    const authorization = `Bearer ${await token.toJwt()}`;
    return fetch(`${this.stage.url.replace('ws', 'http')}/twirp/livekit.${method}`, {
      method: 'POST',
      headers: { authorization, ...headers },
      body,
    });
  }

  /** Ends what the case has left. */
  async close(): Promise<void> {
    for (const worker of this.#workers) worker.socket.terminate();
    await Promise.all(this.#guests.map((guest) => guest.leave().catch(() => {})));
  }
}
