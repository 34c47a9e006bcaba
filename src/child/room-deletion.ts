import type { Credentials, FromJobProcess } from '../ipc/messages.ts';
import type { Failure } from '../../machines/messages.ts';
import { WorkerError, describeValue } from '../errors.ts';

/** Deletes rooms: by the server's API with the credentials of the worker, or through the worker, which keeps them. */
export class RoomDeletion {
  readonly #url: string;
  readonly #jobRoom: string;
  readonly #credentials: Credentials | null;
  readonly #send: (message: FromJobProcess) => boolean;
  readonly #waiting = new Map<number, (failure: Failure | null) => void>();
  #nextId = 1;

  constructor(options: {
    url: string;
    /** Name of the job's own room, the only one that the worker deletes for a job. */
    jobRoom: string;
    credentials: Credentials | null;
    /** False when the worker is gone. */
    send: (message: FromJobProcess) => boolean;
  }) {
    this.#url = options.url;
    this.#jobRoom = options.jobRoom;
    this.#credentials = options.credentials;
    this.#send = options.send;
  }

  /**
   * Without credentials only the job's own room can be deleted.
   * @throws WorkerError `GR_OPTION_INVALID`
   */
  requireAllowed(room: string = this.#jobRoom): void {
    if (this.#credentials !== null || room === this.#jobRoom) return;
    throw new WorkerError(
      'GR_OPTION_INVALID',
      `deleteRoom() was asked to delete ${describeValue(room)}: with credentials: 'withhold' a job may delete its own room only, ${describeValue(this.#jobRoom)}.`,
      { details: { room, own: this.#jobRoom } },
    );
  }

  /** Deletes a room; one that is gone already is fine. */
  async delete(room: string = this.#jobRoom): Promise<void> {
    this.requireAllowed(room);
    if (this.#credentials === null) return this.#deleteByWorker();
    return this.#deleteByApi(room, this.#credentials);
  }

  /** The worker answered. */
  settle(id: number, failure: Failure | null): void {
    this.#waiting.get(id)?.(failure);
    this.#waiting.delete(id);
  }

  /** The worker is gone: it will answer nothing. */
  abandon(): void {
    for (const id of this.#waiting.keys()) this.settle(id, workerGone);
  }

  async #deleteByApi(room: string, { apiKey, apiSecret }: Credentials): Promise<void> {
    // Too heavy for every job process: 79 ms, and few jobs delete a room.
    const { RoomServiceClient } = await import('livekit-server-sdk');
    try {
      await new RoomServiceClient(this.#url, apiKey, apiSecret).deleteRoom(room);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  #deleteByWorker(): Promise<void> {
    const id = this.#nextId;
    this.#nextId += 1;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, (failure) => {
        if (failure === null) resolve();
        else reject(new WorkerError('GR_STEP_FAILED', failure.message));
      });
      if (!this.#send({ type: 'session.deleteRoom', id })) this.settle(id, workerGone);
    });
  }
}

const workerGone: Failure = {
  code: 'GR_STEP_FAILED',
  message: 'The worker is gone, and with it the credentials to delete the room.',
};

function isNotFound(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'status' in error && error.status === 404;
}
