/** The process pool with real job processes. */
import { type AnyActor, type AnyMachineSnapshot, createActor } from 'xstate';
import { jobProcessMachine } from '../../../machines/job-process/job-process.machine.ts';
import { processPoolMachine } from '../../../machines/process-pool/process-pool.machine.ts';
import type {
  PoolEntry,
  PoolStateReport,
  ProcessPoolContext,
} from '../../../machines/process-pool/process-pool.types.ts';
import { listener } from '../../machines/fakes.ts';
import { limits } from '../../machines/job-process/harness.ts';
import { defineSampleMemory } from '../../../src/actors/sample-memory.ts';
import type { ModelEvents } from '../../../src/testing/model/index.ts';
import { onlyIf } from './only-if.ts';
import type { Proof } from './proof.ts';
import { failure, puppetExits, Puppets, puppetSays, warm } from './puppets.ts';
import {
  failable,
  failChild,
  type Happenings,
  ManualClock,
  realMachine,
  Witness,
} from './real-machine.ts';

const input = {
  numIdleProcesses: 1,
  maxJobs: null,
  maxStarting: 1,
  restartIntensity: 1,
  limits,
  parent: listener<PoolStateReport>().ref,
};
const client = listener().ref;
const ids = ['process.1', 'process.2'];

/** An event of each process that the pool has, and for which it can be. */
function each<Payload extends object>(
  can: (entry: PoolEntry) => boolean,
  payload: (process: string, snapshot: AnyMachineSnapshot, entry: PoolEntry) => Payload,
) {
  return (snapshot: AnyMachineSnapshot): Payload[] => {
    const { processes } = snapshot.context as ProcessPoolContext;
    return Object.entries(processes)
      .filter(([, entry]) => can(entry))
      .map(([process, entry]) => payload(process, snapshot, entry));
  };
}

const isAlive = ({ phase }: PoolEntry): boolean => phase !== 'queued';
const isWarming = ({ phase }: PoolEntry): boolean => phase === 'warming';
const isEnding = ({ value }: AnyMachineSnapshot) => value === 'stopping' || value === 'killing';

/** The same, of those that warm up, and may still get warm. */
function warming<Payload extends object>(payload: (process: string) => Payload) {
  return (snapshot: AnyMachineSnapshot): Payload[] =>
    isEnding(snapshot) ? [] : each(isWarming, payload)(snapshot);
}

function exitOf(process: string, snapshot: AnyMachineSnapshot, { phase }: PoolEntry) {
  const cause = isEnding(snapshot)
    ? 'worker-closing'
    : phase === 'stopping'
      ? 'warmup-failed'
      : null;
  const exit = { pid: 101, code: 3, signal: null, cause, failure: null };
  return { output: { outcome: 'exited', process, ...exit }, actorId: process };
}

const bug = (process: string) => ({ error: new Error('a bug in this actor'), actorId: process });

/** The timers that may be set, told by the state. */
const timers = {
  'pool.refillDue': ({ value, context }: AnyMachineSnapshot) =>
    (value === 'proving' && context.failures > 0) ||
    (value === 'serving' && context.numIdleProcesses === 2),
  'pool.joinDue': ({ value, context }: AnyMachineSnapshot) =>
    value === 'serving' &&
    Object.values((context as ProcessPoolContext).processes).some(({ claimedBy }) =>
      claimedBy?.startsWith('job.'),
    ),
};
const due = Object.fromEntries(
  Object.entries(timers).map(([type, isSet]) => [
    type,
    (snapshot: AnyMachineSnapshot) => (isSet(snapshot) ? [{}] : []),
  ]),
);

/** What a process pool is proven with. */
export const processPool: Proof = {
  name: 'process-pool',
  machine: processPoolMachine,
  world:
    'Job process machines with operating-system processes, which say over the link what the path says.',
  doubles: ['`xstate.error.actor.process.*`: the actor of a job process fails by a bug only'],
  inputs: [input],
  events: unlessQueueing({
    ...due,
    'pool.failureForgotten': ({ context }) =>
      context.failures > 0 ? [{ period: context.period }] : [],
    'pool.claim': claimsOf,
    'pool.release': [{ slot: 'early.1' }],
    'pool.resize': [{ numIdleProcesses: 2 }],
    'process.becameWarm': warming((process) => ({ process, warmupMs: 100_000 })),
    'process.warmupFailed': (snapshot) =>
      [false, true].flatMap((fatal) =>
        warming((process) => ({ process, failure, fatal }))(snapshot),
      ),
    'process.joined': each(isAlive, (process) => ({ process })),
    ...Object.fromEntries(
      ids.flatMap((id) => [
        [`xstate.done.actor.${id}`, only(id, each(isAlive, exitOf))],
        [`xstate.error.actor.${id}`, only(id, each(isAlive, bug))],
      ]),
    ),
  }),
  key: ({ value, context }) => {
    const { processes, waiting, failures, failuresInARow, numIdleProcesses, fatal } =
      context as ProcessPoolContext;
    // Which of them is which, and how many there are, makes no difference to where the pool can get.
    const known = new Set(
      Object.values(processes).map(
        ({ phase, claimedBy }) => `${phase} ${claimedBy?.split('.')[0] ?? ''}`,
      ),
    );
    return JSON.stringify([
      [value, [...known].toSorted(), waiting.length, numIdleProcesses, fatal],
      [Math.min(failures, 2), failuresInARow > 0],
    ]);
  },
  limit: 20_000,
  start: (inspect) => {
    const witness = new Witness();
    const clock = new ManualClock();
    const puppets = new Puppets();
    const jobProcess = failable(
      jobProcessMachine.provide({
        actors: { childProcess: puppets.logic(), sampleMemory: defineSampleMemory() },
      }),
    );
    const actor: AnyActor = createActor(processPoolMachine.provide({ actors: { jobProcess } }), {
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
      happenings: happenings(actor, clock),
      stop: () => puppets.end(),
    });
  },
};

/** A claim for a slot that has none yet; those that the pool grants at once set a timer. */
function claimsOf({ value, context }: AnyMachineSnapshot) {
  const { processes, waiting, failures, numIdleProcesses } = context as ProcessPoolContext;
  const isAsAtTheStart = failures === 0 && numIdleProcesses === 1;
  if (value === 'proving' && waiting.length > 1 && !isAsAtTheStart) return [];
  if (value !== 'proving' && Object.keys(processes).length > 1) return [];
  const slots = Object.values(processes).filter(({ claimedBy }) => claimedBy !== null);
  const slot = `${value === 'serving' ? 'job' : 'early'}.${slots.length + waiting.length + 1}`;
  return [{ slot, client, isAccepted: false }];
}

/** Many claims are wanted by one transition only: once there are two, nothing else is tried. */
function unlessQueueing(events: ModelEvents): ModelEvents {
  return onlyIf(
    processPoolMachine,
    events,
    (type, { context }) => context.waiting.length <= 1 || type === 'pool.claim',
  );
}

function only<Payload extends { actorId: string }>(
  id: string,
  events: (snapshot: AnyMachineSnapshot) => Payload[],
) {
  return (snapshot: AnyMachineSnapshot) => events(snapshot).filter(({ actorId }) => actorId === id);
}

function happenings(actor: AnyActor, clock: ManualClock): Happenings {
  const processOf = (id: unknown): AnyActor =>
    (actor.getSnapshot() as AnyMachineSnapshot).children[String(id)] as AnyActor;
  return {
    'process.becameWarm': ({ process }) =>
      puppetSays(processOf(process), { ...warm, warmupMs: 100_000 }),
    'process.warmupFailed': ({ process, fatal }) =>
      puppetSays(processOf(process), { type: 'warmupFailed', failure, fatal }),
    'process.joined': ({ process }) =>
      puppetSays(processOf(process), { type: 'session.connected', roomSid: '', identity: '' }),
    ...Object.fromEntries(
      [...Object.keys(timers), 'pool.failureForgotten'].map((type) => [
        type,
        () => clock.fire(actor, type),
      ]),
    ),
    ...Object.fromEntries(
      ids.flatMap((id) => [
        [`xstate.done.actor.${id}`, () => puppetExits(processOf(id), 3)],
        [`xstate.error.actor.${id}`, () => failChild(actor, id)],
      ]),
    ),
  };
}
