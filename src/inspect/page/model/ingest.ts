/** Takes the frames of the server, and streams of other writers, into the log. */
import type { HelloFrame, SentFrame, ToPage } from '../../frames.ts';
import type { InspectMessage, StatelyMessage } from '../../messages.ts';
import { Lanes } from './lanes.ts';
import { type Gap, Log } from './log.ts';

/** How the page gets its stream. */
export type Connection = 'connecting' | 'live' | 'ended' | 'lost';

/** Everything the page knows. */
export class Ingest {
  log = new Log();
  readonly lanes = new Lanes();
  hello: HelloFrame | null = null;
  connection: Connection = 'connecting';
  /** Messages that the page was too slow for. */
  missing = 0;
  onSent: (frame: SentFrame) => void = () => {};
  onReset: () => void = () => {};
  #lastSeq = 0;
  /** After the stream was cut: the state, until it is clear whether anything is missing. */
  #held: InspectMessage[] | null = null;

  /** Takes one frame. */
  take(frame: ToPage): void {
    switch (frame.type) {
      case 'hello':
        this.#greet(frame);
        break;
      case 'replay':
        this.#replay(frame.messages, frame.state);
        break;
      case 'batch':
        this.#addNew(frame.messages);
        break;
      case 'live':
        this.#held = null;
        this.connection = this.hello?.source === 'recording' ? 'ended' : 'live';
        break;
      case 'dropped':
        this.#lastSeq = Math.max(this.#lastSeq, frame.toSeq);
        this.#addGap(frame.count);
        break;
      case 'sent':
        this.onSent(frame);
        break;
    }
  }

  /** Takes a message of an app that speaks Stately's format. */
  takeForeign(message: StatelyMessage): void {
    this.connection = 'live';
    this.#add(message, false);
  }

  #greet(frame: HelloFrame): void {
    const before = this.hello;
    this.hello = frame;
    // What is there before the first frame was sent by an app.
    if (before === null) return;
    if (before.runId === frame.runId) {
      this.#held = [];
      return;
    }
    this.log = new Log();
    this.lanes.clear();
    this.#lastSeq = 0;
    this.#held = null;
    this.missing = 0;
    this.onReset();
  }

  #replay(messages: readonly InspectMessage[], isState: boolean): void {
    if (!isState) return this.#addNew(messages);
    if (this.#held !== null) this.#held.push(...messages);
    else for (const message of messages) this.#add(message, true);
  }

  #addNew(messages: readonly InspectMessage[]): void {
    for (const message of messages) {
      const { seq } = message;
      if (seq !== undefined) {
        if (seq <= this.#lastSeq) continue;
        this.#catchUp(seq);
        this.#lastSeq = seq;
      }
      this.#add(message, false);
    }
  }

  /** The stream was cut and is back: either nothing is missing, or what was held tells how it is now. */
  #catchUp(seq: number): void {
    const held = this.#held;
    this.#held = null;
    if (held === null || seq === this.#lastSeq + 1) return;
    this.#addGap(seq - this.#lastSeq - 1);
    for (const message of held) this.#add(message, true);
  }

  #addGap(count: number): void {
    this.missing += count;
    const gap: Gap = { type: 'gap', count };
    this.log.add(gap);
  }

  #add(message: InspectMessage, isState: boolean): void {
    this.log.add(message, isState);
    this.lanes.add(message);
  }
}

/** Whether a value is a message of Stately's format. */
export function isStatelyMessage(value: unknown): value is StatelyMessage {
  if (typeof value !== 'object' || value === null) return false;
  const { type, sessionId } = value as Record<string, unknown>;
  return (
    typeof sessionId === 'string' &&
    (type === '@xstate.actor' || type === '@xstate.event' || type === '@xstate.snapshot')
  );
}
