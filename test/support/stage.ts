/** What an end-to-end test of a worker needs: workers, rooms, callers, and all of it gone afterwards. */
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { AgentDispatchClient, type ParticipantInfo, RoomServiceClient } from 'livekit-server-sdk';
import type { WorkerOptionsInit } from '../../src/worker-options.ts';
import { type JoinOptions, joinRoom, type Participant, type ServerAccess } from './participants.ts';
import { type EventLine, startWorkerProgram, type WorkerProgram } from './worker-program.ts';

/** How to start a worker. */
export interface StageWorkerOptions {
  /** Options that the agent file hands to `cli.runApp()`; functions stand in the agent file itself. */
  options?: Partial<WorkerOptionsInit>;
  /** Where the worker finds the server, when not where the stage does. */
  url?: string;
  args?: string[];
  nodeArgs?: string[];
  env?: Record<string, string>;
}

/** What to dispatch: to a new room, unless it is named. */
export interface DispatchOptions {
  room?: string;
  metadata?: string;
}

/** A worker that can be dispatched to. */
export interface StageWorker {
  program: WorkerProgram;
  agentName: string;
}

/** A job that a worker has accepted. */
export interface StageJob {
  jobId: string;
  dispatchId: string;
  room: string;
  /** Of the agent in the room. */
  identity: string;
}

/** One server, with everything that a test brings onto it. */
export class Stage {
  /** Another one after a restart. */
  server: ServerAccess;
  readonly rooms: RoomServiceClient;
  readonly dispatches: AgentDispatchClient;
  readonly #callers: Participant[] = [];
  readonly #workers: StageWorker[] = [];

  constructor(server: ServerAccess) {
    const { url, apiKey, apiSecret } = server;
    this.server = server;
    this.rooms = new RoomServiceClient(url, apiKey, apiSecret);
    this.dispatches = new AgentDispatchClient(url, apiKey, apiSecret);
  }

  /** Starts the program of an agent in `test/fixtures/agents`, and does not wait for it. */
  launchWorker(agent: string, start: StageWorkerOptions = {}): StageWorker {
    const { options = {}, url = this.server.url, env = {}, ...rest } = start;
    const { registrations: [registration] = [options] } = options;
    const agentName = registration?.agentName ?? `${agent}-${randomUUID().slice(0, 8)}`;
    const named = options.registrations === undefined ? { ...options, agentName } : options;
    const program = startWorkerProgram({
      agent: agentFile(agent),
      server: { ...this.server, url },
      env: { AGENT_OPTIONS: JSON.stringify(named), ...env },
      ...rest,
    });
    const worker = { program, agentName };
    this.#workers.push(worker);
    return worker;
  }

  /** Starts a worker and waits until it takes jobs. */
  async startWorker(agent: string, start?: StageWorkerOptions): Promise<StageWorker> {
    const worker = this.launchWorker(agent, start);
    await this.ready(worker);
    return worker;
  }

  /** Resolves when a dispatch reaches the worker: the first time, or again after the `from`-th line of its log. */
  async ready({ program }: StageWorker, { from = 0 } = {}): Promise<void> {
    await program.waitForEvent('worker.available', () => true, { from, timeoutMs: 20_000 });
  }

  /** Dispatches an agent to a room, a new one unless it is named. */
  async dispatch(
    agentName: string,
    { room = newRoom(), ...options }: DispatchOptions = {},
  ): Promise<{ room: string; dispatchId: string }> {
    const { id } = await this.dispatches.createDispatch(room, agentName, options);
    return { room, dispatchId: id };
  }

  /** Dispatches the agent of a worker and waits until it is in the room. */
  async call(worker: StageWorker, options?: DispatchOptions): Promise<StageJob> {
    const { dispatchId } = await this.dispatch(worker.agentName, options);
    return this.connected(worker, (event) => event.dispatchId === dispatchId);
  }

  /** The first job that matches, once its agent is in the room. */
  async connected(
    { program }: StageWorker,
    matches: (event: EventLine<'job.connected'>) => boolean,
  ): Promise<StageJob> {
    const { jobId, dispatchId, room, identity } = await program.waitForEvent(
      'job.connected',
      matches,
    );
    return { jobId, dispatchId, room, identity };
  }

  /** A real participant joins. */
  async join(room: string, identity: string, options: Partial<JoinOptions> = {}) {
    const caller = await joinRoom(this.server, { room, identity, ...options });
    this.#callers.push(caller);
    return caller;
  }

  /** Tells the agents of a room what to do: see `fixtures/agents/obeys.mjs`. */
  async tell(room: string, command: string): Promise<void> {
    // Only a change is told: so that the same command works twice.
    await this.rooms.updateRoomMetadata(room, `${command} ${randomUUID()}`);
  }

  /** Who is in the room, as the server says. */
  async whoIsIn(room: string): Promise<string[]> {
    const participants = await this.rooms.listParticipants(room);
    return participants.map(({ identity }) => identity).toSorted();
  }

  /** A participant as the server sees it. */
  participant(room: string, identity: string): Promise<ParticipantInfo> {
    return this.rooms.getParticipant(room, identity);
  }

  /** Ends a worker at once, with its sessions. */
  async endWorker({ program }: StageWorker): Promise<void> {
    // Drain, close, kill: three different signals, so that none is taken for an echo of another.
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const) program.signal(signal);
    await program.stop();
  }

  /** Ends the callers' connections. */
  async clearCallers(): Promise<void> {
    await Promise.all(this.#callers.splice(0).map((caller) => caller.leave()));
  }

  /** Ends everything that is left. */
  async clear(): Promise<void> {
    await this.clearCallers();
    await Promise.all(this.#workers.splice(0).map((worker) => this.endWorker(worker)));
  }
}

/** Path of an agent in `test/fixtures/agents`. */
export function agentFile(name: string): string {
  return fileURLToPath(new URL(`../fixtures/agents/${name}.mjs`, import.meta.url));
}

/** A name that no other test uses. */
export function newRoom(): string {
  return `room-${randomUUID()}`;
}

/** How a job ended, once it has. */
export function ended({ program }: StageWorker, { jobId }: { jobId: string }) {
  return program.waitForEvent('job.ended', (event) => event.jobId === jobId);
}

/** The process of a job that has started: its pid. */
export async function pidOf({ program }: StageWorker, { jobId }: { jobId: string }) {
  const { jobPid } = await program.waitForEvent('job.started', (event) => event.jobId === jobId);
  return Number(jobPid);
}
