/** The machines of a worker with everything real in them, and what a path may do to it. */
import type { AnyActor } from 'xstate';
import { jobProcessMachine } from '../../../machines/job-process/job-process.machine.ts';
import { jobMachine } from '../../../machines/job/job.machine.ts';
import { processPoolMachine } from '../../../machines/process-pool/process-pool.machine.ts';
import { registrationMachine } from '../../../machines/registration/registration.machine.ts';
import { workerMachine } from '../../../machines/worker/worker.machine.ts';
import { Acceptances } from '../../../src/acceptances.ts';
import { defineDecideRequest } from '../../../src/actors/decide-request.ts';
import { defineDeleteRoom, defineRemoveParticipant } from '../../../src/actors/room-service.ts';
import { defineSampleLoad } from '../../../src/actors/sample-load.ts';
import { defineSampleMemory } from '../../../src/actors/sample-memory.ts';
import { defineSignalSocket } from '../../../src/actors/signal-socket.ts';
import type { JobRequest } from '../../../src/job-request.ts';
import { limits as processLimits } from '../../machines/job-process/harness.ts';
import { limits as jobLimits } from '../../machines/job/harness.ts';
import { permissions } from '../../machines/registration/harness.ts';
import type { PathServer } from './gated-server.ts';
import type { Puppets } from './puppets.ts';
import { failable, type ManualClock } from './real-machine.ts';

/** What a worker of these paths is started with: one failure of a process is one too many. */
export const workerInput = {
  registrations: [{ key: 'greeter', agentName: 'greeter', jobType: 'room', deployment: '' }],
  version: '0.1.0',
  url: 'ws://own',
  permissions,
  maxRetry: 2,
  maxJobs: 2,
  loadThreshold: 0.7,
  numIdleProcesses: 1,
  maxStarting: 2,
  restartIntensity: 0,
  drainTimeoutMs: 3_600_000,
  jobLimits,
  processLimits,
} as const;

/** The world of one worker. */
export interface World {
  actor: AnyActor;
  clock: ManualClock;
  server: PathServer;
  requests: JobRequest[];
  load: { now: number; isBroken: boolean; samples: number };
}

/** The worker's machine; the ones below it fail when they are told to. */
export function compose(
  server: PathServer,
  puppets: Puppets,
  requests: JobRequest[],
  load: World['load'],
) {
  const { url, roomUrl, apiKey, apiSecret } = server;
  const rooms = { url: roomUrl, apiKey, apiSecret };
  const jobProcess = jobProcessMachine.provide({
    actors: { childProcess: puppets.logic(), sampleMemory: defineSampleMemory() },
  });
  const job = jobMachine.provide({
    actors: {
      decideRequest: defineDecideRequest({
        requestFunc: (request) => {
          requests.push(request);
          return new Promise(() => {});
        },
        requestTimeoutMs: 60_000,
        acceptances: new Acceptances(),
      }),
      removeParticipant: defineRemoveParticipant(rooms),
      deleteRoom: defineDeleteRoom(rooms),
    },
  });
  const registration = registrationMachine.provide({
    actors: { signalSocket: defineSignalSocket({ url, apiKey, apiSecret, workerToken: null }) },
  });
  const loadFunc = (): number => {
    load.samples += 1;
    if (!load.isBroken) return load.now;
    load.isBroken = false;
    throw new Error('no luck');
  };
  return workerMachine.provide({
    actors: {
      registration: failable(registration),
      job: failable(job),
      processPool: failable(processPoolMachine.provide({ actors: { jobProcess } })),
      sampleLoad: failable(defineSampleLoad({ loadFunc, periodMs: 5, loadSource: {} as never })),
    },
  });
}
