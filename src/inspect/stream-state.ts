/** How everything is after the messages so far: what a reader that comes now needs first. */
import type { InspectMessage, WireSnapshot } from './messages.ts';

/** A message of the stream with its text, which all readers share. */
export interface Entry {
  seq: number;
  message: InspectMessage;
  text: string;
}

interface KnownActor {
  actor: Entry;
  /** The last snapshot. */
  last: Entry | null;
}

/** Ended actors are kept for those who come a moment later: so many, the oldest are forgotten first. */
const maxEnded = 500;

/** Programs that make machines without end must not fill the memory. */
const maxDefinitions = 1_000;

/** The state of a stream, message by message. */
export class StreamState {
  readonly #definitions = new Map<string, Entry>();
  readonly #actors = new Map<string, KnownActor>();
  readonly #jobs = new Map<string, Entry>();
  readonly #ended: string[] = [];
  #worker: Entry | null = null;

  /** Takes a message in. */
  fold(entry: Entry): void {
    const { message } = entry;
    switch (message.type) {
      case '@greenroom.definition':
        this.#addDefinition(message.definitionId, entry);
        return;
      case '@xstate.actor':
        this.#addActor(message.sessionId, entry);
        return;
      case '@xstate.snapshot':
        this.#addSnapshot(message.sessionId, message.snapshot.status !== 'active', entry);
        return;
      case '@greenroom.job':
        this.#jobs.set(message.sessionId, entry);
        return;
      case '@greenroom.worker':
        this.#worker = entry;
        return;
      case '@xstate.event':
    }
  }

  /** Everything, in an order in which a reader can take it: definitions, then actors, parents first. */
  entries(): Entry[] {
    const actors = [...this.#actors.values()].flatMap(({ actor, last }) =>
      last === null ? [actor] : [actor, last],
    );
    const worker = this.#worker === null ? [] : [this.#worker];
    return [...this.#definitions.values(), ...actors, ...this.#jobs.values(), ...worker];
  }

  /** The actors that have not ended. */
  live(): KnownActor[] {
    return [...this.#actors.values()].filter(({ actor, last }) => isLive(actor, last));
  }

  /** The last snapshot of an actor; `null` when there was none, or no such actor. */
  snapshotOf(id: string): WireSnapshot | null {
    const message = this.#actors.get(id)?.last?.message;
    return message?.type === '@xstate.snapshot' ? message.snapshot : null;
  }

  /** The text of a definition. */
  definition(id: string): string | null {
    const message = this.#definitions.get(id)?.message;
    return message?.type === '@greenroom.definition' ? message.definition : null;
  }

  #addDefinition(id: string, entry: Entry): void {
    const [oldest] = this.#definitions.keys();
    if (this.#definitions.size >= maxDefinitions && oldest !== undefined) {
      this.#definitions.delete(oldest);
    }
    this.#definitions.set(id, entry);
  }

  #addActor(id: string, actor: Entry): void {
    this.#actors.set(id, { actor, last: this.#actors.get(id)?.last ?? null });
  }

  #addSnapshot(id: string, isEnd: boolean, last: Entry): void {
    const known = this.#actors.get(id);
    if (known === undefined) return;
    known.last = last;
    if (!isEnd) return;
    this.#ended.push(id);
    const oldest = this.#ended.length > maxEnded ? this.#ended.shift() : undefined;
    if (oldest === undefined) return;
    this.#actors.delete(oldest);
    this.#jobs.delete(oldest);
  }
}

function isLive(actor: Entry, last: Entry | null): boolean {
  const { message } = last ?? actor;
  return 'snapshot' in message && message.snapshot.status === 'active';
}
