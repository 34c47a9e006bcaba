/** What the supervisor of `dev` and the worker it has started say to each other, over the IPC channel of Node. */
import { type FailureShape, toFailure } from '../errors.ts';

/** Supervisor → worker. */
export type ToGeneration = { type: 'drain' } | { type: 'close' } | { type: 'kill' };

/** Worker → supervisor. */
export type FromGeneration =
  /** The worker is made: how long it needs at most to close. */
  | { type: 'made'; closeTimeoutMs: number }
  /** It takes jobs. */
  | { type: 'ready' }
  | { type: 'failed'; failure: FailureShape };

const variable = 'GREENROOM_DEV_GENERATION';

/** What the environment of a worker says to it. `beside`: another worker lives, and may hold the HTTP port. */
export function generationEnvironment(position: 'alone' | 'beside'): Record<string, string> {
  return { [variable]: position };
}

/** A message of the other side; `null` for one that is none of ours. */
export function readMessage<Message extends ToGeneration | FromGeneration>(
  value: unknown,
  types: readonly Message['type'][],
): Message | null {
  const { type } = (value ?? {}) as { type?: unknown };
  return types.some((known) => known === type) ? (value as Message) : null;
}

/** The worker's end of the link to its supervisor. */
export class SupervisorLink {
  readonly isBeside: boolean;
  #early: ToGeneration[] = [];
  #listener: ((message: ToGeneration) => void) | null = null;

  /** The link, when this process was started by a supervisor. Programs that it starts itself are not. */
  static open(): SupervisorLink | null {
    const position = process.env[variable];
    delete process.env[variable];
    return position === undefined || process.send === undefined
      ? null
      : new SupervisorLink(position === 'beside');
  }

  private constructor(isBeside: boolean) {
    this.isBeside = isBeside;
    process.on('message', (value) => {
      const message = readMessage<ToGeneration>(value, ['drain', 'close', 'kill']);
      if (message !== null) this.#receive(message);
    });
    // Without its supervisor nobody would end this worker.
    process.on('disconnect', () => this.#receive({ type: 'close' }));
  }

  /** Calls `listener` for each order, those that came before included. The end of the supervisor is an order to close. */
  listen(listener: (message: ToGeneration) => void): void {
    this.#listener = listener;
    for (const message of this.#early.splice(0)) listener(message);
  }

  /** Tells the supervisor; one that is gone is not told. */
  send(message: FromGeneration): void {
    if (process.connected) process.send?.(message, undefined, undefined, () => {});
  }

  /** Tells that the worker will not take jobs. */
  failed(error: unknown): void {
    this.send({ type: 'failed', failure: toFailure(error, 'GR_INTERNAL') });
  }

  #receive(message: ToGeneration): void {
    if (this.#listener === null) this.#early.push(message);
    else this.#listener(message);
  }
}
