/** What the HTTP endpoints say, read from a snapshot. */
import type { SnapshotFrom } from 'xstate';
import type { workerMachine } from '../machines/worker/worker.machine.ts';
import { version } from './version.ts';
import type { ShownOptions } from './worker-options.ts';

/** A snapshot of the worker machine. */
export type WorkerSnapshot = SnapshotFrom<typeof workerMachine>;

/** Whether the worker can do its job. */
export interface Health {
  ok: boolean;
  /** Why not; empty when it can. */
  reason: string;
}

/** What `GET /worker` shows; the names are those of `@livekit/agents`. */
export interface WorkerInfo {
  agent_name: string;
  agent_name_is_env: boolean;
  deployment: string;
  worker_type: string;
  active_jobs: number;
  worker_load: number;
  sdk_version: string;
  project_type: 'nodejs';
  protocol_version: 1;
}

const jobTypes = { room: 'JT_ROOM', publisher: 'JT_PUBLISHER', participant: 'JT_PARTICIPANT' };

/** Healthy: connected, with job processes that work. A worker that drains is healthy. */
export function workerHealth(snapshot: WorkerSnapshot): Health {
  const { context } = snapshot;
  if (
    snapshot.matches({ starting: 'unavailable' }) ||
    snapshot.matches({ running: 'unavailable' })
  ) {
    return { ok: false, reason: 'job processes fail to start' };
  }
  if (snapshot.matches('starting')) return { ok: false, reason: 'starting' };
  const isConnected = Object.values(context.entries).some((entry) => entry.workerId !== '');
  if (snapshot.status !== 'active' || !isConnected) {
    return { ok: false, reason: 'not connected to livekit' };
  }
  return { ok: true, reason: '' };
}

/** The worker in a few words, for LiveKit's own tools. */
export function workerInfo(options: ShownOptions, snapshot: WorkerSnapshot): WorkerInfo {
  const [registration] = options.registrations;
  return {
    agent_name: registration?.agentName ?? '',
    agent_name_is_env: options.agentNameIsEnv,
    deployment: registration?.deployment ?? '',
    worker_type: jobTypes[registration?.jobType ?? 'room'],
    active_jobs: Object.keys(snapshot.context.slots).length,
    worker_load: snapshot.context.load,
    sdk_version: version,
    project_type: 'nodejs',
    protocol_version: 1,
  };
}
