/** The job with the user's `requestFunc` and real calls of the room API; the pool and its process are other machines. */
import { type AnyActor, type AnyMachineSnapshot, createActor } from 'xstate';
import type { ProcessCommand } from '../../../machines/job-process/job-process.types.ts';
import { jobMachine } from '../../../machines/job/job.machine.ts';
import type { JobReport } from '../../../machines/job/job.types.ts';
import type { PoolCommand } from '../../../machines/process-pool/process-pool.types.ts';
import type { RegistrationCommand } from '../../../machines/registration/registration.types.ts';
import { Acceptances } from '../../../src/acceptances.ts';
import { defineDecideRequest } from '../../../src/actors/decide-request.ts';
import { defineDeleteRoom, defineRemoveParticipant } from '../../../src/actors/room-service.ts';
import { statesOf } from '../../../src/testing/model/machine-parts.ts';
import type { JobRequest } from '../../../src/job-request.ts';
import { listener, makeJob } from '../../machines/fakes.ts';
import { accepted, crash, exit, limits } from '../../machines/job/harness.ts';
import type { Proof } from './proof.ts';
import { reports } from './puppets.ts';
import {
  failable,
  failChild,
  type Happenings,
  ManualClock,
  realMachine,
  Witness,
} from './real-machine.ts';
import { RoomService } from './room-service.ts';

const input = {
  slot: 'job.1',
  job: makeJob(),
  workerId: 'AW_1',
  url: 'ws://own',
  limits,
  registration: listener<RegistrationCommand>().ref,
  pool: listener<PoolCommand>().ref,
  parent: listener<JobReport>().ref,
};
const processRef = listener<ProcessCommand>().ref;
const deciding = invokeOf('decideRequest');
const removing = invokeOf('removeParticipant');
const rejected = { type: 'reject', terminate: false, reason: 'rejected', detail: '' };
const bug = [{ error: new Error('a bug in this actor') }];

/** The id that XState gives to an invoke without one. */
function invokeOf(src: string): string {
  const invokes = statesOf(jobMachine.root).flatMap(({ invoke }) => invoke);
  return invokes.find((one) => one.src === src)!.id;
}

/** One place is enough to show what a deletion does: it may come anywhere, and any number of times. */
function whileUnconnected(cases: Record<string, unknown>[]) {
  return ({ value, context }: AnyMachineSnapshot) => {
    const isHere = JSON.stringify(value) === '{"running":"unconnected"}';
    return isHere && context.closeReason === null && context.drain === null ? cases : [];
  };
}

const ifDeleting = (cases: Record<string, unknown>[]) => (snapshot: AnyMachineSnapshot) =>
  snapshot.context.deletions.length > 0 ? cases : [];

/** What a job is proven with. */
export const job: Proof = {
  name: 'job',
  machine: jobMachine,
  world:
    '`requestFunc`, and calls of the room API to a server on loopback; pool, process and registration are played.',
  doubles: [
    `\`xstate.error.actor.${deciding}\`: what \`requestFunc\` throws is a rejection already`,
  ],
  inputs: [input],
  events: {
    ...reports,
    'session.deleteRoom': whileUnconnected([{ id: 1 }]),
    'job.deletionTimedOut': ifDeleting([{}]),
    'xstate.done.actor.deleteRoom': ifDeleting([{}]),
    'xstate.error.actor.deleteRoom': ifDeleting([{ error: new Error('no luck') }]),
    [`xstate.done.actor.${deciding}`]: [{ output: accepted }, { output: rejected }],
    [`xstate.error.actor.${deciding}`]: bug,
    [`xstate.done.actor.${removing}`]: [{}],
    [`xstate.error.actor.${removing}`]: [{ error: new Error('no luck') }],
    'pool.claimed': [{ process: 'process.1', processRef }],
    'pool.refused': [{ failure: null }],
    'server.jobAssigned': [{ job: makeJob(), url: null, token: 't' }],
    'worker.draining': [{ deadlineMs: null }],
    'job.close': [{ reason: 'worker-closing' }],
    'process.spawned': [{ pid: 101 }],
    'process.exited': [{ ...exit() }, { ...crash }, { ...exit({ cause: 'job-over' }) }],
  },
  key: ({ value, context }) => {
    const { mayBeInRoom, session, launches, deletions, closeReason, end } = context;
    return JSON.stringify([
      value,
      mayBeInRoom,
      session?.outcome,
      launches,
      deletions,
      closeReason,
      end,
    ]);
  },
  start: async (inspect) => {
    const service = await RoomService.start();
    const witness = new Witness();
    const clock = new ManualClock();
    const requests: JobRequest[] = [];
    const server = { url: service.url, apiKey: 'key', apiSecret: 'secret' };
    const decideRequest = defineDecideRequest({
      requestFunc: (request) => {
        requests.push(request);
        return answered;
      },
      requestTimeoutMs: 60_000,
      acceptances: new Acceptances(),
    });
    // It never answers by itself: the path does.
    const answered = new Promise<void>(() => {});
    const actor: AnyActor = createActor(
      jobMachine.provide({
        actors: {
          decideRequest: failable(decideRequest),
          removeParticipant: defineRemoveParticipant(server),
          deleteRoom: defineDeleteRoom(server),
        },
      }),
      {
        clock,
        input,
        inspect: (event) => {
          inspect(event);
          witness.inspect(event);
        },
      },
    );
    witness.actor = actor;
    actor.start();
    // `requestFunc` is called a turn later.
    await Promise.resolve();
    const happenings = cause(actor, clock, service, requests);
    return realMachine({ witness, actor, clock, happenings, stop: () => service.stop() });
  },
};

function cause(
  actor: AnyActor,
  clock: ManualClock,
  service: RoomService,
  requests: JobRequest[],
): Happenings {
  return {
    'job.deletionTimedOut': () => clock.fire(actor, 'job.deletionTimedOut'),
    'xstate.done.actor.deleteRoom': () => service.answer('DeleteRoom', 200),
    'xstate.error.actor.deleteRoom': () => service.answer('DeleteRoom', 500),
    [`xstate.done.actor.${deciding}`]: ({ output }) => {
      const { type } = output as { type: string };
      if (type === 'accept') requests[0]?.accept().catch(() => undefined);
      else void requests[0]?.reject();
    },
    [`xstate.error.actor.${deciding}`]: () => failChild(actor, deciding),
    [`xstate.done.actor.${removing}`]: () => service.answer('RemoveParticipant', 200),
    [`xstate.error.actor.${removing}`]: () => service.answer('RemoveParticipant', 500),
  };
}
