/** A worker on its real actors, and what makes them tell it something. */
import {
  AvailabilityRequest,
  Job,
  JobAssignment,
  JobTermination,
  RegisterWorkerResponse,
  WorkerPong,
} from '@livekit/protocol';
import {
  type AnyActor,
  type AnyMachineSnapshot,
  createActor,
  type InspectionEvent,
  waitFor,
} from 'xstate';
import type { RegistrationCommand } from '../../../machines/registration/registration.types.ts';
import type { JobRequest } from '../../../src/job-request.ts';
import type { Sut } from '../../../src/testing/model/index.ts';
import type { PathServer } from './gated-server.ts';
import { compose, type World, workerInput } from './worker-world.ts';
import { failure, puppetExits, Puppets, puppetSays, warm } from './puppets.ts';
import { failChild, type Happenings, ManualClock, realMachine, Witness } from './real-machine.ts';

export { workerInput } from './worker-world.ts';

const patience = { timeout: 5_000 };

/** Starts a worker in a world of its own. */
export function startRealWorker(
  inspect: (event: InspectionEvent) => void,
  server: PathServer,
): Sut {
  const witness = new Witness();
  const clock = new ManualClock();
  const puppets = new Puppets();
  const requests: JobRequest[] = [];
  const load = { now: 0, isBroken: false, samples: 0 };
  const [own] = workerInput.registrations;
  const actor: AnyActor = createActor(compose(server, puppets, requests, load), {
    clock,
    input: { ...workerInput, registrations: [{ ...own, agentName: server.agentName }] },
    inspect: (event) => {
      inspect(event);
      witness.inspect(event);
    },
  });
  witness.actor = actor;
  actor.subscribe({ error: () => undefined });
  actor.start();
  return realMachine({
    witness,
    actor,
    clock,
    happenings: happenings({ actor, clock, server, requests, load }),
    stop: async () => {
      await puppets.end();
      await server.stop();
    },
  });
}

function happenings(world: World): Happenings {
  const { actor, load } = world;
  return {
    ...serverHappenings(world),
    ...poolHappenings(world),
    'load.sampled': async ({ load: now }) => {
      load.now = Number(now);
      // It is sampled all the time: when the second one from now is taken, the worker has heard of the first.
      const wanted = load.samples + 2;
      const isHeard = ({ context }: AnyMachineSnapshot) =>
        context.load === now && load.samples >= wanted;
      await waitFor(actor, isHeard, patience);
    },
    'load.failed': () => {
      load.isBroken = true;
    },
    'job.phaseChanged': () => launch(world),
    'xstate.done.actor.job.1': () => endJob(world),
    'xstate.error.actor.job.1': () => failChild(actor, 'job.1'),
    'xstate.error.actor.registration.1': () => failChild(actor, 'registration.1'),
    'xstate.error.actor.pool': () => failChild(actor, 'pool'),
    'xstate.error.actor.load': () => failChild(actor, 'load'),
  };
}

function serverHappenings(world: World): Happenings {
  const { server } = world;
  const jobOf = (event: Record<string, unknown>) =>
    new Job({ id: (event['job'] as { id: string }).id });
  return {
    'registration.registered': () => register(world),
    'registration.lost': () => server.drop(),
    'registration.statusRead': () => answerPings(world),
    'registration.jobStatusRead': ({ jobId }) => reportStatus(world, String(jobId)),
    'registration.jobRequested': (event) =>
      server.say({ case: 'availability', value: new AvailabilityRequest({ job: jobOf(event) }) }),
    'registration.jobAssigned': (event) =>
      server.say({
        case: 'assignment',
        value: new JobAssignment({ job: jobOf(event), token: 't' }),
      }),
    'registration.jobTerminated': ({ jobId }) =>
      server.say({ case: 'termination', value: new JobTermination({ jobId: String(jobId) }) }),
    'xstate.done.actor.registration.1': () => endRegistration(world),
  };
}

function poolHappenings(world: World): Happenings {
  return {
    'pool.ready': () => puppetSays(warmingProcess(world), warm),
    'pool.failing': () => failProcess(world),
    'pool.recovered': () => recover(world),
    'xstate.done.actor.pool': () => endPool(world),
  };
}

function isAlive(actor: AnyActor, id: string): boolean {
  const child = (actor.getSnapshot() as AnyMachineSnapshot).children[id] as AnyActor | undefined;
  return child?.getSnapshot().status === 'active';
}

function childOf(actor: AnyActor, id: string): AnyActor {
  const child = (actor.getSnapshot() as AnyMachineSnapshot).children[id];
  if (child === undefined) throw new Error(`${actor.id} has no child ${id}.`);
  return child as AnyActor;
}

const stateOf = (actor: AnyActor): string =>
  JSON.stringify((actor.getSnapshot() as AnyMachineSnapshot).value);

async function until(actor: AnyActor, state: RegExp): Promise<void> {
  await waitFor(actor, () => state.test(stateOf(actor)), patience);
}

async function register({ actor, clock, server }: World): Promise<void> {
  const registration = childOf(actor, 'registration.1');
  if (stateOf(registration).includes('waiting')) {
    clock.fire(registration, 'xstate.after.retryDelay.registration.waiting');
  }
  await server.accept();
  await until(registration, /registering/);
  await server.say({ case: 'register', value: new RegisterWorkerResponse({ workerId: 'AW_1' }) });
}

/** As a job of an earlier connection does: nobody is left who could read it. */
function reportStatus({ actor }: World, jobId: string): void {
  const report: RegistrationCommand = {
    type: 'job.statusReported',
    jobId,
    workerId: 'AW_0',
    status: 'failed',
    error: '',
  };
  childOf(actor, 'registration.1').send(report);
}

/** The server answers every ping that it has got. */
async function answerPings({ actor, server }: World): Promise<void> {
  const { context } = childOf(actor, 'registration.1').getSnapshot() as AnyMachineSnapshot;
  const { length } = context.pings as readonly unknown[];
  for (let ping = 0; ping < length; ping += 1) {
    await server.say({ case: 'pong', value: new WorkerPong() });
  }
}

/** It is refused for good, or tries as often as it may. */
async function endRegistration({ actor, clock, server }: World): Promise<void> {
  const registration = childOf(actor, 'registration.1');
  if (stateOf(registration).includes('closing')) return;
  if (/connecting/.test(stateOf(registration)) && !isKnown(registration)) return server.refuse(401);
  for (let tries = 0; registration.getSnapshot().status === 'active' && tries < 5; tries += 1) {
    if (stateOf(registration).includes('waiting')) {
      clock.fire(registration, 'xstate.after.retryDelay.registration.waiting');
    }
    await server.drop();
    await until(registration, /waiting|failed/);
  }
}

function isKnown(registration: AnyActor): boolean {
  return (registration.getSnapshot() as AnyMachineSnapshot).context.everRegistered === true;
}

function processesOf({ actor }: World): AnyActor[] {
  const pool = childOf(actor, 'pool');
  const { children } = pool.getSnapshot() as AnyMachineSnapshot;
  return Object.values<AnyActor>(children);
}

function warmingProcess(world: World): AnyActor {
  const found = processesOf(world).find((process) => stateOf(process).includes('"warming"'));
  if (found === undefined) throw new Error('No job process warms up.');
  return found;
}

/** A process that warms up says that it cannot; one that waits dies. */
function failProcess(world: World): void {
  const [process] = processesOf(world);
  if (process === undefined) throw new Error('There is no job process.');
  if (!stateOf(process).includes('"warming"')) puppetExits(process, 3);
  else puppetSays(process, { type: 'warmupFailed', failure, fatal: false });
}

async function recover(world: World): Promise<void> {
  const pool = childOf(world.actor, 'pool');
  if (stateOf(pool).includes('resting')) {
    world.clock.fire(pool, 'xstate.after.slowRestartDelay.processPool.failing.resting');
  }
  const process = warmingProcess(world);
  await until(process, /warming/);
  puppetSays(process, warm);
}

/** In order, or for good when the agent can never work. */
function endPool(world: World): void {
  const pool = childOf(world.actor, 'pool');
  if (stateOf(pool).includes('proving')) {
    puppetSays(warmingProcess(world), { type: 'warmupFailed', failure, fatal: true });
  }
  for (const process of processesOf(world)) puppetExits(process, 3);
}

/** The job is accepted and assigned, and its agent is on its way into the room. */
async function launch(world: World): Promise<void> {
  const { actor, server, requests } = world;
  const job = childOf(actor, 'job.1');
  requests[0]?.accept().catch(() => undefined);
  await until(job, /accepted/);
  const value = new JobAssignment({ job: new Job({ id: 'AJ_1' }), token: 't' });
  await server.say({ case: 'assignment', value });
  await until(job, /launching/);
  const process = processesOf(world).find((one) => stateOf(one).includes('launched'))!;
  for (const type of ['session.started', 'session.connecting']) puppetSays(process, { type });
  await until(job, /connecting/);
}

/** The user rejects it, or its process is gone and its participant is put out of the room. */
async function endJob(world: World): Promise<void> {
  const { actor, requests, server } = world;
  const job = childOf(actor, 'job.1');
  if (stateOf(job).includes('deciding')) {
    void requests[0]?.reject();
    return;
  }
  server.answerCalls();
  if (isAlive(actor, 'pool')) for (const process of processesOf(world)) puppetExits(process, 3);
  await answerPings(world);
}
