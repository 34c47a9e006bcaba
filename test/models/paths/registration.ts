/** The registration on a real WebSocket. */
import { type AnyActor, createActor, type EventObject, type InspectionEvent } from 'xstate';
import { registrationMachine } from '../../../machines/registration/registration.machine.ts';
import type { RegistrationReport } from '../../../machines/registration/registration.types.ts';
import { defineSignalSocket } from '../../../src/actors/signal-socket.ts';
import { listener, makeJob, serverInfo } from '../../machines/fakes.ts';
import { accept } from '../../machines/job/harness.ts';
import { available, permissions } from '../../machines/registration/harness.ts';
import type { Payload, Sut } from '../../../src/testing/model/index.ts';
import { GatedServer } from './gated-server.ts';
import type { Proof } from './proof.ts';
import {
  failable,
  failChild,
  ManualClock,
  realMachine,
  sayAsChild,
  Witness,
} from './real-machine.ts';

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

type Deal = 'none' | 'asked' | 'accepted' | 'assigned';

/** What the server and the worker have said to each other about the job, on the present connection. */
function dealOf(past: readonly EventObject[]): Deal {
  const steps: Record<string, Deal | undefined> = {
    'server.registered': 'none',
    'server.jobRequested': 'asked',
    'job.answered': 'accepted',
    'server.jobAssigned': 'assigned',
    'server.jobTerminated': 'none',
  };
  const last = past.findLast(({ type }) => steps[type] !== undefined);
  return steps[last?.type ?? ''] ?? 'none';
}

/** A server asks, assigns and terminates in this order. */
const when = (deal: Deal, payload: Payload) => (_: unknown, past: readonly EventObject[]) =>
  dealOf(past) === deal ? [payload] : [];

/** What a registration is proven with. */
export const registration: Proof = {
  name: 'registration',
  machine: registrationMachine,
  world: 'A WebSocket to the embedded server, whose messages come when the path says so.',
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
    'server.jobRequested': when('none', { job: makeJob(), resuming: false }),
    'server.jobAssigned': when('accepted', { job: makeJob(), url: null, token: 't' }),
    'server.jobTerminated': when('assigned', { jobId: 'AJ_1' }),
    'server.ponged': [{ lastTimestamp: 1, timestamp: 2 }],
    'worker.statusChanged': [{ status: available }, { status: { ...available, status: 'full' } }],
    'worker.jobsRunning': [{ jobIds: ['AJ_1'] }],
    'worker.simulateJob': [{ room: 'r', participantIdentity: null }],
    'job.answered': when('asked', { ...answer, answer: { available: true, accept } }),
    'job.statusReported': [{ ...answer, status: 'success', error: '' }],
    // A socket that is not open yet closes at once: see above.
    'registration.close': ({ value }) => (value.online === 'connecting' ? [] : [{}]),
    'xstate.error.actor.socket': [{ error: new Error('a bug in this actor') }],
  },
  key: ({ value, context }, past) =>
    JSON.stringify([value, context.everRegistered, context.attempt, context.pings, dealOf(past)]),
  start: async (inspect) => startRegistration(inspect, await GatedServer.startEmbedded()),
};

/** Starts a registration with a server of its own: what the last path left on its way cannot come in here. */
export function startRegistration(
  inspect: (event: InspectionEvent) => void,
  server: GatedServer,
): Sut {
  const witness = new Witness();
  const clock = new ManualClock();
  const { url, apiKey, apiSecret, agentName } = server;
  const signalSocket = failable(defineSignalSocket({ url, apiKey, apiSecret, workerToken: null }));
  const actor: AnyActor = createActor(registrationMachine.provide({ actors: { signalSocket } }), {
    clock,
    input: { ...input, agentName },
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
}

function happenings(actor: AnyActor, server: GatedServer) {
  const send = (event: EventObject) => actor.send(server.named(event));
  return {
    'socket.opened': () => server.accept(),
    'socket.refused': (event: { type: string; status?: unknown }) => {
      const { value } = actor.getSnapshot() as { value: { online?: unknown } };
      if (value.online === 'closing') sayAsChild(actor, 'socket', event);
      else return server.refuse(Number(event.status));
    },
    'socket.closed': () => server.drop(),
    'server.registered': () => server.say('register'),
    'server.jobRequested': () => server.say('availability'),
    'server.jobAssigned': () => server.say('assignment'),
    'server.jobTerminated': () => server.say('termination'),
    'server.ponged': () => server.say('pong'),
    'job.answered': send,
    'job.statusReported': send,
    'xstate.error.actor.socket': () => failChild(actor, 'socket'),
  };
}
