/** What a soak plays with: a server, a relay in front of it, a worker program, jobs and callers. */
import { randomUUID } from 'node:crypto';
import { AgentDispatchClient, RoomServiceClient } from 'livekit-server-sdk';
import { type LiveKitServer, startLiveKitServer } from '../support/livekit-server.mjs';
import { runVariable } from '../support/processes.ts';
import { joinRoom, type Participant } from '../support/participants.ts';
import { agentFile, newRoom } from '../support/stage.ts';
import {
  type LogLine,
  startWorkerProgram,
  testGuard,
  type WorkerProgram,
} from '../support/worker-program.ts';
import { type Action, pick } from './actions.ts';
import { Relay, type Traffic } from './relay.ts';

const agentName = 'soaks';

interface Job {
  room: string;
  dispatchId: string;
  identity: string;
  pid: number;
}

/** Who is told of what happens. */
export interface Audience {
  traffic: (traffic: Traffic) => void;
  log: (line: LogLine) => void;
}

/** The scene. */
export class Scene {
  readonly worker: WorkerProgram;
  /** By which the worker and all that it starts can be found. */
  readonly mark = randomUUID();
  readonly #binary: string;
  #server: LiveKitServer;
  readonly #relay: Relay;
  readonly #rooms: RoomServiceClient;
  readonly #dispatches: AgentDispatchClient;
  /** Jobs whose agent is in its room, or about to be. */
  readonly #jobs = new Map<string, Job>();
  readonly #callers = new Map<string, Participant>();

  /** Starts everything; resolves when the worker takes jobs. */
  static async start(binary: string, maxJobs: number, audience: Audience): Promise<Scene> {
    const server = await launch(binary);
    const relay = await Relay.start(server.url, audience.traffic);
    const scene = new Scene(binary, server, relay, maxJobs, audience);
    await scene.worker.waitForEvent('worker.available');
    return scene;
  }

  private constructor(
    binary: string,
    server: LiveKitServer,
    relay: Relay,
    maxJobs: number,
    audience: Audience,
  ) {
    const { url, apiKey, apiSecret } = server;
    this.#binary = binary;
    this.#server = server;
    this.#relay = relay;
    this.#rooms = new RoomServiceClient(url, apiKey, apiSecret);
    this.#dispatches = new AgentDispatchClient(url, apiKey, apiSecret);
    const options = { agentName, maxJobs, shutdownTimeoutMs: 5_000, numIdleProcesses: 1 };
    this.worker = startWorkerProgram({
      agent: agentFile('soaks'),
      server: { url: relay.url, apiKey, apiSecret },
      // The footprint of a worker is only comparable after a collection of garbage, which leaves the young generation at the
      // size that it has grown to: up to 32 MiB, so it may not grow here.
      nodeArgs: ['--expose-gc', '--max-semi-space-size=1'],
      env: { AGENT_OPTIONS: JSON.stringify(options), [runVariable]: this.mark },
    });
    this.worker.log.watch((line) => {
      this.#follow(line);
      audience.log(line);
    });
  }

  /** Does it; what cannot be done, as nothing runs or the server is away, is left. */
  async perform(action: Action): Promise<void> {
    if (action.type === 'dispatch') return this.#dispatch(action);
    if (action.type === 'cut') return this.#relay.cut();
    if (action.type === 'restartServer') return this.#restart(action.signal);
    const jobs = [...this.#jobs.values()];
    if (jobs.length === 0) return;
    const job = pick(jobs, action.victim);
    if (action.type === 'hangUp') return this.#hangUp(job);
    if (action.type === 'removeAgent') {
      await this.#rooms.removeParticipant(job.room, job.identity);
    } else if (action.type === 'deleteDispatch') {
      await this.#dispatches.deleteDispatch(job.dispatchId, job.room);
    } else {
      process.kill(job.pid, action.signal);
    }
  }

  /** Ends every call. */
  async clear(): Promise<void> {
    await Promise.allSettled([...this.#jobs.values()].map((job) => this.#hangUp(job)));
    await Promise.allSettled(
      [...this.#jobs.values()].map(({ room }) => this.#rooms.deleteRoom(room)),
    );
    const callers = [...this.#callers.values()];
    this.#callers.clear();
    await Promise.allSettled(callers.map((caller) => caller.leave()));
  }

  /** Ends what is left but the worker. */
  async close(): Promise<void> {
    await this.clear();
    this.#relay.close();
    await this.#server.stop();
  }

  async #dispatch(action: Extract<Action, { type: 'dispatch' }>): Promise<void> {
    const { behaviour, afterMs, withCaller } = action;
    const room = newRoom();
    if (withCaller) {
      this.#callers.set(room, await joinRoom(this.#server, { room, identity: 'caller' }));
    }
    const metadata = JSON.stringify({ behaviour, afterMs });
    await this.#dispatches.createDispatch(room, agentName, { metadata });
  }

  async #hangUp({ room }: Job): Promise<void> {
    const caller = this.#callers.get(room);
    this.#callers.delete(room);
    await (caller === undefined ? this.#rooms.deleteRoom(room) : caller.leave());
  }

  async #restart(signal: NodeJS.Signals): Promise<void> {
    const { ports, apiSecret } = this.#server;
    // In order it would wait for every participant to leave.
    if (signal === 'SIGTERM') await this.#server.stop({ graceMs: 500 });
    else {
      this.#server.kill(signal);
      await this.#server.exited;
    }
    this.#server = await launch(this.#binary, { ports, apiSecret });
  }

  #follow(line: LogLine): void {
    const { event, jobId, room, dispatchId, jobPid } = line as LogLine & Record<string, string>;
    if (event === 'job.started' && jobId !== undefined) {
      const [pid, identity] = [Number(jobPid), `agent-${jobId}`];
      this.#jobs.set(jobId, { room: room ?? '', dispatchId: dispatchId ?? '', identity, pid });
    }
    if (event === 'job.ended' && jobId !== undefined) this.#jobs.delete(jobId);
  }
}

function launch(
  binary: string,
  again: Partial<Pick<LiveKitServer, 'ports' | 'apiSecret'>> = {},
): Promise<LiveKitServer> {
  // A room closes 2 s after its last caller, not 20.
  const config = { room: { departure_timeout: 2 } };
  return startLiveKitServer({ binary, guard: testGuard(), config, ...again });
}
