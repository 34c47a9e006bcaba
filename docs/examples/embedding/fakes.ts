/** A worker that touches nothing: server, job processes and user are played by fakes. */
import { type EventObject, fromCallback, fromPromise, sendParent, setup } from 'xstate';
import {
  type ChildCommand,
  type ChildExit,
  type ChildProcessLogic,
  type Decision,
  type Job,
  jobMachine,
  jobProcessMachine,
  processPoolMachine,
  registrationMachine,
  type SocketCommand,
  type SocketEvent,
  workerMachine,
} from 'greenroom/machines';

/** How long a call lasts. */
export const callMs = 2000;

/** A job process that is warm at once. It is a machine itself; the pool's one sees what the link would say. */
const childProcess = setup({
  types: { events: {} as ChildCommand, output: {} as ChildExit },
  guards: {
    isPing: ({ event }) => event.type === 'child.tell' && event.message.type === 'ping',
    isLaunch: ({ event }) => event.type === 'child.tell' && event.message.type === 'launch',
    isClose: ({ event }) => event.type === 'child.tell' && event.message.type === 'close',
  },
  delays: { callMs },
}).createMachine({
  id: 'fakeChildProcess',
  output: { pid: 1, code: 0, signal: null },
  entry: [
    sendParent({ type: 'child.spawned', pid: 1 }),
    sendParent({ type: 'link.warm', warmupMs: 1 }),
  ],
  initial: 'warm',
  on: {
    'child.tell': [
      { guard: 'isPing', actions: sendParent(({ event }) => pongOf(event)) },
      { guard: 'isClose', target: '.exited' },
    ],
    'child.signal': '.exited',
  },
  states: {
    warm: { on: { 'child.tell': { guard: 'isLaunch', target: 'inCall' } } },
    inCall: {
      entry: [
        sendParent({ type: 'session.started' }),
        sendParent({ type: 'session.connecting' }),
        sendParent({ type: 'session.connected', roomSid: 'RM_1', identity: 'agent' }),
      ],
      after: { callMs: 'hangingUp' },
    },
    hangingUp: {
      entry: [
        sendParent({ type: 'session.closing', reason: 'room-closed', detail: '' }),
        sendParent({
          type: 'session.outcome',
          outcome: { outcome: 'succeeded', reason: 'room-closed', detail: '', failure: null },
        }),
      ],
      always: 'exited',
    },
    exited: { type: 'final' },
  },
});

function pongOf(event: ChildCommand): EventObject & { id: number } {
  const id = event.type === 'child.tell' && event.message.type === 'ping' ? event.message.id : 0;
  return { type: 'link.ponged', id };
}

/** The server: registers whoever asks, and assigns each job that is accepted. */
class FakeServer {
  readonly #jobs = new Map<string, Job>();
  #tell: (event: SocketEvent) => void = () => {};

  readonly socket = fromCallback<SocketCommand>(({ sendBack, receive }) => {
    this.#tell = sendBack;
    receive((command) => this.#receive(command));
    sendBack({ type: 'socket.opened' });
  });

  /** Offers a job in a room. */
  offer(id: string, room: string): void {
    const job: Job = {
      id,
      dispatchId: `AD_${id}`,
      type: 0,
      agentName: 'greeter',
      metadata: '',
      deployment: '',
      attributes: {},
      room: { sid: 'RM_1', name: room },
    };
    this.#jobs.set(id, job);
    this.#tell({ type: 'server.jobRequested', job, resuming: false });
  }

  #receive(command: SocketCommand): void {
    if (command.type === 'socket.close') {
      this.#tell({ type: 'socket.closed', code: 1000, reason: '', jitter: 0 });
      return;
    }
    const { message } = command;
    if (message.type === 'register') {
      this.#tell({ type: 'server.registered', workerId: 'AW_1', serverInfo });
    } else if (message.type === 'ping') {
      this.#tell({ type: 'server.ponged', lastTimestamp: 0, timestamp: 0 });
    } else if (message.type === 'answer' && message.answer.available) {
      const job = this.#jobs.get(message.jobId);
      if (job !== undefined) this.#tell({ type: 'server.jobAssigned', job, url: null, token: '' });
    }
  }
}

const serverInfo = {
  edition: 0,
  version: 'fake',
  protocol: 0,
  region: '',
  nodeId: '',
  debugInfo: '',
  agentProtocol: 1,
};

const acceptAll = fromPromise<Decision, { job: Job }>(async ({ input: { job } }) => ({
  type: 'accept',
  accept: { name: '', identity: `agent-${job.id}`, metadata: '', attributes: {} },
}));

/** Every machine of a worker, with a fake wherever it reaches out. */
export function fakeWorker() {
  const server = new FakeServer();
  const jobProcess = jobProcessMachine.provide({
    actors: {
      // Its snapshot shows neither pid nor phase, which only people look at.
      childProcess: childProcess as unknown as ChildProcessLogic,
      sampleMemory: fromCallback(() => {}),
    },
  });
  const machine = workerMachine.provide({
    actors: {
      registration: registrationMachine.provide({ actors: { signalSocket: server.socket } }),
      processPool: processPoolMachine.provide({ actors: { jobProcess } }),
      job: jobMachine.provide({
        actors: {
          decideRequest: acceptAll,
          removeParticipant: fromPromise(async () => {}),
          deleteRoom: fromPromise(async () => {}),
        },
      }),
      sampleLoad: fromCallback(() => {}),
    },
  });
  return { server, machine };
}
