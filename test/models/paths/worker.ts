/** The worker with everything real below it: a socket to a server, job processes, `requestFunc` and `loadFunc`. */
import type { AnyMachineSnapshot, EventObject } from 'xstate';
import { workerMachine } from '../../../machines/worker/worker.machine.ts';
import type { WorkerContext } from '../../../machines/worker/worker.types.ts';
import type { Payload } from '../../../src/testing/model/index.ts';
import { makeJob } from '../../machines/fakes.ts';
import { GatedServer } from './gated-server.ts';
import type { Proof } from './proof.ts';
import { failure } from './puppets.ts';
import { startRealWorker } from './real-worker.ts';
import { workerInput } from './worker-world.ts';

type Snapshot = AnyMachineSnapshot;
type Past = readonly EventObject[];

const of = (snapshot: Snapshot) => snapshot.context as WorkerContext;
const entryOf = (snapshot: Snapshot) => of(snapshot).entries['greeter'];
const isRegistered = (snapshot: Snapshot) => (entryOf(snapshot)?.workerId ?? '') !== '';
const slotOf = (snapshot: Snapshot) => of(snapshot).slots['job.1'];
const stateOf = ({ value }: Snapshot) => JSON.stringify(value);
/** A job that is being decided ends at once when it is to close, or loses its connection. */
const stay = (snapshot: Snapshot) => slotOf(snapshot)?.phase !== 'reserved';

/** What the pool has told last. */
function poolState(past: Past): 'proving' | 'serving' | 'failing' | 'gone' {
  const last = past.findLast(({ type }) => /^pool\.|actor\.pool$/.test(type))?.type;
  if (last === undefined) return 'proving';
  if (last === 'pool.failing') return 'failing';
  return last.startsWith('pool.') ? 'serving' : 'gone';
}

const isEnding = (snapshot: Snapshot) =>
  /killing|reaping|stoppingPool|leaving/.test(stateOf(snapshot));

function when(can: (snapshot: Snapshot, past: Past) => boolean, ...cases: Payload[]) {
  return (snapshot: Snapshot, past: Past): Payload[] =>
    can(snapshot, past) ? (cases.length === 0 ? [{}] : cases) : [];
}

const connection = { registration: 'greeter', workerId: 'AW_1' };
const bug = (actorId: string) => ({ actorId, error: new Error('a bug in this actor') });
/** A connection that is open takes a moment to close; without one the worker is closed at once. */
const leaves = (snapshot: Snapshot) => isRegistered(snapshot) && stay(snapshot);

/** What a worker is proven with. */
export const worker: Proof = {
  name: 'worker',
  machine: workerMachine,
  world:
    'A registration with a WebSocket to the embedded server, a pool with job processes, jobs with `requestFunc` and calls of the room API, `loadFunc`.',
  doubles: [
    '`xstate.error.actor.job.*`, `xstate.error.actor.registration.*`, `xstate.error.actor.pool`: machines fail by a bug only',
    '`xstate.error.actor.load`: a `loadFunc` that fails is told as `load.failed`',
  ],
  inputs: [workerInput],
  events: {
    'worker.capacityChanged': [],
    'load.sampled': [{ load: 0.1 }, { load: 0.9 }],
    'load.failed': [{ failure }],
    'registration.registered': when(
      (snapshot) => entryOf(snapshot)?.workerId === '' && !isEnding(snapshot),
      connection,
    ),
    'registration.lost': when(
      (snapshot) => isRegistered(snapshot) && stay(snapshot) && !isEnding(snapshot),
      { registration: 'greeter', workerId: 'AW_1' },
    ),
    'registration.statusRead': when((snapshot) => stateOf(snapshot).includes('announcing'), {
      registration: 'greeter',
      status: 'available',
    }),
    'registration.jobStatusRead': when(
      (snapshot, past) =>
        slotOf(snapshot)?.phase === 'running' &&
        isRegistered(snapshot) &&
        poolState(past) === 'serving' &&
        // The server reads in order: the status was said before.
        !stateOf(snapshot).includes('announcing') &&
        !past.some(({ type }) => type === 'registration.jobStatusRead'),
      { jobId: 'AJ_1' },
    ),
    'registration.jobRequested': when((snapshot) => isRegistered(snapshot) && !isEnding(snapshot), {
      ...connection,
      job: makeJob('AJ_1'),
    }),
    'registration.jobAssigned': when(
      (snapshot) => isRegistered(snapshot) && !isEnding(snapshot),
      { ...connection, job: makeJob('AJ_1'), url: null, token: 't' },
      { ...connection, job: makeJob('AJ_9'), url: null, token: 't' },
    ),
    'registration.jobTerminated': when(
      (snapshot) => isRegistered(snapshot) && !isEnding(snapshot),
      { registration: 'greeter', jobId: 'AJ_9' },
    ),
    'job.phaseChanged': when(
      (snapshot, past) =>
        slotOf(snapshot)?.phase === 'reserved' &&
        slotOf(snapshot)?.jobId === 'AJ_1' &&
        isRegistered(snapshot) &&
        poolState(past) === 'serving',
      { slot: 'job.1', phase: 'running' },
    ),
    'xstate.done.actor.job.1': when(
      (snapshot) =>
        slotOf(snapshot)?.phase === 'reserved' || /endingJobs|reaping/.test(stateOf(snapshot)),
      {
        actorId: 'job.1',
        output: { outcome: 'rejected', slot: 'job.1', jobId: 'AJ_1', reason: 'rejected' },
      },
    ),
    'xstate.error.actor.job.1': when(
      (snapshot) => slotOf(snapshot) !== undefined && !stateOf(snapshot).includes('leaving'),
      bug('job.1'),
    ),
    'xstate.done.actor.registration.1': when(
      (snapshot) => entryOf(snapshot) !== undefined && stay(snapshot),
      {
        actorId: 'registration.1',
        output: { outcome: 'failed', registration: 'greeter', failure },
      },
    ),
    'xstate.error.actor.registration.1': when(
      (snapshot) => entryOf(snapshot) !== undefined && !stateOf(snapshot).includes('leaving'),
      bug('registration.1'),
    ),
    'pool.ready': when((snapshot, past) => poolState(past) === 'proving' && !isEnding(snapshot)),
    'pool.failing': when(
      (snapshot, past) =>
        ['proving', 'serving'].includes(poolState(past)) &&
        slotOf(snapshot)?.phase !== 'running' &&
        !isEnding(snapshot),
      { failure },
    ),
    'pool.recovered': when(
      (snapshot, past) => poolState(past) === 'failing' && !isEnding(snapshot),
    ),
    'xstate.done.actor.pool': when(
      (snapshot, past) =>
        leaves(snapshot) &&
        (/killing|stoppingPool/.test(stateOf(snapshot)) ||
          (poolState(past) === 'proving' && !isEnding(snapshot))),
      { actorId: 'pool', output: { outcome: 'stopped' } },
    ),
    'xstate.error.actor.pool': when(
      (snapshot, past) => leaves(snapshot) && poolState(past) !== 'gone' && !isEnding(snapshot),
      bug('pool'),
    ),
    'xstate.after.killTimeout.worker.closing.killing': when(leaves),
    'xstate.after.killTimeout.worker.closing.reaping': when(leaves),
    'xstate.error.actor.load': [bug('load')],
    'worker.close': when(stay, { cause: 'order' }),
    'worker.kill': when(stay, { cause: 'order' }),
    'worker.simulateJob': [{ room: 'r', participantIdentity: null }],
    'xstate.after.drainTimeout.worker.draining': when(stay),
  },
  key: (snapshot, past) => {
    const { isPoolReady, load, failure: failed, slots } = of(snapshot);
    return JSON.stringify([
      stateOf(snapshot),
      [
        isRegistered(snapshot),
        entryOf(snapshot)?.knowsAvailable,
        isPoolReady,
        load,
        failed !== null,
      ],
      [poolState(past), Object.values(slots).map(({ jobId, phase }) => [jobId, phase])],
    ]);
  },
  limit: 20_000,
  start: async (inspect) => startRealWorker(inspect, await GatedServer.startEmbedded()),
};
