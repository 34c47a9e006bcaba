/** What happens on the embedded server, as typed events, and waiting for them. */
import type { DisconnectReason, JobStatus, JobType } from '@livekit/protocol';
import type { SimulatedParticipant } from './participant.ts';
import type { SimulatedRoom } from './room.ts';

/** Why a job was given to no worker. */
export type DropReason =
  | 'no worker has the agent name'
  | 'all workers are full'
  | 'all workers rejected'
  | 'no answer in time'
  | 'the worker could not be written to';

/** Why a worker was told that a job is terminated. */
export type TerminationReason = 'dispatch deleted' | 'agent left';

/** Everything that happens on the server. */
export type DispatchServerEvent =
  | { type: 'worker.refused'; status: number; body: string }
  | { type: 'worker.connected'; workerId: string }
  | {
      type: 'worker.registered';
      workerId: string;
      agentName: string;
      namespace: string;
      deployment: string;
      jobType: JobType;
    }
  | { type: 'worker.status'; workerId: string; isFull: boolean; load: number }
  | { type: 'worker.migrated'; workerId: string; jobIds: string[] }
  /** `cause` is set when the server has cut the connection. */
  | { type: 'worker.gone'; workerId: string; cause: string | null }
  | { type: 'dispatch.created'; dispatchId: string; room: string; agentName: string }
  | { type: 'dispatch.deleted'; dispatchId: string; room: string; agentName: string }
  | { type: 'job.offered'; jobId: string; dispatchId: string; room: string; workerId: string }
  | {
      type: 'job.answered';
      jobId: string;
      workerId: string;
      answer: 'accepted' | 'rejected' | 'terminated';
    }
  | {
      type: 'job.assigned';
      jobId: string;
      room: string;
      workerId: string;
      identity: string;
      token: string;
    }
  | { type: 'job.updated'; jobId: string; workerId: string; status: JobStatus; error: string }
  | { type: 'job.terminated'; jobId: string; workerId: string; reason: TerminationReason }
  | {
      type: 'job.dropped';
      jobId: string;
      jobType: JobType;
      dispatchId: string;
      agentName: string;
      reason: DropReason;
    }
  | { type: 'room.created'; room: SimulatedRoom }
  | { type: 'room.closed'; room: SimulatedRoom; reason: DisconnectReason }
  | { type: 'participant.joined'; participant: SimulatedParticipant; room: string }
  | {
      type: 'participant.left';
      participant: SimulatedParticipant;
      room: string;
      reason: DisconnectReason;
    };

/** The event of that type. */
export type DispatchServerEventOf<Type extends DispatchServerEvent['type']> = Extract<
  DispatchServerEvent,
  { type: Type }
>;

/** How to wait for an event. */
export interface EventWait<Event> {
  matches?: (event: Event) => boolean;
  /** In the time of this machine. @defaultValue 5000 ms */
  timeoutMs?: number;
  /** Counts only what comes after this many events of `server.events`. @defaultValue 0: all there were */
  from?: number;
}

/** The events of a server, as they come and as they came. */
export class ServerEvents {
  readonly past: DispatchServerEvent[] = [];
  readonly #listeners = new Set<(event: DispatchServerEvent) => void>();

  /** Tells an event. */
  emit(event: DispatchServerEvent): void {
    this.past.push(event);
    for (const listener of this.#listeners) listener(event);
  }

  /** Calls back with every event of that type from now on, until the returned function is called. */
  on<Type extends DispatchServerEvent['type']>(
    type: Type,
    listener: (event: DispatchServerEventOf<Type>) => void,
  ): () => void {
    const own = (event: DispatchServerEvent): void => {
      if (isOf(event, type)) listener(event);
    };
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  /** The first event of that type that matches, be it here already or still to come. */
  waitFor<Type extends DispatchServerEvent['type']>(
    type: Type,
    {
      matches = () => true,
      timeoutMs = 5_000,
      from = 0,
    }: EventWait<DispatchServerEventOf<Type>> = {},
  ): Promise<DispatchServerEventOf<Type>> {
    for (const event of this.past.slice(from)) {
      if (isOf(event, type) && matches(event)) return Promise.resolve(event);
    }
    return new Promise((resolve, reject) => {
      const stop = this.on(type, (event) => {
        if (!matches(event)) return;
        clearTimeout(timer);
        stop();
        resolve(event);
      });
      const timer = setTimeout(() => {
        stop();
        reject(new Error(`No ${type} within ${timeoutMs} ms. There were: ${this.#summary()}.`));
      }, timeoutMs);
    });
  }

  #summary(): string {
    return this.past.map(({ type }) => type).join(', ') || 'no events';
  }
}

function isOf<Type extends DispatchServerEvent['type']>(
  event: DispatchServerEvent,
  type: Type,
): event is DispatchServerEventOf<Type> {
  return event.type === type;
}
