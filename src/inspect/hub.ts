/**
 * Joins the streams of several processes into one, and hands it to readers. While nobody reads, it listens to nobody: its
 * sources are started with the first reader and stopped some time after the last one has left.
 */
import { randomUUID } from 'node:crypto';
import { Entry } from './entry.ts';
import type { ActorMessage, InspectMessage, SnapshotMessage } from './messages.ts';
import { Ring, type RingLimits } from './ring.ts';
import { StreamState } from './stream-state.ts';

/** What a reader gets when it joins: how it was when the ring begins, and what has happened since. */
export interface Replay {
  runId: string;
  state: Entry[];
  ring: Entry[];
}

/** Someone who reads the stream. It must not throw, and bounds itself. */
export interface StreamReader {
  /** Called once, before anything else. */
  join(replay: Replay): void;
  next(entry: Entry): void;
}

/** Someone who has something to tell while there are readers. */
export interface StreamSource {
  /** Tells at once how everything is, then what happens; the returned function ends that. */
  start(send: (message: InspectMessage) => void): () => void;
}

/** What can be read: a hub, or a recording. */
export interface StreamHost {
  /** Adds a reader, which is told at once how everything is; the returned function takes it away. */
  read(reader: StreamReader): () => void;
  /** How everything is now. */
  state(): Entry[];
  /** The same, to be asked for single things. */
  readonly now: StreamState;
}

/** How a hub works. */
export interface HubOptions {
  /** Takes messages also while nobody reads: for streams that come by themselves. @defaultValue false */
  isAlwaysOn?: boolean;
  /**
   * How long the sources go on after the last reader, so that a page can be loaded again. @defaultValue 15_000 ms
   */
  lingerMs?: number;
  /** @defaultValue 10,000 messages, 4 million characters */
  ring?: RingLimits;
}

const defaultRing: RingLimits = { messages: 10_000, length: 4_000_000 };

/** Our own writer stays far below; a job process that makes its own messages does not get further. */
const maxTextLength = 2_500_000;

/** With its number; `null` for what is no JSON that anyone wants. */
function textOf(message: InspectMessage, seq: number): string | null {
  try {
    const text = JSON.stringify(message);
    return text.length <= maxTextLength ? `${text.slice(0, -1)},"seq":${seq}}` : null;
  } catch {
    return null;
  }
}

/** What is known of one run. */
class Run {
  readonly id = randomUUID();
  readonly now = new StreamState();
  /** How it was when the ring begins. */
  readonly base = new StreamState();
  readonly ring: Ring;
  readonly definitionIds = new Set<string>();
  seq = 0;

  constructor(limits: RingLimits) {
    this.ring = new Ring(limits, (entry) => this.base.fold(entry));
  }
}

/** One stream of many. */
export class InspectHub implements StreamHost {
  readonly #options: HubOptions;
  readonly #sources = new Map<StreamSource, (() => void) | null>();
  readonly #readers = new Set<StreamReader>();
  #run: Run;
  #isOn: boolean;
  #lingering: NodeJS.Timeout | undefined;

  constructor(options: HubOptions = {}) {
    this.#options = options;
    this.#run = this.#newRun();
    this.#isOn = options.isAlwaysOn ?? false;
  }

  /** Whether anyone reads, or did a moment ago. */
  get isOn(): boolean {
    return this.#isOn;
  }

  /** Adds a source; the returned function takes it away. */
  addSource(source: StreamSource): () => void {
    this.#sources.set(source, null);
    if (this.#isOn) this.#startSource(source);
    return () => {
      this.#stopSource(source);
      this.#sources.delete(source);
    };
  }

  /** Adds a reader, which is told at once how everything is; the returned function takes it away. */
  read(reader: StreamReader): () => void {
    clearTimeout(this.#lingering);
    this.#turnOn();
    reader.join({
      runId: this.#run.id,
      state: this.#run.base.entries(),
      ring: this.#run.ring.entries(),
    });
    this.#readers.add(reader);
    return () => {
      if (this.#readers.delete(reader) && this.#readers.size === 0) this.#linger();
    };
  }

  /** Takes a message, from a source or from elsewhere; without effect while nobody reads. */
  readonly accept = (message: InspectMessage): void => {
    if (!this.#isOn || this.#isKnownDefinition(message)) return;
    const run = this.#run;
    const seq = run.seq + 1;
    const text = textOf(message, seq);
    if (text === null) return;
    run.seq = seq;
    const entry = new Entry(message, seq, text);
    run.now.fold(entry);
    run.ring.add(entry);
    for (const reader of this.#readers) reader.next(entry);
  };

  /** How everything is now. */
  state(): Entry[] {
    return this.#run.now.entries();
  }

  /** How everything is now, to be asked for single things. */
  get now(): StreamState {
    return this.#run.now;
  }

  /** A process is gone: those of its actors that had not told their end are lost. */
  lose(prefix: string): void {
    for (const { actor, last } of this.#run.now.live()) {
      if (!actor.about.startsWith(`${prefix}/`)) continue;
      const message = actor.message as ActorMessage;
      const before = last === null ? message : (last.message as SnapshotMessage);
      const at = Date.now();
      const lost: SnapshotMessage = {
        type: '@xstate.snapshot',
        sessionId: message.sessionId,
        rootId: message.rootId,
        id: null,
        createdAt: String(at),
        _version: message._version,
        at,
        event: { type: 'xstate.stop' },
        snapshot: { ...before.snapshot, status: 'stopped' },
        transitions: [],
        isLost: true,
      };
      this.accept(lost);
    }
  }

  /** Stops everything. */
  close(): void {
    clearTimeout(this.#lingering);
    this.#readers.clear();
    this.#turnOff();
  }

  #newRun(): Run {
    return new Run(this.#options.ring ?? defaultRing);
  }

  #isKnownDefinition(message: InspectMessage): boolean {
    if (message.type !== '@greenroom.definition') return false;
    const { definitionIds } = this.#run;
    if (definitionIds.has(message.definitionId)) return true;
    definitionIds.add(message.definitionId);
    return false;
  }

  #turnOn(): void {
    if (this.#isOn) return;
    this.#isOn = true;
    // What happened since the last reader left is not known: nothing of then may be taken for true.
    this.#run = this.#newRun();
    for (const source of this.#sources.keys()) this.#startSource(source);
  }

  #turnOff(): void {
    this.#isOn = false;
    for (const source of this.#sources.keys()) this.#stopSource(source);
    this.#run = this.#newRun();
  }

  #linger(): void {
    if (this.#options.isAlwaysOn === true) return;
    const { lingerMs = 15_000 } = this.#options;
    this.#lingering = setTimeout(() => this.#turnOff(), lingerMs);
    this.#lingering.unref();
  }

  #startSource(source: StreamSource): void {
    if (this.#sources.get(source) === null) this.#sources.set(source, source.start(this.accept));
  }

  #stopSource(source: StreamSource): void {
    this.#sources.get(source)?.();
    if (this.#sources.has(source)) this.#sources.set(source, null);
  }
}
