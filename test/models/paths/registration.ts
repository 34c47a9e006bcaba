/** The registration on a real WebSocket. */
import {
  AvailabilityRequest,
  Job,
  JobAssignment,
  JobTermination,
  RegisterWorkerResponse,
  WorkerPong,
} from '@livekit/protocol';
import { type AnyActor, createActor } from 'xstate';
import { registrationMachine } from '../../../machines/registration/registration.machine.ts';
import type { RegistrationReport } from '../../../machines/registration/registration.types.ts';
import { defineSignalSocket } from '../../../src/actors/signal-socket.ts';
import { listener, makeJob, serverInfo } from '../../machines/fakes.ts';
import { available, permissions } from '../../machines/registration/harness.ts';
import { GatedServer } from './gated-server.ts';
import type { Proof } from './proof.ts';
import { failable, failChild, ManualClock, realMachine, Witness } from './real-machine.ts';

const parent = listener<RegistrationReport>().ref;
const input = {
  key: 'greeter',
  agentName: 'greeter',
  jobType: 'room',
  deployment: '',
  version: '0.1.0',
  permissions,
  maxRetry: 2,
  parent,
} as const;
const answer = { jobId: 'AJ_1', workerId: 'AW_1' };

/** What a registration is proven with. */
export const registration: Proof = {
  name: 'registration',
  machine: registrationMachine,
  world: 'A WebSocket to a server on loopback that answers when the path says so.',
  doubles: [
    '`xstate.error.actor.socket`: the socket reports every failure of its own as a close',
    '`socket.refused` while closing: a socket that is not open yet closes at once, without waiting for the answer',
  ],
  inputs: [input],
  events: {
    'socket.refused': ({ value }) =>
      value.online === 'connecting' || value.online === 'closing'
        ? [401, 503].map((status) => ({ status, body: 'no', jitter: 0 }))
        : [],
    'socket.closed': [{ code: 1006, reason: '', jitter: 0 }],
    'server.registered': [{ workerId: 'AW_1', serverInfo }],
    'server.jobRequested': [{ job: makeJob(), resuming: false }],
    'server.jobAssigned': [{ job: makeJob(), url: null, token: 't' }],
    'server.jobTerminated': [{ jobId: 'AJ_1' }],
    'server.ponged': [{ lastTimestamp: 1, timestamp: 2 }],
    'worker.statusChanged': [{ status: available }, { status: { ...available, status: 'full' } }],
    'worker.jobsRunning': [{ jobIds: ['AJ_1'] }],
    'worker.simulateJob': [{ room: 'r', participantIdentity: null }],
    'job.answered': [{ ...answer, answer: { available: false, terminate: false } }],
    'job.statusReported': [{ ...answer, status: 'success', error: '' }],
    // A socket that is not open yet closes at once: see above.
    'registration.close': ({ value }) => (value.online === 'connecting' ? [] : [{}]),
    'xstate.error.actor.socket': [{ error: new Error('a bug in this actor') }],
  },
  key: ({ value, context }) =>
    JSON.stringify([value, context.everRegistered, context.attempt, context.pings]),
  start: async (inspect) => {
    // One for each path: what the last one left on its way cannot come in here.
    const server = await GatedServer.start();
    const witness = new Witness();
    const clock = new ManualClock();
    const signalSocket = failable(
      defineSignalSocket({
        url: server.url,
        apiKey: 'key',
        apiSecret: 'secret',
        workerToken: null,
      }),
    );
    const actor: AnyActor = createActor(registrationMachine.provide({ actors: { signalSocket } }), {
      clock,
      input,
      inspect: (event) => {
        inspect(event);
        witness.inspect(event);
      },
    });
    witness.actor = actor;
    actor.start();
    return realMachine({
      witness,
      actor,
      clock,
      happenings: happenings(actor, server),
      stop: () => server.stop(),
    });
  },
};

const job = (): Job => new Job({ id: 'AJ_1' });

function happenings(actor: AnyActor, server: GatedServer) {
  return {
    'socket.opened': () => server.accept(),
    'socket.refused': (event: { type: string; status?: unknown }) => {
      const { value } = actor.getSnapshot() as { value: { online?: unknown } };
      if (value.online === 'closing') actor.send(event);
      else return server.refuse(Number(event.status));
    },
    'socket.closed': () => server.drop(),
    'server.registered': () =>
      server.say({ case: 'register', value: new RegisterWorkerResponse({ workerId: 'AW_1' }) }),
    'server.jobRequested': () =>
      server.say({ case: 'availability', value: new AvailabilityRequest({ job: job() }) }),
    'server.jobAssigned': () =>
      server.say({ case: 'assignment', value: new JobAssignment({ job: job(), token: 't' }) }),
    'server.jobTerminated': () =>
      server.say({ case: 'termination', value: new JobTermination({ jobId: 'AJ_1' }) }),
    'server.ponged': () => server.say({ case: 'pong', value: new WorkerPong() }),
    'xstate.error.actor.socket': () => failChild(actor, 'socket'),
  };
}
