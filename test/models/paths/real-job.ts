/** A job of a real worker, and what makes its neighbours tell it something. */
import { JobTermination } from '@livekit/protocol';
import {
  type AnyActor,
  type AnyMachineSnapshot,
  type EventObject,
  type InspectionEvent,
  waitFor,
} from 'xstate';
import { jobMachine } from '../../../machines/job/job.machine.ts';
import type { JobContext } from '../../../machines/job/job.types.ts';
import { openToken } from '../../../src/token-seal.ts';
import { statesOf } from '../../../src/testing/model/machine-parts.ts';
import type { Sut } from '../../../src/testing/model/index.ts';
import type { GatedServer } from './gated-server.ts';
import { failure, puppetExits, puppetSays, reports, warm } from './puppets.ts';
import { childOf, failChild, type Happenings, realMachine, Witness } from './real-machine.ts';
import {
  answerPings,
  endWorld,
  patience,
  register,
  requestOf,
  startWorld,
  stateOf,
  until,
  warmingProcess,
  type World,
} from './worker-world.ts';

/** The id that XState gives to an invoke without one. */
function invokeOf(src: string): string {
  const invokes = statesOf(jobMachine.root).flatMap(({ invoke }) => invoke);
  return invokes.find((one) => one.src === src)!.id;
}

/** The calls that a job invokes. */
export const deciding = invokeOf('decideRequest');
export const removing = invokeOf('removeParticipant');

/** Starts a worker, which the server offers a job before it has read that none is wanted yet: all processes warm up. */
export async function startRealJob(
  inspect: (event: InspectionEvent) => void,
  server: GatedServer,
): Promise<Sut> {
  const witness = new Witness();
  const world = startWorld((event) => {
    inspect(event);
    witness.inspect(event);
  }, server);
  const { actor: worker, clock } = world;
  worker.start();
  await register(world);
  await server.say('availability');
  const hasJob = ({ children }: AnyMachineSnapshot) => children['job.1'] !== undefined;
  await waitFor(worker, hasJob, patience);
  const job = childOf(worker, 'job.1');
  witness.actor = job;
  return realMachine({
    witness,
    actor: job,
    clock,
    happenings: {
      ...sessionHappenings(world, job),
      ...poolHappenings(world, job),
      ...serverHappenings(world, job),
      'job.deletionTimedOut': () => clock.fire(job, 'job.deletionTimedOut'),
      [`xstate.done.actor.${deciding}`]: async ({ output }) => {
        const request = await requestOf(world);
        if ((output as { type: string }).type === 'reject') void request.reject();
        else request.accept().catch(() => undefined);
      },
      [`xstate.error.actor.${deciding}`]: () => failChild(job, deciding),
      'worker.draining': () => worker.send({ type: 'worker.drain' }),
      'worker.resumed': () => worker.send({ type: 'worker.resume' }),
      'job.close': () => worker.send({ type: 'worker.close', cause: 'order' } as EventObject),
    },
    stop: () => endWorld(world),
  });
}

const contextOf = (job: AnyActor) =>
  (job.getSnapshot() as AnyMachineSnapshot).context as JobContext;
const processOf = ({ actor }: World, job: AnyActor): AnyActor =>
  childOf(childOf(actor, 'pool'), contextOf(job).process);

function sessionHappenings(world: World, job: AnyActor): Happenings {
  return {
    ...Object.fromEntries(
      Object.keys(reports).map((type) => [
        type,
        (event: object) => puppetSays(processOf(world, job), event),
      ]),
    ),
    'session.started': async (event) => {
      await warmUp(world, job);
      puppetSays(processOf(world, job), event);
    },
    'session.connecting': (event) => {
      world.server.letAgentJoin(openToken(contextOf(job).token));
      puppetSays(processOf(world, job), event);
    },
  };
}

/** Its process gets warm, unless it was when it was claimed. */
async function warmUp(world: World, job: AnyActor): Promise<void> {
  const process = processOf(world, job);
  if (!stateOf(process).includes('"warming"')) return;
  puppetSays(process, warm);
  await until(process, /"(warm|launched)"/);
}

function poolHappenings(world: World, job: AnyActor): Happenings {
  const pool = childOf(world.actor, 'pool');
  const isProving = () => stateOf(pool).includes('proving');
  const failed = { type: 'warmupFailed', failure, fatal: false };
  return {
    // After the first process of the worker, the pool answers by itself.
    'pool.claimed': () => {
      if (isProving()) puppetSays(warmingProcess(world), warm);
    },
    'pool.refused': () => {
      if (isProving()) puppetSays(warmingProcess(world), failed);
    },
    // It comes with the claim.
    'process.spawned': () => {},
    'process.exited': async (event) => {
      const process = processOf(world, job);
      if (event['poolFails'] === true) {
        puppetSays(warmingProcess(world), failed);
        await until(pool, /failing/);
      }
      if (event['cause'] === null) await warmUp(world, job);
      if (event['code'] === null) globalThis.process.kill(Number(contextOf(job).pid), 'SIGKILL');
      else puppetExits(process, Number(event['code']));
    },
  };
}

function serverHappenings(world: World, job: AnyActor): Happenings {
  const { server } = world;
  return {
    'server.jobAssigned': () => server.say('assignment'),
    'server.jobTerminated': () => {
      if (!stateOf(job).includes('accepted')) return server.say('termination');
      const value = new JobTermination({ jobId: server.idOf('AJ_1') });
      return server.sayAtFault({ case: 'termination', value });
    },
    'server.statusRead': () => answerPings(world),
    'registration.lost': () => server.drop(),
    'xstate.done.actor.deleteRoom': () => server.answerCall('DeleteRoom'),
    'xstate.error.actor.deleteRoom': () => server.failCall('DeleteRoom'),
    [`xstate.done.actor.${removing}`]: async () => {
      await server.answerCall('RemoveParticipant');
      if (server.identities.length > 0) throw new Error('The dead agent is still in the room.');
    },
    [`xstate.error.actor.${removing}`]: () => server.failCall('RemoveParticipant'),
  };
}
