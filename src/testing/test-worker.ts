/** A worker for tests: with an embedded server, an agent, and jobs that a test follows. */
import { DisconnectReason } from '@livekit/protocol';
import type { LifecycleEvent } from '../../machines/events.ts';
import type { Failure } from '../../machines/messages.ts';
import type { WorkerOutput } from '../../machines/worker/worker.types.ts';
import { toError, WorkerError } from '../errors.ts';
import type { StandIns } from '../stand-ins.ts';
import type { WorkerOptionsInit } from '../worker-options.ts';
import { makeWorker, type WorkerHandle } from '../worker.ts';
import { type Caller, joinAsCaller } from './caller.ts';
import { createDispatchServer, type DispatchServer } from './dispatch-server/dispatch-server.ts';
import type { JoinInput } from './dispatch-server/participant.ts';
import type { RoomInput } from './dispatch-server/rooms.ts';
import { forkedProcesses, inlineProcesses } from './executors.ts';
import { Seats } from './rooms/seats.ts';
import type { TestJob } from './test-job.ts';
import { TestJobs } from './test-jobs.ts';
import { type AgentSource, readAgent, type TestAgent } from './test-worker-agent.ts';
import {
  type KitOptions,
  readKitOptions,
  type TestWorkerOptions,
  workerInit,
} from './test-worker-options.ts';

/** How long sessions may take to end at the end of a test. In real time, whatever the clock. */
const closeTimeoutMs = 5_000;

/** What a dispatch says beside the room. */
export interface TestDispatch {
  metadata?: string;
  attributes?: Record<string, string>;
  /** @defaultValue the agent name of the worker */
  agentName?: string;
}

/**
 * Starts a worker for a test, on an embedded server of its own; resolves when it takes jobs.
 * @throws WorkerError `GR_OPTION_INVALID`, `GR_AGENT_INVALID`, and what keeps a worker from starting.
 */
export async function createTestWorker<UserData = Record<string, unknown>>(
  agent: AgentSource<UserData>,
  options: TestWorkerOptions = {},
): Promise<TestWorker> {
  const kit = readKitOptions(options);
  const source = await readAgent(agent as AgentSource, kit.executor);
  const server = await createDispatchServer(kit.server);
  try {
    const seats = new Seats(server);
    seats.listen();
    const init = workerInit(source, kit, server);
    const worker = makeWorker(
      init,
      { env: {}, mode: 'development' },
      standIns(source, seats, kit, init),
    );
    const test = new TestWorker({ server, seats, worker, kit, agentName: agentNameOf(init) });
    await startOrFail(worker);
    return test;
  } catch (error) {
    await server.close();
    throw error;
  }
}

/** A worker in production tries on; here an agent that fails before its first job is told of at once. */
async function startOrFail(worker: WorkerHandle): Promise<void> {
  let stop = (): void => {};
  const broken = new Promise<Failure>((resolve) => {
    stop = worker.on('process.exited', ({ failure }) => {
      if (failure !== null) resolve(failure);
    });
  });
  const failure = await Promise.race([worker.start(), broken]);
  stop();
  if (failure === undefined) return;
  await worker.kill('agent-broken');
  throw toError(failure);
}

function standIns(
  agent: TestAgent,
  seats: Seats,
  { executor, clock }: KitOptions,
  { logger }: WorkerOptionsInit,
): StandIns {
  const time = clock === null ? {} : { clock };
  if (executor === 'process') return { ...forkedProcesses(), ...time };
  return { ...inlineProcesses(agent, seats, { logger, clock: time.clock }), ...time };
}

function agentNameOf({ agentName, registrations }: WorkerOptionsInit): string {
  return agentName ?? registrations?.[0]?.agentName ?? '';
}

/** A worker that a test holds. */
export class TestWorker implements AsyncDisposable {
  /** The embedded server that the worker is registered with. */
  readonly server: DispatchServer;
  /** The worker, as `createWorker()` gives it. */
  readonly worker: WorkerHandle;
  /** Everything the worker has told since it was made. */
  readonly events: LifecycleEvent[] = [];
  readonly #seats: Seats;
  readonly #jobs: TestJobs;
  readonly #agentName: string;
  readonly #waitTimeoutMs: number;

  /** @internal */
  constructor(parts: {
    server: DispatchServer;
    seats: Seats;
    worker: WorkerHandle;
    kit: KitOptions;
    agentName: string;
  }) {
    const { server, worker, kit } = parts;
    this.server = server;
    this.worker = worker;
    this.#seats = parts.seats;
    this.#agentName = parts.agentName;
    this.#waitTimeoutMs = kit.waitTimeoutMs;
    worker.on('*', (event) => void this.events.push(event));
    this.#jobs = new TestJobs(worker, server, {
      waitTimeoutMs: kit.waitTimeoutMs,
      describeWorker: () => describeWorker(worker),
    });
  }

  /** Every job so far, in the order in which they came. */
  get jobs(): readonly TestJob[] {
    return this.#jobs.all;
  }

  /**
   * Dispatches the agent to a room, which is made when there is none, and follows the job.
   * @throws WorkerError `GR_OPTION_INVALID` when the worker has no agent name: its jobs come with the rooms.
   */
  dispatch(room: string, { agentName, ...input }: TestDispatch = {}): TestJob {
    const name = agentName ?? this.#agentName;
    if (name === '') {
      throw new WorkerError(
        'GR_OPTION_INVALID',
        'dispatch() needs an agent name, and this worker has none: its jobs come with the rooms. Make a room with join(), and take its job with jobIn().',
      );
    }
    return this.#jobs.ofDispatch(room, this.server.dispatch(room, name, input).id);
  }

  /** The first job in a room that the test does not hold yet, also one that is still to come. */
  jobIn(room: string): TestJob {
    return this.#jobs.inRoom(room);
  }

  /** Lets a participant into a room, which is made when there is none; the test plays it. */
  join(room: string, who: string | JoinInput, roomInput: RoomInput = {}): Promise<Caller> {
    const place = { server: this.server, seats: this.#seats };
    return joinAsCaller(place, room, who, { ...roomInput, waitTimeoutMs: this.#waitTimeoutMs });
  }

  /** Closes a room as the server's API does: everyone is put out. Tells whether there was one. */
  deleteRoom(room: string): boolean {
    return this.server.closeRoom(room, DisconnectReason.ROOM_DELETED);
  }

  /** Puts a participant out as the server's API does. Tells whether it was there. */
  removeParticipant(room: string, identity: string): boolean {
    const participant = this.server.room(room)?.participants.get(identity);
    participant?.leave(DisconnectReason.PARTICIPANT_REMOVED);
    return participant !== undefined;
  }

  /**
   * Makes a participant believe that its connection is broken, until the returned function is called.
   * @throws WorkerError `GR_OPTION_INVALID` when it is not in the room.
   */
  interrupt(room: string, identity: string): () => void {
    const participant = this.server.room(room)?.participants.get(identity);
    if (participant === undefined) {
      throw new WorkerError(
        'GR_OPTION_INVALID',
        `interrupt() needs a participant that is there: "${identity}" is not in the room "${room}".`,
      );
    }
    return this.#seats.interrupt(participant);
  }

  /** Takes no new jobs and lets the running ones end; resolves with the worker's output. */
  async drain(timeoutMs?: number | null): Promise<WorkerOutput> {
    const output = await this.worker.drain(timeoutMs);
    await this.server.close();
    return output;
  }

  /** Ends the running sessions, then worker and server. What has not ended after 5 s is killed. */
  async close(): Promise<WorkerOutput> {
    const isActive = (): boolean => this.worker.getSnapshot().status === 'active';
    const timer = setTimeout(() => {
      if (isActive()) void this.worker.kill('test-over');
    }, closeTimeoutMs);
    try {
      return await (isActive() ? this.worker.close('test-over') : this.worker.done);
    } finally {
      clearTimeout(timer);
      await this.server.close();
    }
  }

  /** For `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function describeWorker(worker: WorkerHandle): string {
  const snapshot = worker.getSnapshot();
  const jobs = Object.values(snapshot.context.slots).map(
    ({ jobId, ref }) => `${jobId} ${JSON.stringify(ref.getSnapshot().value)}`,
  );
  return `The worker is ${JSON.stringify(snapshot.value)}, its jobs: ${jobs.join(', ') || 'none'}.`;
}
