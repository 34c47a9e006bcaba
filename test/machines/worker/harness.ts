/** A worker of real machines; the test plays the server, the job processes, the user and the load. */
import { type AnyActorRef, createActor, type InspectionEvent } from 'xstate';
import type { LifecycleEvent } from '../../../machines/events.ts';
import type { LinkMessage } from '../../../machines/job-process/job-process.types.ts';
import { jobProcessMachine } from '../../../machines/job-process/job-process.machine.ts';
import { jobMachine } from '../../../machines/job/job.machine.ts';
import type { WorkerMessage } from '../../../machines/messages.ts';
import { processPoolMachine } from '../../../machines/process-pool/process-pool.machine.ts';
import { registrationMachine } from '../../../machines/registration/registration.machine.ts';
import { workerMachine } from '../../../machines/worker/worker.machine.ts';
import type { WorkerInput } from '../../../machines/worker/worker.types.ts';
import {
  type FakeChild,
  fakeChildren,
  fakeDecisions,
  fakeLoad,
  fakeMemory,
  fakeDeletions,
  fakeRemovals,
  fakeSockets,
  makeJob,
  TestClock,
} from '../fakes.ts';
import { limits as processLimits } from '../job-process/harness.ts';
import { accepted, limits as jobLimits } from '../job/harness.ts';
import { createCoverage } from '../../../src/testing/model/coverage.ts';
import { permissions } from '../registration/harness.ts';
import { settled, stateName } from '../settling.ts';

export const coverage = createCoverage(workerMachine);

export const greeter = {
  key: 'greeter',
  agentName: 'greeter',
  jobType: 'room',
  deployment: '',
} as const;

/** What is not as in every test. */
interface Fakes {
  reacts?: (child: FakeChild, message: LinkMessage | null) => void;
  whenJobStarts?: () => void;
  brokenLoad?: boolean;
  /** The server answers no ping: the test does. */
  silentServer?: boolean;
  /** How long a registration waits for the server at its end. */
  registrationCloseMs?: number;
  inspect?: (event: InspectionEvent) => void;
}

/** Every machine with fakes in it. */
function compose(fakes: Fakes) {
  const sockets = fakeSockets({ pong: fakes.silentServer !== true });
  const { reacts = () => undefined } = fakes;
  const children = fakeChildren({ pong: true, reacts });
  const decisions = fakeDecisions();
  const removals = fakeRemovals();
  const load = fakeLoad();
  const jobProcess = jobProcessMachine.provide({
    actors: { childProcess: children.logic, sampleMemory: fakeMemory().logic },
  });
  const machine = workerMachine.provide({
    actors: {
      registration: registrationMachine.provide({
        actors: { signalSocket: sockets.logic },
        delays: { closeTimeout: fakes.registrationCloseMs ?? 1_000 },
      }),
      processPool: processPoolMachine.provide({ actors: { jobProcess } }),
      job: jobMachine.provide({
        actors: {
          decideRequest: decisions.logic,
          removeParticipant: removals.logic,
          deleteRoom: fakeDeletions().logic,
        },
        ...(fakes.whenJobStarts === undefined
          ? {}
          : { actions: { emitStarted: fakes.whenJobStarts } }),
      }),
      ...(fakes.brokenLoad === true ? {} : { sampleLoad: load.logic }),
    },
  });
  return { machine, sockets, children, decisions, removals, load };
}

export function startWorker(change: Partial<WorkerInput> = {}, fakes: Fakes = {}) {
  const { machine, ...parts } = compose(fakes);
  const { sockets, children, decisions } = parts;
  const clock = new TestClock();
  const emitted: LifecycleEvent[] = [];
  const actor = createActor(machine, {
    clock,
    inspect: (event) => {
      coverage.inspect(event);
      fakes.inspect?.(event);
      if (event.type !== '@xstate.actor') return;
      const made = event.actorRef as AnyActorRef;
      made.on('*', (fact) => void emitted.push(fact as LifecycleEvent));
    },
    input: {
      registrations: [greeter],
      version: '0.1.0',
      url: 'ws://own',
      permissions,
      maxRetry: null,
      maxJobs: null,
      loadThreshold: 0.7,
      numIdleProcesses: 1,
      maxStarting: 8,
      restartIntensity: 3,
      drainTimeoutMs: 3_600_000,
      jobLimits,
      processLimits,
      ...change,
    },
  }).start();

  const sentBy = <Type extends WorkerMessage['type']>(type: Type) =>
    sockets.sockets
      .flatMap(({ sent }) => sent)
      .filter(
        (message): message is Extract<WorkerMessage, { type: Type }> => message.type === type,
      );

  const worker = {
    actor,
    clock,
    ...parts,
    /** Every status told, on every connection, in order. */
    statuses: () =>
      sentBy('status').map(({ status, load, jobCount }) => [status, round(load), jobCount]),
    answers: () => sentBy('answer').map(({ jobId, answer }) => [jobId, answer.available]),
    jobStatuses: () =>
      sentBy('jobStatus').map(({ jobId, status, error }) => [jobId, status, error]),
    emitted: <Type extends LifecycleEvent['type']>(type: Type) =>
      emitted.filter(
        (event): event is Extract<LifecycleEvent, { type: Type }> => event.type === type,
      ),
    /** Why jobs were refused or rejected. */
    reasons: () => worker.emitted('job.rejected').map(({ jobId, reason }) => [jobId, reason]),
    ends: () => worker.emitted('job.ended').map(({ jobId, end }) => [jobId, end]),
    state: () => stateName(actor.getSnapshot().value),
    slots: () =>
      Object.fromEntries(
        Object.entries(actor.getSnapshot().context.slots).map(([slot, { jobId, phase }]) => [
          slot,
          `${jobId} ${phase}`,
        ]),
      ),
    output: () => actor.getSnapshot().output,
    /** The processes that the pool has, whatever they do. */
    poolProcesses: () => actor.getSnapshot().context.pool.getSnapshot().context.processes,
    register(workerId = 'AW_1', socket = sockets.last()) {
      socket.opens();
      socket.registers(workerId);
    },
    request(jobId: string, socket = sockets.last()) {
      socket.does({ type: 'server.jobRequested', job: makeJob(jobId), resuming: false });
    },
    assign(jobId: string, socket = sockets.last()) {
      socket.does({ type: 'server.jobAssigned', job: makeJob(jobId), url: null, token: 'secret' });
    },
    terminate: (jobId: string) => sockets.last().does({ type: 'server.jobTerminated', jobId }),
    /** The server offers a job and the user takes it. */
    async accept(jobId: string, socket = sockets.last()) {
      worker.request(jobId, socket);
      await decisions.last().answer(accepted);
    },
    /** The process that runs a job. */
    childOf: (jobId: string) =>
      children.children.findLast(({ told }) =>
        told.some((message) => message.type === 'launch' && message.order.job.id === jobId),
      )!,
    /** Until its agent is in its room. */
    async run(jobId: string) {
      await worker.accept(jobId);
      worker.assign(jobId);
      const child = children.of(worker.processOf(jobId));
      if (child.told.length === 0) child.getsWarm();
      worker
        .childOf(jobId)
        .says(
          { type: 'session.started' },
          { type: 'session.connecting' },
          { type: 'session.connected', roomSid: 'RM_1', identity: 'agent' },
        );
    },
    processOf(jobId: string): string {
      const { slots } = actor.getSnapshot().context;
      const slot = Object.values(slots).find((one) => one.jobId === jobId)!;
      return slot.ref.getSnapshot().context.process;
    },
    /** The session ends by itself, and the process with it. */
    async finish(jobId: string) {
      const child = worker.childOf(jobId);
      const outcome = {
        outcome: 'succeeded',
        reason: 'agent-ended',
        detail: '',
        failure: null,
      } as const;
      child.says(
        { type: 'session.closing', reason: 'agent-ended', detail: '' },
        { type: 'session.outcome', outcome },
      );
      child.exits();
      await settled();
    },
  };
  return worker;
}

export type Worker = ReturnType<typeof startWorker>;

/** One that takes jobs; what the server was told before is forgotten. */
export function startReady(change: Partial<WorkerInput> = {}, fakes: Fakes = {}): Worker {
  const worker = startWorker(change, fakes);
  worker.register();
  if (fakes.reacts === undefined) for (const child of worker.children.children) child.getsWarm();
  worker.sockets.last().sent.length = 0;
  return worker;
}

function round(load: number): number {
  return Math.round(load * 1_000) / 1_000;
}
