/** The only place where the machines meet the world: options in, a worker machine with real actors and its input out. */
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import { jobProcessMachine } from '../machines/job-process/job-process.machine.ts';
import { jobMachine } from '../machines/job/job.machine.ts';
import { processPoolMachine } from '../machines/process-pool/process-pool.machine.ts';
import { registrationMachine } from '../machines/registration/registration.machine.ts';
import { workerMachine } from '../machines/worker/worker.machine.ts';
import type { WorkerInput } from '../machines/worker/worker.types.ts';
import type { Acceptances } from './acceptances.ts';
import {
  type ChildProcessDependencies,
  type InspectionLinks,
  defineChildProcess,
} from './actors/child-process.ts';
import { defineDecideRequest } from './actors/decide-request.ts';
import { defineDeleteRoom, defineRemoveParticipant } from './actors/room-service.ts';
import { defineSampleLoad } from './actors/sample-load.ts';
import { defineSampleMemory } from './actors/sample-memory.ts';
import { defineSignalSocket } from './actors/signal-socket.ts';
import { codeCacheEnvironment } from './code-cache-folder.ts';
import { type InitializeMessage, LINK_VERSION, type SessionLimits } from './ipc/messages.ts';
import { jobEnvironment } from './job-environment.ts';
import { type ProcessRegistry, signalGroup } from './processes/registry.ts';
import type { StandIns } from './stand-ins.ts';
import { version } from './version.ts';
import type { LoadSource, ResolvedOptions } from './worker-options.ts';

/** What the composition needs beside the options. */
export interface Surroundings {
  logger: Logger;
  registry: ProcessRegistry;
  acceptances: Acceptances;
  loadSource: LoadSource;
  standIns: StandIns;
  /** For the inspector; `null` when nobody can watch. */
  inspection: InspectionLinks | null;
}

/** Failures of job processes within a minute before the worker takes no jobs. */
const RESTART_INTENSITY = 3;

/** The session's budget plus this is when the worker stops waiting for a process: link, exit and a pending connect. */
const CLOSE_MARGIN_MS = 5_000;

/** Shorter than the 30 s after which the sentinel kills. */
const ORPHAN_CLOSE_MS = 20_000;

/** The worker machine with every placeholder filled in. */
export function composeWorker(options: ResolvedOptions, surroundings: Surroundings) {
  const { logger, acceptances, loadSource, standIns } = surroundings;
  const { url, apiKey, apiSecret, workerToken, requestFunc, loadFunc } = options;
  const server = { url, apiKey, apiSecret };

  const registration = registrationMachine.provide({
    actors: {
      signalSocket: defineSignalSocket({
        ...server,
        workerToken,
        onUnsendable: (error, { type }) =>
          logger.error({ err: error, message: type }, 'a message could not be encoded'),
      }),
    },
  });
  const processes = childProcessDependencies(options, surroundings);
  const jobProcess = jobProcessMachine.provide({
    actors: {
      childProcess: defineChildProcess({ ...processes, ...standIns.processes?.(processes) }),
      sampleMemory: standIns.sampleMemory ?? defineSampleMemory(),
    },
  });
  const job = jobMachine.provide({
    actors: {
      decideRequest: defineDecideRequest({
        requestFunc,
        requestTimeoutMs: options.requestTimeoutMs,
        acceptances,
        onLateError: (error, { id }) =>
          logger.error({ jobId: id, err: error }, 'requestFunc failed after its answer'),
      }),
      removeParticipant: defineRemoveParticipant(server),
      deleteRoom: defineDeleteRoom(server),
    },
  });
  return workerMachine.provide({
    actors: {
      registration,
      job,
      processPool: processPoolMachine.provide({ actors: { jobProcess } }),
      sampleLoad: defineSampleLoad({ loadFunc, loadSource }),
    },
  });
}

/** What the worker machine is started with. */
export function workerInput(options: ResolvedOptions): WorkerInput {
  return {
    registrations: options.registrations,
    version,
    url: options.url,
    permissions: options.permissions,
    maxRetry: options.maxRetry,
    maxJobs: options.maxJobs,
    loadThreshold: options.loadThreshold,
    numIdleProcesses: options.numIdleProcesses,
    maxStarting: availableParallelism(),
    restartIntensity: RESTART_INTENSITY,
    drainTimeoutMs: options.drainTimeoutMs,
    jobLimits: {
      requestTimeoutMs: options.requestTimeoutMs,
      assignmentTimeoutMs: options.assignmentTimeoutMs,
      closeTimeoutMs: options.shutdownTimeoutMs + CLOSE_MARGIN_MS,
    },
    processLimits: {
      initializeTimeoutMs: options.initializeTimeoutMs,
      unresponsiveTimeoutMs: options.unresponsiveTimeoutMs,
      memoryWarnBytes: options.jobMemoryWarnMB * 1_000_000,
      memoryLimitBytes: options.jobMemoryLimitMB * 1_000_000,
    },
  };
}

function childProcessDependencies(
  options: ResolvedOptions,
  { logger, registry, inspection }: Surroundings,
): ChildProcessDependencies {
  const { credentials, apiKey, apiSecret } = options;
  return {
    main: jobProcessMain(),
    initialize: initializeMessage(options),
    credentials: credentials === 'share' ? { apiKey, apiSecret } : null,
    env: { ...jobEnvironment(process.env, options), ...codeCacheEnvironment(options) },
    execArgv: jobExecArgv(process.execArgv),
    fork: (main, forkOptions) => fork(main, [], forkOptions),
    registry,
    inspection,
    signalGroup,
    onUnknownMessage: (id, { shown, isLast }) =>
      logger.warn(
        { process: id, received: shown },
        `unknown message of a job process${isLast ? '; further ones are not told' : ''}`,
      ),
  };
}

function initializeMessage(options: ResolvedOptions): InitializeMessage {
  return {
    type: 'initialize',
    version: LINK_VERSION,
    agent: options.agent,
    log: { level: options.logLevel, pretty: options.logFormat === 'pretty' },
    limits: sessionLimits(options),
    announce: options.announce,
    quickConnect: options.quickConnect,
    rehearse: options.rehearse,
  };
}

function sessionLimits(options: ResolvedOptions): SessionLimits {
  const totalMs = options.shutdownTimeoutMs;
  return {
    totalMs,
    entryGraceMs: Math.min(options.entryGraceTimeoutMs, totalMs),
    sessionEndMs: Math.min(options.sessionEndTimeoutMs, totalMs),
    reportMs: 2_000,
    leaveMs: 5_000,
    callbacksMs: totalMs,
    flushMs: 2_000,
    disposeMs: 2_000,
    terminationMs: 1_000,
    unconnectedWarnMs: 10_000,
    orphanMs: Math.min(ORPHAN_CLOSE_MS, totalMs),
  };
}

/** Built as one file; from the sources, under a loader for TypeScript, as it is. */
function jobProcessMain(): string {
  const main = import.meta.url.endsWith('.ts') ? './child/main.ts' : './job-bundle/main.cjs';
  return fileURLToPath(new URL(main, import.meta.url));
}

/**
 * Loaders such as tsx go along, and flags of V8; a debugger's port can be had only once. The condition makes the package a
 * lighter one: see `index-in-job.ts`.
 */
function jobExecArgv(execArgv: string[]): string[] {
  const inherited = execArgv.filter((argument) => !argument.startsWith('--inspect'));
  return [...inherited, '--conditions=greenroom-job'];
}
