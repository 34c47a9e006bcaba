/** A job of a real worker: each of its neighbours is the one that it has there. */
import type { AnyMachineSnapshot, EventObject } from 'xstate';
import { jobMachine } from '../../../machines/job/job.machine.ts';
import { listener, makeJob } from '../../machines/fakes.ts';
import { accepted, crash, exit, limits } from '../../machines/job/harness.ts';
import { GatedServer } from './gated-server.ts';
import { onlyIf } from './only-if.ts';
import type { Proof } from './proof.ts';
import { reports } from './puppets.ts';
import { deciding, removing, startRealJob } from './real-job.ts';

type Past = readonly EventObject[];

const input = {
  slot: 'job.1',
  job: makeJob(),
  workerId: 'AW_1',
  url: 'ws://own',
  limits,
  registration: listener().ref,
  pool: listener().ref,
  parent: listener().ref,
};
const processRef = listener().ref;
const rejected = { type: 'reject', terminate: false, reason: 'rejected', detail: '' };

const has = (past: Past, type: string) => past.some((event) => event.type === type);
const isClosing = (past: Past) => has(past, 'job.close');
const isDraining = (past: Past) =>
  past.findLast(({ type }) => /^worker\.(draining|resumed)$/.test(type))?.type ===
  'worker.draining';
/** It failed together with the process of the job: what is claimed after that is refused. */
const isPoolFailing = (past: Past) => past.some((event) => 'poolFails' in event);

/** It is the second process or a later one, which was not waited for until it was warm. */
function isCold(past: Past): boolean {
  const claims = past.filter(({ type }) => type === 'pool.claimed').length;
  return claims > 1 && !has(past, 'session.started');
}

/** What the pool says to a claim of an accepted job, before anything else can happen: it has proven that it can. */
function answerOfPool({ value }: AnyMachineSnapshot, past: Past): string | null {
  const state = JSON.stringify(value);
  const isRefused = isPoolFailing(past);
  if (state === '{"launching":"claiming"}') return isRefused ? 'pool.refused' : 'pool.claimed';
  return state === '{"accepted":"reclaiming"}' && !isRefused ? 'pool.claimed' : null;
}

/** When a neighbour says something of which the machine alone could not tell that it cannot come now. */
const rules: Record<string, (snapshot: AnyMachineSnapshot, past: Past) => boolean> = {
  'pool.claimed': ({ value }) => JSON.stringify(value) === '{"requested":"claiming"}',
  'pool.refused': ({ value }) => JSON.stringify(value) === '{"requested":"claiming"}',
  'process.spawned': (_, past) => past.at(-1)?.type === 'pool.claimed',
  'worker.draining': (_, past) => !isDraining(past) && !isClosing(past),
  'worker.resumed': (_, past) => isDraining(past) && !isClosing(past),
  'job.close': (_, past) => !isClosing(past),
  'server.jobTerminated': (_, past) => !has(past, 'server.jobTerminated'),
};

function can(type: string, snapshot: AnyMachineSnapshot, past: Past): boolean {
  const answer = answerOfPool(snapshot, past);
  if (answer !== null) return type === answer;
  // A process that was told to close before it was warm has no session.
  if ('closing' in Object(snapshot.value) && isCold(past) && type.startsWith('session.'))
    return false;
  return rules[type]?.(snapshot, past) ?? true;
}

/** One place is enough to show what a deletion does: it may come anywhere, and any number of times. */
function whileUnconnected(cases: Record<string, unknown>[]) {
  return ({ value, context }: AnyMachineSnapshot, past: Past) => {
    const isHere = JSON.stringify(value) === '{"running":"unconnected"}';
    return isHere && context.closeReason === null && !isDraining(past) ? cases : [];
  };
}

const ifDeleting = (cases: Record<string, unknown>[]) => (snapshot: AnyMachineSnapshot) =>
  snapshot.context.deletions.length > 0 ? cases : [];

/** How its process exits: by itself, by a signal, and so that the pool has none left. */
function exitsOf({ value }: AnyMachineSnapshot, past: Past) {
  if ('closing' in Object(value) && isCold(past)) return [{ ...exit({ cause: 'job-over' }) }];
  const canFail = !/running|closing/.test(JSON.stringify(value)) && !isCold(past);
  const withPool =
    canFail && !isDraining(past) && !isPoolFailing(past) ? [{ ...exit(), poolFails: true }] : [];
  return [{ ...exit() }, { ...crash }, ...withPool];
}

/** What a job is proven with. */
export const job: Proof = {
  name: 'job',
  machine: jobMachine,
  world:
    'The worker of above and one job in it: the registration tells what the embedded server says, `requestFunc` decides, the pool grants a job process, and the room API is called.',
  doubles: [
    `\`xstate.error.actor.${deciding}\`: what \`requestFunc\` throws is a rejection already`,
  ],
  inputs: [input],
  events: onlyIf(
    jobMachine,
    {
      ...reports,
      'session.deleteRoom': whileUnconnected([{ id: 1 }]),
      'job.deletionTimedOut': ifDeleting([{}]),
      'xstate.done.actor.deleteRoom': ifDeleting([{}]),
      'xstate.error.actor.deleteRoom': ifDeleting([{ error: new Error('no luck') }]),
      [`xstate.done.actor.${deciding}`]: [{ output: accepted }, { output: rejected }],
      [`xstate.error.actor.${deciding}`]: [{ error: new Error('a bug in this actor') }],
      [`xstate.done.actor.${removing}`]: [{}],
      [`xstate.error.actor.${removing}`]: [{ error: new Error('no luck') }],
      'pool.claimed': [{ process: 'process.1', processRef }],
      'pool.refused': [{ failure: null }],
      'server.jobAssigned': [{ job: makeJob(), url: null, token: 't' }],
      'worker.draining': [{ deadlineMs: null }],
      'job.close': [{ reason: 'worker-closing' }],
      'process.spawned': [{ pid: 101 }],
      'process.exited': exitsOf,
    },
    can,
  ),
  key: ({ value, context }, past) => {
    const { mayBeInRoom, session, launches, deletions, closeReason, end } = context;
    return JSON.stringify([
      [value, mayBeInRoom, session?.outcome, launches, deletions, closeReason, end],
      [isClosing(past), isDraining(past), isPoolFailing(past), isCold(past)],
      [has(past, 'server.jobTerminated'), past.at(-1)?.type === 'pool.claimed'],
    ]);
  },
  limit: 20_000,
  start: async (inspect) => startRealJob(inspect, await GatedServer.startEmbedded()),
};
