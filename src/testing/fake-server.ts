/** The LiveKit server of a registration, played in memory: no socket, no waiting. */
import { type CallbackActorLogic, fromCallback } from 'xstate';
import type { Job, WorkerMessage } from '../../machines/messages.ts';
import type { SocketCommand, SocketEvent } from '../../machines/registration/registration.types.ts';

/** A job as far as a test cares. */
export type FakeJob = Partial<Job> & Pick<Job, 'id'>;

const serverInfo = {
  edition: 0,
  version: 'fake',
  protocol: 0,
  region: '',
  nodeId: '',
  debugInfo: '',
  agentProtocol: 1,
};

/** Registers whoever asks, answers pings, and assigns each job that is accepted. */
export class FakeServer {
  /** Everything that workers have sent. */
  readonly received: WorkerMessage[] = [];
  /** Whether an accepted job is assigned at once. */
  assigns = true;
  readonly #jobs = new Map<string, Job>();
  readonly #connections = new Set<(event: SocketEvent) => void>();
  #workers = 0;

  /** The actor `signalSocket`. */
  readonly socket: CallbackActorLogic<SocketCommand> = fromCallback(({ sendBack, receive }) => {
    const say = (event: SocketEvent): void => sendBack(event);
    this.#connections.add(say);
    receive((command) => this.#obey(command, say));
    say({ type: 'socket.opened' });
    return () => void this.#connections.delete(say);
  });

  /** Offers a job to every worker that is connected. */
  offer({ id, ...given }: FakeJob): Job {
    const job: Job = {
      dispatchId: `AD_of_${id}`,
      type: 0,
      agentName: '',
      metadata: '',
      deployment: '',
      attributes: {},
      room: { sid: `RM_of_${id}`, name: `room of ${id}` },
      ...given,
      id,
    };
    this.#jobs.set(id, job);
    this.say({ type: 'server.jobRequested', job, resuming: false });
    return job;
  }

  /** Assigns a job: for servers that do not `assigns`. */
  assign(jobId: string): void {
    const job = this.#jobs.get(jobId);
    if (job !== undefined) this.say({ type: 'server.jobAssigned', job, url: null, token: '' });
  }

  /** Terminates a job. */
  terminate(jobId: string): void {
    this.say({ type: 'server.jobTerminated', jobId });
  }

  /** Closes all connections, as a server that restarts. */
  drop(reason = 'the test dropped the connection'): void {
    this.say({ type: 'socket.closed', code: 1006, reason, jitter: 0 });
  }

  /** Says anything at all on every connection. */
  say(event: SocketEvent): void {
    for (const say of this.#connections) say(event);
  }

  #obey(command: SocketCommand, say: (event: SocketEvent) => void): void {
    if (command.type === 'socket.close') {
      say({ type: 'socket.closed', code: 1000, reason: '', jitter: 0 });
      return;
    }
    const { message } = command;
    this.received.push(message);
    if (message.type === 'register') {
      this.#workers += 1;
      say({ type: 'server.registered', workerId: `AW_${this.#workers}`, serverInfo });
    } else if (message.type === 'ping') {
      say({ type: 'server.ponged', lastTimestamp: 0, timestamp: 0 });
    } else if (message.type === 'answer' && message.answer.available && this.assigns) {
      this.assign(message.jobId);
    }
  }
}
