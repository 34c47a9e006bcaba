/**
 * A reader behind a socket. It hands the socket one frame at a time; what comes meanwhile waits, and what would wait in too
 * great a number is dropped: the reader is then told how many messages it lacks, and how everything is now.
 */
import type { Entry } from './entry.ts';
import type { Replay, StreamReader } from './hub.ts';

/** What entries are part of. */
export type FrameKind = 'state' | 'ring' | 'live';

/** How messages look on the socket. */
export interface Encoder {
  /** The first frames, before any messages. */
  hello(runId: string): string[];
  /** What its readers are told first, in place of the replay: for those that know no past. */
  initial?(): Entry[];
  frames(kind: FrameKind, entries: Entry[]): string[];
  /** The end of the replay. */
  live(): string[];
  dropped(lost: Lost): string[];
}

/** The messages that a reader lacks. */
export interface Lost {
  count: number;
  fromSeq: number;
  toSeq: number;
}

/** Sends a text; `done` is called when it has left this process, or cannot. */
export type SendText = (text: string, done: () => void) => void;

/** How much may wait. */
export interface FlowLimits {
  /** Characters of the messages that wait for a slow reader. */
  waitingLength: number;
  /** Characters of one frame, about. */
  frameLength: number;
  /** How long messages are collected before they are sent. */
  batchMs: number;
}

const defaultLimits: FlowLimits = { waitingLength: 4_000_000, frameLength: 128_000, batchMs: 20 };

interface Segment {
  kind: FrameKind;
  entries: Entry[];
  next: number;
}

/** A reader that costs no more than its limits. */
export class FlowReader implements StreamReader {
  readonly #send: SendText;
  readonly #encoder: Encoder;
  readonly #state: () => Entry[];
  readonly #limits: FlowLimits;
  #queue: (Segment | string)[] = [];
  #waiting: Entry[] = [];
  #waitingLength = 0;
  /** Of what has been taken out of `#waiting` to be sent: it is held until all of it has left. */
  #takenLength = 0;
  #lost: Lost | null = null;
  #isSending = false;
  #timer: NodeJS.Timeout | undefined;
  #onDrained: () => void = () => {};

  /** `state`: how everything is now, for a reader that has lost messages. */
  constructor(
    send: SendText,
    encoder: Encoder,
    state: () => Entry[],
    limits: Partial<FlowLimits> = {},
  ) {
    this.#send = send;
    this.#encoder = encoder;
    this.#state = state;
    this.#limits = { ...defaultLimits, ...limits };
  }

  join({ runId, state, ring }: Replay): void {
    const initial = this.#encoder.initial?.();
    this.#queue = [
      ...this.#encoder.hello(runId),
      { kind: 'state', entries: initial ?? state, next: 0 },
      { kind: 'ring', entries: initial === undefined ? ring : [], next: 0 },
      ...this.#encoder.live(),
    ];
    this.#pump();
  }

  next(entry: Entry): void {
    if (this.#lost !== null) {
      this.#lost.count += 1;
      this.#lost.toSeq = entry.seq;
      return;
    }
    this.#waiting.push(entry);
    this.#waitingLength += entry.text.length;
    const length = this.#waitingLength + this.#takenLength;
    if (length > this.#limits.waitingLength) this.#drop(entry);
    else if (!this.#isSending) {
      this.#timer ??= setTimeout(() => this.#pump(), this.#limits.batchMs).unref();
    }
  }

  /** Sends an answer, before the messages that wait. */
  sendNow(text: string): void {
    this.#queue.unshift(text);
    this.#pump();
  }

  /** Resolves when everything has been sent. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#onDrained = resolve;
      this.#pump();
      if (!this.#isSending) resolve();
    });
  }

  /** Forgets what waits: the socket is gone. */
  end(): void {
    clearTimeout(this.#timer);
    this.#queue = [];
    this.#waiting = [];
    this.#lost = null;
    this.#onDrained();
  }

  #drop(last: Entry): void {
    const fromSeq = this.#waiting[0]?.seq ?? last.seq;
    this.#lost = { count: this.#waiting.length, fromSeq, toSeq: last.seq };
    this.#waiting = [];
    this.#waitingLength = 0;
  }

  #pump(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#isSending) return;
    const frames = this.#nextFrames();
    if (frames.length === 0) return this.#onDrained();
    this.#isSending = true;
    frames.forEach((frame, index) => {
      const isLast = index === frames.length - 1;
      this.#send(frame, isLast ? () => this.#sent() : () => {});
    });
  }

  #sent(): void {
    this.#isSending = false;
    this.#pump();
  }

  #nextFrames(): string[] {
    for (;;) {
      const [head] = this.#queue;
      if (head === undefined) break;
      if (typeof head === 'string') {
        this.#queue.shift();
        return [head];
      }
      const frames = this.#framesOf(head);
      if (head.next >= head.entries.length) {
        this.#queue.shift();
        this.#takenLength = 0;
      }
      if (frames.length > 0) return frames;
    }
    return this.#lost === null ? this.#liveFrames() : this.#catchUp(this.#lost);
  }

  #catchUp(lost: Lost): string[] {
    this.#lost = null;
    const entries = this.#encoder.initial?.() ?? this.#state();
    this.#queue = [{ kind: 'state', entries, next: 0 }, ...this.#encoder.live()];
    const frames = this.#encoder.dropped(lost);
    return frames.length > 0 ? frames : this.#nextFrames();
  }

  #liveFrames(): string[] {
    if (this.#waiting.length === 0) return [];
    const segment: Segment = { kind: 'live', entries: this.#waiting, next: 0 };
    this.#takenLength = this.#waitingLength;
    this.#waiting = [];
    this.#waitingLength = 0;
    this.#queue.push(segment);
    return this.#nextFrames();
  }

  #framesOf(segment: Segment): string[] {
    const part: Entry[] = [];
    let length = 0;
    while (segment.next < segment.entries.length && length < this.#limits.frameLength) {
      const entry = segment.entries[segment.next];
      segment.next += 1;
      if (entry === undefined) continue;
      length += entry.text.length;
      part.push(entry);
    }
    return part.length === 0 ? [] : this.#encoder.frames(segment.kind, part);
  }
}
