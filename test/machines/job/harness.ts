/** A job whose registration, pool, process and user the test plays. */
import { createActor } from 'xstate';
import type { JobEvent } from '../../../machines/events.ts';
import type {
  ProcessCommand,
  ProcessReport,
} from '../../../machines/job-process/job-process.types.ts';
import { jobMachine } from '../../../machines/job/job.machine.ts';
import type { Decision, JobInput, JobReport } from '../../../machines/job/job.types.ts';
import type { AcceptArguments, CloseReason, SessionOutcome } from '../../../machines/messages.ts';
import type { PoolCommand } from '../../../machines/process-pool/process-pool.types.ts';
import type { RegistrationCommand } from '../../../machines/registration/registration.types.ts';
import {
  fakeDecisions,
  fakeDeletions,
  fakeRemovals,
  listener,
  makeJob,
  TestClock,
} from '../fakes.ts';
import { createCoverage } from '../../../src/testing/model/coverage.ts';
import { stateName } from '../settling.ts';

export const coverage = createCoverage(jobMachine);

export const limits = {
  requestTimeoutMs: 2_000,
  assignmentTimeoutMs: 5_000,
  closeTimeoutMs: 65_000,
};

export const accept: AcceptArguments = {
  name: 'Agent',
  identity: 'agent-AJ_1',
  metadata: 'm',
  attributes: { a: 'b' },
};

export const accepted: Decision = { type: 'accept', accept };

export const facts = {
  workerId: 'AW_1',
  jobId: 'AJ_1',
  dispatchId: 'AD_AJ_1',
  agentName: 'greeter',
  room: 'room of AJ_1',
};

export const ended: SessionOutcome = {
  outcome: 'succeeded',
  reason: 'agent-ended',
  detail: 'bye',
  failure: null,
};

type Exit = Partial<Extract<ProcessReport, { type: 'process.exited' }>>;

/** What is heard when a process is gone. */
export function exit(change: Exit = {}): ProcessReport {
  return {
    type: 'process.exited',
    process: 'process.1',
    pid: 101,
    code: 0,
    signal: null,
    cause: null,
    failure: null,
    ...change,
  };
}

/** A crash, as a process reports it. */
export const crash = exit({
  code: null,
  signal: 'SIGSEGV',
  failure: { code: 'GR_PROCESS_KILLED', message: 'The job process was ended by SIGSEGV.' },
});

/** What the server is told of the end. */
export const status = (kind: 'success' | 'failed', error = '') => ({
  type: 'job.statusReported',
  jobId: 'AJ_1',
  workerId: 'AW_1',
  status: kind,
  error,
});

/** What a session tells when it begins to close. */
export const closing = (reason: CloseReason, detail = '') =>
  ({ type: 'session.closing', reason, detail }) as const;

export function startJob(change: Partial<JobInput> = {}) {
  const clock = new TestClock();
  const decisions = fakeDecisions();
  const removals = fakeRemovals();
  const deletions = fakeDeletions();
  const registration = listener<RegistrationCommand>();
  const pool = listener<PoolCommand>();
  const parent = listener<JobReport>();
  const processes: ReturnType<typeof listener<ProcessCommand>>[] = [];
  const emitted: JobEvent[] = [];
  const actor = createActor(
    jobMachine.provide({
      actors: {
        decideRequest: decisions.logic,
        removeParticipant: removals.logic,
        deleteRoom: deletions.logic,
      },
    }),
    {
      clock,
      inspect: coverage.inspect,
      input: {
        slot: 'job.1',
        job: makeJob(),
        workerId: 'AW_1',
        url: 'ws://own',
        limits,
        registration: registration.ref,
        pool: pool.ref,
        parent: parent.ref,
        ...change,
      },
    },
  );
  actor.on('*', (event) => emitted.push(event));
  actor.start();
  const job = {
    actor,
    clock,
    decisions,
    removals,
    deletions,
    emitted,
    /** What the server is told. */
    sent: registration.heard,
    toPool: pool.heard,
    toParent: parent.heard,
    /** What the process of the last claim is told. */
    toProcess: () => processes.at(-1)!.heard,
    types: () => emitted.map(({ type }) => type),
    state: () => stateName(actor.getSnapshot().value),
    output: () => actor.getSnapshot().output,
    context: () => actor.getSnapshot().context,
    /** The pool gives it a process. */
    granted() {
      const process = listener<ProcessCommand>();
      processes.push(process);
      actor.send({
        type: 'pool.claimed',
        process: `process.${processes.length}`,
        processRef: process.ref,
      });
      actor.send({ type: 'process.spawned', pid: 100 + processes.length });
    },
    assigned(url: string | null = null) {
      const job1 = makeJob('AJ_1', { metadata: 'assigned' });
      actor.send({ type: 'server.jobAssigned', job: job1, url, token: 'secret' });
    },
    /** The server has read the status that the job reported. */
    read: () => actor.send({ type: 'server.statusRead' }),
    hears(...reports: ProcessReport[]) {
      for (const report of reports) actor.send(report);
    },
  };
  return job;
}

export type Job = ReturnType<typeof startJob>;

/** One that was accepted and has a process. */
export async function startAccepted(change: Partial<JobInput> = {}): Promise<Job> {
  const job = startJob(change);
  await job.decisions.last().answer(accepted);
  job.granted();
  return job;
}

/** One whose process was told to start it. */
export async function startLaunching(change: Partial<JobInput> = {}): Promise<Job> {
  const job = await startAccepted(change);
  job.assigned();
  return job;
}

/** One whose session runs, `connected` to its room or not; what was said before is forgotten. */
export async function startRunning(
  connected: 'unconnected' | 'connecting' | 'connected',
  change: Partial<JobInput> = {},
): Promise<Job> {
  const job = await startLaunching(change);
  job.hears({ type: 'session.started' });
  if (connected !== 'unconnected') job.hears({ type: 'session.connecting' });
  if (connected === 'connected') {
    job.hears({ type: 'session.connected', roomSid: 'RM_AJ_1', identity: accept.identity });
  }
  job.sent.length = 0;
  job.toPool.length = 0;
  job.emitted.length = 0;
  job.toProcess().length = 0;
  return job;
}
