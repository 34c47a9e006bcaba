/** A fake for every actor that the machines leave open: what they do without a server, processes and time. */
import {
  type CallbackActorLogic,
  type EventObject,
  fromCallback,
  fromPromise,
  type PromiseActorLogic,
} from 'xstate';
import { jobProcessMachine } from '../../machines/job-process/job-process.machine.ts';
import type {
  ChildProcessLogic,
  MemoryEvent,
  MemoryInput,
} from '../../machines/job-process/job-process.types.ts';
import { jobMachine } from '../../machines/job/job.machine.ts';
import type { Decision } from '../../machines/job/job.types.ts';
import type { Job } from '../../machines/messages.ts';
import { processPoolMachine } from '../../machines/process-pool/process-pool.machine.ts';
import type { SocketCommand } from '../../machines/registration/registration.types.ts';
import { registrationMachine } from '../../machines/registration/registration.machine.ts';
import { sessionCloseMachine } from '../../machines/session-close/session-close.machine.ts';
import { sessionMachine } from '../../machines/session/session.machine.ts';
import { workerMachine } from '../../machines/worker/worker.machine.ts';
import type { LoadEvent } from '../../machines/worker/worker.types.ts';
import { type FakeProcessOptions, FakeProcesses } from './fake-processes.ts';
import { FakeServer } from './fake-server.ts';
import { FakeSession } from './fake-session.ts';

/** How the fakes behave. */
export interface FakeActorOptions extends FakeProcessOptions {
  /** Stands for the user's `requestFunc`. @defaultValue every job is accepted */
  decide?: (job: Job) => Decision | Promise<Decision>;
}

/** Fake actors by the machine they are for. */
export interface FakeActorSets {
  registration: { signalSocket: CallbackActorLogic<SocketCommand> };
  jobProcess: {
    childProcess: ChildProcessLogic;
    sampleMemory: CallbackActorLogic<EventObject, MemoryInput>;
  };
  job: {
    decideRequest: PromiseActorLogic<Decision, { job: Job }>;
    removeParticipant: PromiseActorLogic<void, { room: string; identity: string }>;
    deleteRoom: PromiseActorLogic<void, { room: string }>;
  };
  worker: { sampleLoad: CallbackActorLogic<EventObject> };
  session: Pick<FakeSession, 'entry' | 'room'>;
  sessionClose: FakeSession['close'];
}

/** Makes one set of fakes: for one worker, or one session. */
export function fakeActors(options: FakeActorOptions = {}): FakeActors {
  return new FakeActors(options);
}

/** Fake actors, sorted by the machine they are for, and what a test holds them by. */
export class FakeActors {
  /** The LiveKit server. */
  readonly server = new FakeServer();
  /** The job processes. */
  readonly processes: FakeProcesses;
  /** The agent and its room. */
  readonly session = new FakeSession();
  /** What the room API was asked for. */
  readonly roomCalls: (
    | { call: 'removeParticipant'; room: string; identity: string }
    | { call: 'deleteRoom'; room: string }
  )[] = [];
  readonly #decide: (job: Job) => Decision | Promise<Decision>;
  readonly #load = new Set<(event: LoadEvent) => void>();
  readonly #memory = new Set<(event: MemoryEvent) => void>();

  constructor(options: FakeActorOptions) {
    this.processes = new FakeProcesses(options);
    this.#decide = options.decide ?? acceptAll;
  }

  /** The actors, for the `.provide()` of each machine. */
  get actors(): FakeActorSets {
    const { server, processes, session } = this;
    return {
      registration: { signalSocket: server.socket },
      jobProcess: { childProcess: processes.logic, sampleMemory: this.#sampleMemory },
      job: {
        decideRequest: this.#decideRequest,
        removeParticipant: this.#removeParticipant,
        deleteRoom: this.#deleteRoom,
      },
      worker: { sampleLoad: this.#sampleLoad },
      session: { entry: session.entry, room: session.room },
      sessionClose: session.close,
    };
  }

  /** The load was measured. */
  load(load: number): void {
    for (const say of this.#load) say({ type: 'load.sampled', load });
  }

  /** The memory of every job process was measured. */
  memory(event: MemoryEvent): void {
    for (const say of this.#memory) say(event);
  }

  /** A worker machine that touches nothing. */
  workerMachine(): typeof workerMachine {
    const { actors } = this;
    const jobProcess = jobProcessMachine.provide({ actors: actors.jobProcess });
    return workerMachine.provide({
      actors: {
        ...actors.worker,
        registration: registrationMachine.provide({ actors: actors.registration }),
        processPool: processPoolMachine.provide({ actors: { jobProcess } }),
        job: jobMachine.provide({ actors: actors.job }),
      },
    });
  }

  /** A session machine that touches nothing. */
  sessionMachine(): typeof sessionMachine {
    const { session, sessionClose } = this.actors;
    return sessionMachine.provide({
      actors: { ...session, sessionClose: sessionCloseMachine.provide({ actors: sessionClose }) },
    });
  }

  readonly #decideRequest: PromiseActorLogic<Decision, { job: Job }> = fromPromise(
    async ({ input }) => this.#decide(input.job),
  );
  readonly #removeParticipant: PromiseActorLogic<void, { room: string; identity: string }> =
    fromPromise(async ({ input }) => {
      this.roomCalls.push({ call: 'removeParticipant', ...input });
    });
  readonly #deleteRoom: PromiseActorLogic<void, { room: string }> = fromPromise(
    async ({ input }) => {
      this.roomCalls.push({ call: 'deleteRoom', ...input });
    },
  );
  readonly #sampleLoad: CallbackActorLogic<EventObject> = fromCallback(({ sendBack }) => {
    this.#load.add(sendBack);
    return () => void this.#load.delete(sendBack);
  });
  readonly #sampleMemory: CallbackActorLogic<EventObject, MemoryInput> = fromCallback(
    ({ sendBack }) => {
      this.#memory.add(sendBack);
      return () => void this.#memory.delete(sendBack);
    },
  );
}

async function acceptAll({ id }: Job): Promise<Decision> {
  const accept = { name: '', identity: `agent-${id}`, metadata: '', attributes: {} };
  return { type: 'accept', accept };
}
