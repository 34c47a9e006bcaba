/** How everything is after the messages so far: what a reader that comes now needs first. */
import type { Entry } from './entry.ts';
import type { WireSnapshot } from './messages.ts';

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
  /** The texts that were asked for: they are asked for again. */
  readonly #texts = new Map<string, string>();
  readonly #actors = new Map<string, KnownActor>();
  readonly #jobs = new Map<string, Entry>();
  readonly #ended: string[] = [];
  #worker: Entry | null = null;

  /** Takes a message in. */
  fold(entry: Entry): void {
    switch (entry.type) {
      case '@greenroom.definition':
        this.#addDefinition(entry);
        return;
      case '@xstate.actor':
        this.#addActor(entry);
        return;
      case '@xstate.snapshot':
        this.#addSnapshot(entry);
        return;
      case '@greenroom.job':
        this.#jobs.set(entry.about, entry);
        return;
      case '@greenroom.worker':
        this.#worker = entry;
        return;
      case '@xstate.event':
    }
  }

  /**
   * Everything, in the order in which it was told: what is needed to understand a message came before it, and who has some of
   * it already knows it by the numbers.
   */
  entries(): Entry[] {
    const actors = [...this.#actors.values()].flatMap(({ actor, last }) =>
      last === null ? [actor] : [actor, last],
    );
    const worker = this.#worker === null ? [] : [this.#worker];
    const all = [...this.#definitions.values(), ...actors, ...this.#jobs.values(), ...worker];
    return all.toSorted((one, other) => one.seq - other.seq);
  }

  /** The actors that have not ended. */
  live(): KnownActor[] {
    return [...this.#actors.values()].filter(({ actor, last }) => !(last ?? actor).isEnd);
  }

  /** The last snapshot of an actor; `null` when there was none, or no such actor. */
  snapshotOf(id: string): WireSnapshot | null {
    const message = this.#actors.get(id)?.last?.message;
    return message?.type === '@xstate.snapshot' ? message.snapshot : null;
  }

  /** The text of a definition. */
  definition(id: string): string | null {
    const known = this.#texts.get(id);
    if (known !== undefined) return known;
    const message = this.#definitions.get(id)?.message;
    if (message?.type !== '@greenroom.definition') return null;
    this.#texts.set(id, message.definition);
    return message.definition;
  }

  #addDefinition(entry: Entry): void {
    const [oldest] = this.#definitions.keys();
    if (this.#definitions.size >= maxDefinitions && oldest !== undefined) {
      this.#definitions.delete(oldest);
      this.#texts.delete(oldest);
    }
    this.#definitions.set(entry.about, entry);
  }

  /** It tells how the actor is: an actor that is told again is no longer as it was in its last snapshot. */
  #addActor(actor: Entry): void {
    this.#actors.set(actor.about, { actor, last: null });
  }

  #addSnapshot(last: Entry): void {
    const known = this.#actors.get(last.about);
    if (known === undefined) return;
    known.last = last;
    if (!last.isEnd) return;
    this.#ended.push(last.about);
    const oldest = this.#ended.length > maxEnded ? this.#ended.shift() : undefined;
    if (oldest === undefined) return;
    this.#actors.delete(oldest);
    this.#jobs.delete(oldest);
  }
}
