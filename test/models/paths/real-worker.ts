/** A worker on its real actors, and what makes them tell it something. */
import { Job, JobAssignment, JobTermination, AvailabilityRequest } from '@livekit/protocol';
import { type AnyActor, type AnyMachineSnapshot, type InspectionEvent, waitFor } from 'xstate';
import type { Sut } from '../../../src/testing/model/index.ts';
import type { GatedServer } from './gated-server.ts';
import { failure, puppetExits, puppetSays, reports, warm } from './puppets.ts';
import { childOf, failChild, type Happenings, realMachine, Witness } from './real-machine.ts';
import {
  answerPings,
  endWorld,
  patience,
  processesOf,
  register,
  requestOf,
  startWorld,
  stateOf,
  until,
  warmingProcess,
  type World,
} from './worker-world.ts';

/** Starts a worker in a world of its own. */
export function startRealWorker(
  inspect: (event: InspectionEvent) => void,
  server: GatedServer,
): Sut {
  const witness = new Witness();
  const world = startWorld((event) => {
    inspect(event);
    witness.inspect(event);
  }, server);
  const { actor, clock } = world;
  witness.actor = actor;
  actor.start();
  const stop = () => endWorld(world);
  return realMachine({ witness, actor, clock, happenings: happenings(world), stop });
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
    new Job({ id: server.idOf((event['job'] as { id: string }).id) });
  let isAsked = false;
  return {
    'registration.registered': () => register(world),
    'registration.lost': () => server.drop(),
    'registration.statusRead': () => answerPings(world),
    'registration.jobStatusRead': () => endSession(world),
    'registration.jobRequested': async (event) => {
      const value = new AvailabilityRequest({ job: jobOf(event) });
      if (isAsked) await server.sayAtFault({ case: 'availability', value });
      else await server.say('availability');
      isAsked = true;
    },
    'registration.jobAssigned': (event) => {
      const value = new JobAssignment({ job: jobOf(event), token: 't' });
      return server.sayAtFault({ case: 'assignment', value });
    },
    'registration.jobTerminated': ({ jobId }) => {
      const value = new JobTermination({ jobId: String(jobId) });
      return server.sayAtFault({ case: 'termination', value });
    },
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
  const { actor, server } = world;
  const job = childOf(actor, 'job.1');
  const request = await requestOf(world);
  request.accept().catch(() => undefined);
  await until(job, /accepted/);
  await server.say('assignment');
  await until(job, /launching/);
  const process = processesOf(world).find((one) => stateOf(one).includes('launched'))!;
  for (const type of ['session.started', 'session.connecting']) puppetSays(process, { type });
  await until(job, /connecting/);
}

/** The session tells how it ended, and the server has read that. */
async function endSession(world: World): Promise<void> {
  const job = childOf(world.actor, 'job.1');
  const process = processesOf(world).find((one) => stateOf(one).includes('launched'))!;
  for (const type of ['session.closing', 'session.outcome'] as const) {
    puppetSays(process, { type, ...reports[type][0] });
  }
  await until(job, /reporting/);
  await answerPings(world);
}

/** The user rejects it, or its process is gone and its participant is put out of the room. */
async function endJob(world: World): Promise<void> {
  const { actor, server } = world;
  const job = childOf(actor, 'job.1');
  if (stateOf(job).includes('deciding')) {
    void (await requestOf(world)).reject();
    return;
  }
  server.answerCalls();
  if (isAlive(actor, 'pool')) for (const process of processesOf(world)) puppetExits(process, 3);
  await answerPings(world);
}
