/** The endpoint `/agent`: who may connect, and what the connections of workers set off. */
import { ServerInfo, ServerInfo_Edition } from '@livekit/protocol';
import type { AgentNames } from './agent-names.ts';
import type { Faults } from './faults.ts';
import type { Refusal, UpgradeHandler } from './http-server.ts';
import { newId } from './ids.ts';
import { bearerOf, checkToken } from './tokens.ts';
import { WorkerConnection, type WorkerListener } from './worker-connection.ts';
import type { Workers, WorkersWorld } from './workers.ts';
import { WorkerError } from '../../errors.ts';

/** The version of LiveKit's server that this one plays. */
const playedVersion = '1.13.5';

/** What the endpoint needs. */
export interface AgentEndpointWorld extends WorkersWorld {
  faults: Faults;
  workers: Workers;
  names: AgentNames;
}

/** What a test can do to the connection of a worker. */
export interface WorkerFaults {
  /** Cuts it as the real server does: the worker sees code 1006. */
  cut: (cause: string) => void;
  /** Closes it in order, with a code. */
  close: (code: number) => void;
  /** Reads nothing from the worker for that long. */
  stall: (durationMs: number) => void;
  /** Sends a frame as it is: bytes as a binary one, a text as one of text. */
  sendRaw: (frame: Uint8Array | string) => void;
}

/** All connections of workers. */
export class AgentEndpoint {
  readonly #world: AgentEndpointWorld;
  readonly #connections = new Map<string, WorkerConnection>();
  readonly #serverInfo: ServerInfo;

  constructor(world: AgentEndpointWorld) {
    this.#world = world;
    this.#serverInfo = new ServerInfo({
      edition: ServerInfo_Edition.Standard,
      version: playedVersion,
      protocol: 17,
      nodeId: newId('ND', world.settings.random),
      agentProtocol: 1,
    });
  }

  /** Takes the upgrades of `/agent`. */
  readonly handler: UpgradeHandler = (request, url) => {
    const { upgrades } = this.#world.faults;
    if (upgrades === 'ignore') return 'ignore';
    if (upgrades !== 'accept') return this.#refuse({ status: upgrades, body: 'no' });
    const token = bearerOf(request, url) ?? { token: '' };
    if ('refusal' in token) return this.#refuse({ status: 401, body: token.refusal });
    if (token.token === '') return this.#refuse(noPermission);
    const check = checkToken(token.token, this.#world.settings.keys);
    if ('refusal' in check) return this.#refuse({ status: 401, body: check.refusal });
    if (check.claims.video?.agent !== true) return this.#refuse(noPermission);
    return (socket) => {
      const { settings, timers, faults, now, events } = this.#world;
      const { registerTimeoutMs, pingEveryMs } = settings;
      const id = newId('AW', settings.random);
      const own = { id, apiKey: check.apiKey, serverInfo: this.#serverInfo };
      const world = { ...own, timers, faults, now, registerTimeoutMs, pingEveryMs };
      this.#connections.set(id, new WorkerConnection(socket, world, this.#listener));
      events.emit({ type: 'worker.connected', workerId: id });
    };
  };

  /**
   * The connection of a worker that is still there.
   * @throws WorkerError `GR_WORKER_STATE` when it is not.
   */
  worker(workerId: string): WorkerFaults {
    const found = this.#connections.get(workerId);
    if (found !== undefined) return found;
    const known = [...this.#connections.keys()].join(', ') || 'nobody';
    throw new WorkerError(
      'GR_WORKER_STATE',
      `No worker ${JSON.stringify(workerId)} is connected to the embedded server. Connected: ${known}.`,
    );
  }

  readonly #listener: WorkerListener = {
    registered: (worker) => {
      const { events, workers, names } = this.#world;
      if (workers.add(worker)) names.forget();
      if (worker.key !== null)
        events.emit({ type: 'worker.registered', workerId: worker.id, ...worker.key });
    },
    statusChanged: ({ id, isFull, load }) => {
      this.#world.events.emit({ type: 'worker.status', workerId: id, isFull, load });
    },
    jobUpdated: (worker, { jobId, status, error }) => {
      this.#world.workers.update(worker, jobId, status);
      this.#world.events.emit({ type: 'job.updated', jobId, workerId: worker.id, status, error });
    },
    jobSimulated: (worker, request) => void this.#world.workers.simulate(worker, request),
    migrated: ({ id }, jobIds) => {
      this.#world.events.emit({ type: 'worker.migrated', workerId: id, jobIds });
    },
    gone: (worker, cause) => {
      this.#connections.delete(worker.id);
      this.#world.workers.remove(worker);
      this.#world.events.emit({ type: 'worker.gone', workerId: worker.id, cause });
    },
  };

  #refuse(refusal: Refusal): Refusal {
    this.#world.events.emit({ type: 'worker.refused', ...refusal });
    return refusal;
  }
}

const noPermission: Refusal = { status: 401, body: 'no permissions to access the room' };
