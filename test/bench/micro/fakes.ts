/** Actors that do nothing, for whole lives of machines without anybody who plays them. */
import { fromCallback, fromPromise } from 'xstate';
import { jobProcessMachine } from '../../../machines/job-process/job-process.machine.ts';
import { jobMachine } from '../../../machines/job/job.machine.ts';
import type { Decision } from '../../../machines/job/job.types.ts';
import type { Job, SessionOutcome } from '../../../machines/messages.ts';
import { processPoolMachine } from '../../../machines/process-pool/process-pool.machine.ts';
import { registrationMachine } from '../../../machines/registration/registration.machine.ts';
import { sessionCloseMachine } from '../../../machines/session-close/session-close.machine.ts';
import type { CloseCause } from '../../../machines/session-close/session-close.types.ts';
import { sessionMachine } from '../../../machines/session/session.machine.ts';
import { workerMachine } from '../../../machines/worker/worker.machine.ts';
import {
  type FakeChild,
  fakeChildren,
  fakeDeletions,
  fakeMemory,
  fakeRemovals,
  fakeSockets,
} from '../../machines/fakes.ts';
import { accepted } from '../../machines/job/harness.ts';

/** How every session ends. */
export const succeeded: SessionOutcome = {
  outcome: 'succeeded',
  reason: 'agent-ended',
  detail: '',
  failure: null,
};

/** Gets warm at once, and is in the room as soon as it is told to start. */
function reacts(child: FakeChild, message: { type: string } | null): void {
  if (message === null) child.getsWarm();
  if (message?.type !== 'launch') return;
  child.says(
    { type: 'session.started' },
    { type: 'session.connecting' },
    { type: 'session.connected', roomSid: 'RM_1', identity: 'agent' },
  );
}

/** The session of a child comes to its end, and the child with it. */
export function endSession(child: FakeChild): void {
  child.says(
    { type: 'session.closing', reason: 'agent-ended', detail: '' },
    { type: 'session.outcome', outcome: succeeded },
  );
  child.exits();
}

const step = fromPromise<unknown, CloseCause>(() => Promise.resolve());
const decideRequest = fromPromise<Decision, { job: Job }>(() => Promise.resolve(accepted));

/** A session close whose steps are done at once. */
export const closeMachine = sessionCloseMachine.provide({
  actors: {
    settleEntry: step,
    endSession: step,
    settleConnect: step,
    deleteRoom: step,
    leaveRoom: step,
    runCallbacks: step,
    flushLogs: step,
    disposeNative: step,
  },
});

/** A session whose entry returns at once. */
export const quickSessionMachine = sessionMachine.provide({
  actors: {
    entry: fromPromise<unknown>(() => Promise.resolve()),
    room: fromCallback(() => {}),
    sessionClose: closeMachine,
  },
});

/** A job whose request is accepted at once. */
export const quickJobMachine = jobMachine.provide({
  actors: {
    decideRequest,
    removeParticipant: fakeRemovals().logic,
    deleteRoom: fakeDeletions().logic,
  },
});

/** A pool, its processes and the children of these. */
export function composePool() {
  const children = fakeChildren({ pong: true, reacts });
  const jobProcess = jobProcessMachine.provide({
    actors: { childProcess: children.logic, sampleMemory: fakeMemory().logic },
  });
  return { children, pool: processPoolMachine.provide({ actors: { jobProcess } }) };
}

/** A job process whose child is led step by step. */
export function composeJobProcess() {
  const children = fakeChildren();
  const actors = { childProcess: children.logic, sampleMemory: fakeMemory().logic };
  return { children, machine: jobProcessMachine.provide({ actors }) };
}

/** A registration and its sockets. */
export function composeRegistration() {
  const sockets = fakeSockets({ pong: true });
  const registration = registrationMachine.provide({ actors: { signalSocket: sockets.logic } });
  return { sockets, registration };
}

/** A worker with everything beneath it. */
export function composeWorker() {
  const { sockets, registration } = composeRegistration();
  const { children, pool } = composePool();
  const machine = workerMachine.provide({
    actors: {
      registration,
      processPool: pool,
      job: quickJobMachine,
      sampleLoad: fromCallback(() => {}),
    },
  });
  return { machine, sockets, children };
}
