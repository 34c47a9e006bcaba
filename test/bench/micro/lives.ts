/** A whole life of each machine, from its start to its end. */
import { type AnyActor, createActor, type InspectionEvent } from 'xstate';
import type { ProcessReport } from '../../../machines/job-process/job-process.types.ts';
import type {
  ClaimReport,
  PoolStateReport,
} from '../../../machines/process-pool/process-pool.types.ts';
import type { RegistrationReport } from '../../../machines/registration/registration.types.ts';
import type { CloseReport } from '../../../machines/session-close/session-close.types.ts';
import type { WorkerInput } from '../../../machines/worker/worker.types.ts';
import { type fakeChildren, type fakeSockets, listener, makeJob } from '../../machines/fakes.ts';
import { limits as processLimits, order } from '../../machines/job-process/harness.ts';
import { accept, exit, limits as jobLimits } from '../../machines/job/harness.ts';
import { available, permissions } from '../../machines/registration/harness.ts';
import { limits as closeLimits } from '../../machines/session-close/harness.ts';
import { limits as sessionLimits } from '../../machines/session/harness.ts';
import { settled } from '../../machines/settling.ts';
import { greeter } from '../../machines/worker/harness.ts';
import type { MachineName } from '../figures.ts';
import {
  closeMachine,
  composeJobProcess,
  composePool,
  composeRegistration,
  composeWorker,
  endSession,
  quickJobMachine,
  quickSessionMachine,
  succeeded,
} from './fakes.ts';

/** Who looks on, if anybody. */
export interface Inspected {
  inspect?: (event: InspectionEvent) => void;
}

/** Starts one, leads it to its end, and answers it. */
export type Life = (inspected: Inspected) => Promise<AnyActor>;

/** Jobs, or requests, in one life of a machine that sees many. */
const jobs = 10;

const workerInput: WorkerInput = {
  registrations: [greeter],
  version: '0.1.0',
  url: 'ws://own',
  permissions,
  maxRetry: null,
  maxJobs: null,
  loadThreshold: null,
  numIdleProcesses: 1,
  maxStarting: 8,
  restartIntensity: 3,
  drainTimeoutMs: 3_600_000,
  jobLimits,
  processLimits,
};

// Composed once, as a program does: providing a machine with its actors costs more than a life of it.
const worker = composeWorker();
const ofPool = composePool();
const ofRegistration = composeRegistration();
const ofProcess = composeJobProcess();

/** A worker that takes jobs. */
export function startWorker(inspected: Inspected) {
  const { machine, sockets, children } = worker;
  forgetAll(sockets, children);
  const actor = createActor(machine, { ...inspected, input: workerInput }).start();
  sockets.last().opens();
  sockets.last().registers('AW_1');
  /** The job `id`, until its agent is in its room. */
  const runJob = async (id: string): Promise<void> => {
    const socket = sockets.last();
    socket.does({ type: 'server.jobRequested', job: makeJob(id), resuming: false });
    await settled();
    socket.does({ type: 'server.jobAssigned', job: makeJob(id), url: null, token: 'secret' });
    // Nobody reads what the server was told.
    socket.sent.length = 0;
  };
  const childOf = (id: string) =>
    children.children.find(({ told }) =>
      told.some((message) => message.type === 'launch' && message.order.job.id === id),
    );
  const endJob = async (id: string): Promise<void> => {
    const child = childOf(id);
    if (child === undefined) throw new Error(`The job ${id} does not run.`);
    endSession(child);
    children.children.splice(children.children.indexOf(child), 1);
    await settled();
  };
  return { actor, runJob, endJob };
}

/** Every machine's life. */
export const lives: Record<MachineName, Life> = {
  worker: async (inspected) => {
    const { actor, runJob, endJob } = startWorker(inspected);
    for (let count = 0; count < jobs; count += 1) await runJob(`AJ_${count}`);
    for (let count = 0; count < jobs; count += 1) await endJob(`AJ_${count}`);
    const left = Object.keys(actor.getSnapshot().context.slots);
    if (left.length > 0) throw new Error(`The jobs in ${left.join(', ')} have not ended.`);
    return stopped(actor);
  },

  registration: async (inspected) => {
    const { registration, sockets } = ofRegistration;
    forgetAll(sockets);
    const { key, agentName, jobType, deployment } = greeter;
    const parent = listener<RegistrationReport>();
    const identity = { key, agentName, jobType, deployment, version: '0.1.0', permissions };
    const input = { ...identity, maxRetry: null, parent: parent.ref };
    const actor = createActor(registration, { ...inspected, input }).start();
    const socket = sockets.last();
    socket.opens();
    socket.registers('AW_1');
    for (let count = 0; count < jobs; count += 1) {
      const job = makeJob(`AJ_${count}`);
      const answer = { available: true, terminate: false, accept } as const;
      socket.does({ type: 'server.jobRequested', job, resuming: false });
      actor.send({ type: 'job.answered', jobId: job.id, workerId: 'AW_1', answer });
      socket.does({ type: 'server.jobAssigned', job, url: null, token: 'secret' });
      actor.send({ type: 'worker.statusChanged', status: available });
    }
    return stopped(actor);
  },

  job: async (inspected) => {
    const refs = { registration: listener().ref, pool: listener().ref, parent: listener().ref };
    const job = makeJob();
    const place = { slot: 'job.1', job, workerId: 'AW_1', url: 'ws://own', limits: jobLimits };
    const actor = createActor(quickJobMachine, { ...inspected, input: { ...place, ...refs } });
    actor.start();
    await settled();
    actor.send({ type: 'pool.claimed', process: 'process.1', processRef: listener().ref });
    actor.send({ type: 'process.spawned', pid: 101 });
    actor.send({ type: 'server.jobAssigned', job, url: null, token: 'secret' });
    actor.send({ type: 'session.started' });
    actor.send({ type: 'session.connecting' });
    actor.send({ type: 'session.connected', roomSid: 'RM_AJ_1', identity: accept.identity });
    actor.send({ type: 'session.closing', reason: 'agent-ended', detail: '' });
    actor.send({ type: 'session.outcome', outcome: succeeded });
    actor.send(exit());
    return ended(actor);
  },

  'process-pool': async (inspected) => {
    const { pool, children } = ofPool;
    forgetAll(null, children);
    const parent = listener<PoolStateReport>().ref;
    const numbers = { numIdleProcesses: 1, maxJobs: null, maxStarting: 8, restartIntensity: 3 };
    const input = { ...numbers, limits: processLimits, parent };
    const actor = createActor(pool, { ...inspected, input }).start();
    for (let count = 0; count < jobs; count += 1) {
      const client = listener<ClaimReport | ProcessReport>().ref;
      actor.send({ type: 'pool.claim', slot: `job.${count}`, client, isAccepted: true });
    }
    for (const child of children.children.slice(0, jobs)) child.exits();
    actor.send({ type: 'pool.stop' });
    for (const child of children.children.slice(jobs)) child.exits();
    await settled();
    return ended(actor);
  },

  'job-process': async (inspected) => {
    const { machine, children } = ofProcess;
    forgetAll(null, children);
    const input = { process: 'process.1', limits: processLimits, pool: listener().ref };
    const actor = createActor(machine, { ...inspected, input }).start();
    actor.send({ type: 'process.start' });
    children.last().getsWarm();
    actor.send({ type: 'process.claim', client: listener().ref });
    actor.send({ type: 'process.launch', order });
    children.last().says({ type: 'session.started' }, { type: 'session.connecting' });
    children.last().says({ type: 'session.connected', roomSid: 'RM_1', identity: 'agent' });
    endSession(children.last());
    await settled();
    return ended(actor);
  },

  session: async (inspected) => {
    const input = { jobId: 'AJ_1', roomSid: 'RM_1', linked: null, limits: sessionLimits };
    const actor = createActor(quickSessionMachine, { ...inspected, input }).start();
    const agent = { identity: 'agent', isLinkedHere: false };
    actor.send({ type: 'room.connecting' });
    actor.send({ type: 'room.connected', roomSid: 'RM_1', ...agent });
    actor.send({ type: 'room.participantJoined', identity: 'caller', sid: 'PA_1' });
    await settled();
    actor.send({ type: 'room.disconnected', reason: 'room-closed', detail: '' });
    await settled();
    actor.send({ type: 'link.outcomeReported' });
    for (let turn = 0; turn < 5; turn += 1) await settled();
    return ended(actor);
  },

  'session-close': async (inspected) => {
    const session = listener<CloseReport>().ref;
    const input = { outcome: succeeded, limits: closeLimits, hasLink: true, session };
    const actor = createActor(closeMachine, { ...inspected, input }).start();
    await settled();
    actor.send({ type: 'link.outcomeReported' });
    for (let turn = 0; turn < 5; turn += 1) await settled();
    return ended(actor);
  },
};

/** What was kept of the life before. */
function forgetAll(
  sockets: ReturnType<typeof fakeSockets> | null,
  children?: ReturnType<typeof fakeChildren>,
): void {
  if (sockets !== null) sockets.sockets.length = 0;
  if (children !== undefined) children.children.length = 0;
}

/** Its life is over, as it should be. */
function ended(actor: AnyActor): AnyActor {
  const { status } = actor.getSnapshot() as { status: string };
  if (status !== 'done') throw new Error(`${actor.id} has not come to its end: it is ${status}.`);
  return actor;
}

/** One that has no end of its own: its timers go with it. */
function stopped(actor: AnyActor): AnyActor {
  actor.stop();
  return actor;
}
