/** What the embedded server does wrong when a test wants it to. */
/** A message that can be lost on its way to the worker. */
export type LosableMessage = 'availability' | 'assignment' | 'termination' | 'pong' | 'register';

/** Holds from when it is set, for every worker. */
export class Faults {
  /** What an upgrade to `/agent` gets: a WebSocket, silence, or an HTTP status. */
  upgrades: 'accept' | 'ignore' | number = 'accept';
  /** What the API answers: what it should, nothing at all, or an HTTP status. */
  api: 'answer' | 'ignore' | number = 'answer';
  /** How much later everything reaches the workers. */
  sendDelayMs = 0;
  readonly #losses = new Map<LosableMessage, number>();

  /** Loses the next messages of a kind; `Infinity` loses them all. */
  lose(message: LosableMessage, count = 1): void {
    this.#losses.set(message, count);
  }

  /** Everything works again. */
  clear(): void {
    this.upgrades = 'accept';
    this.api = 'answer';
    this.sendDelayMs = 0;
    this.#losses.clear();
  }

  /** Whether this message is to be lost: counts it. For the server. */
  loses(message: LosableMessage): boolean {
    const left = this.#losses.get(message) ?? 0;
    if (left <= 0) return false;
    this.#losses.set(message, left - 1);
    return true;
  }
}
