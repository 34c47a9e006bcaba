/** The machines of a worker with everything real in them, and what a path may do to it. */
import {
  type AnyActor,
  type AnyMachineSnapshot,
  createActor,
  type InspectionEvent,
  waitFor,
} from 'xstate';
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
import { Recorder } from '../../support/recorder.mjs';
import { limits as processLimits } from '../../machines/job-process/harness.ts';
import { limits as jobLimits } from '../../machines/job/harness.ts';
import { permissions } from '../../machines/registration/harness.ts';
import type { GatedServer } from './gated-server.ts';
import { Puppets } from './puppets.ts';
import { childOf, failable, ManualClock } from './real-machine.ts';

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
  server: GatedServer;
  puppets: Puppets;
  requests: Recorder<JobRequest>;
  load: { now: number; isBroken: boolean; samples: number };
}

/** Real sockets and processes answer within milliseconds; a busy machine gets this. */
export const patience = { timeout: 5_000 };

/** Starts a worker in a world of its own. */
export function startWorld(inspect: (event: InspectionEvent) => void, server: GatedServer): World {
  const world = {
    clock: new ManualClock(),
    server,
    puppets: new Puppets(),
    requests: new Recorder<JobRequest>(),
    load: { now: 0, isBroken: false, samples: 0 },
  };
  const [own] = workerInput.registrations;
  const actor: AnyActor = createActor(compose(world), {
    clock: world.clock,
    input: { ...workerInput, registrations: [{ ...own, agentName: server.agentName }] },
    inspect,
  });
  actor.subscribe({ error: () => undefined });
  return { ...world, actor };
}

/** The worker's machine; the ones below it fail when they are told to. */
function compose({ server, puppets, requests, load }: Omit<World, 'actor'>) {
  const { url, apiKey, apiSecret } = server;
  // It is the path that says how long a call takes.
  const rooms = { url, apiKey, apiSecret, timeoutMs: 60_000 };
  const jobProcess = jobProcessMachine.provide({
    actors: { childProcess: puppets.logic(), sampleMemory: defineSampleMemory() },
  });
  const decideRequest = defineDecideRequest({
    requestFunc: (request) => {
      requests.add(request);
      return new Promise(() => {});
    },
    requestTimeoutMs: 60_000,
    acceptances: new Acceptances(),
  });
  const job = jobMachine.provide({
    actors: {
      decideRequest: failable(decideRequest),
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

/** Its processes go first: their actors are to hear of it. */
export async function endWorld({ actor, puppets, server }: World): Promise<void> {
  await puppets.end();
  await server.stop();
  actor.stop();
}

/** Where an actor is, as text. */
export const stateOf = (actor: AnyActor): string =>
  JSON.stringify((actor.getSnapshot() as AnyMachineSnapshot).value);

/** Resolves once an actor is there. */
export async function until(actor: AnyActor, state: RegExp): Promise<void> {
  await waitFor(actor, () => state.test(stateOf(actor)), patience);
}

/** The server knows the worker, on the first connection or on the next one. */
export async function register({ actor, clock, server }: World): Promise<void> {
  const registration = childOf(actor, 'registration.1');
  if (stateOf(registration).includes('waiting')) {
    clock.fire(registration, 'xstate.after.retryDelay.registration.waiting');
  }
  await server.accept();
  await until(registration, /registering/);
  await server.say('register');
}

/** The server answers every ping that it has got. */
export async function answerPings({ actor, server }: World): Promise<void> {
  const { context } = childOf(actor, 'registration.1').getSnapshot() as AnyMachineSnapshot;
  const { length } = context.pings as readonly unknown[];
  for (let ping = 0; ping < length; ping += 1) await server.say('pong');
}

/** What `requestFunc` is asked, as soon as it is. */
export function requestOf({ requests }: World): Promise<JobRequest> {
  return requests.waitFor('A call of requestFunc', () => true);
}

/** The job processes of the worker. */
export function processesOf({ actor }: Pick<World, 'actor'>): AnyActor[] {
  const { children } = childOf(actor, 'pool').getSnapshot() as AnyMachineSnapshot;
  return Object.values<AnyActor>(children);
}

/** A job process that warms up. */
export function warmingProcess(world: World): AnyActor {
  const found = processesOf(world).find((process) => stateOf(process).includes('"warming"'));
  if (found === undefined) throw new Error('No job process warms up.');
  return found;
}
