/** The link to the worker: the IPC channel that `fork` opened. */
import type { InspectionReport } from '../ipc/inspection.ts';
import type { FromJobProcess, ToJobProcess } from '../ipc/messages.ts';
import { bounded } from './bounded.ts';

/** How long the last messages may take to leave. */
const flushTimeoutMs = 1_000;

/** The part of `process` that the link stands on. */
export type IpcChannel = Pick<NodeJS.Process, 'connected' | 'on'> & {
  send?:
    | ((
        message: FromJobProcess | InspectionReport,
        callback: (error: Error | null) => void,
      ) => boolean)
    | undefined;
};

/** Talks to the worker for as long as it is there; nothing here throws. */
export class Link {
  readonly #channel: IpcChannel;
  readonly #pending = new Set<Promise<void>>();

  constructor(channel: IpcChannel) {
    this.#channel = channel;
  }

  /** Calls the listener for each message of the worker. */
  onMessage(listener: (message: ToJobProcess) => void): void {
    this.#channel.on('message', (message) => {
      if (isMessage(message)) listener(message);
    });
  }

  /** Calls the listener when the worker is gone. */
  onLost(listener: () => void): void {
    this.#channel.on('disconnect', listener);
  }

  /** Sends a message; false when the worker is gone. */
  send(message: FromJobProcess | InspectionReport): boolean {
    return this.#send(message) !== null;
  }

  /** Sends a message; resolves when it has left this process, or cannot. */
  async deliver(message: FromJobProcess | InspectionReport): Promise<void> {
    await this.#send(message);
  }

  /** `null` when the worker is gone. */
  #send(message: FromJobProcess | InspectionReport): Promise<void> | null {
    const { send, connected } = this.#channel;
    if (send === undefined || !connected) return null;
    const sent = new Promise<void>((resolve) => {
      try {
        send.call(this.#channel, message, () => resolve());
      } catch {
        resolve();
      }
    });
    this.#pending.add(sent);
    void sent.then(() => this.#pending.delete(sent));
    return sent;
  }

  /** Resolves when everything sent has left this process, or cannot. */
  async flush(): Promise<void> {
    await bounded(Promise.all(this.#pending), flushTimeoutMs, undefined);
  }
}

function isMessage(message: unknown): message is ToJobProcess {
  return typeof message === 'object' && message !== null && 'type' in message;
}
