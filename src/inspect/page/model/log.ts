/**
 * The messages in their order, with the stage at every so many of them: any moment is a copy and a few messages away, however
 * long the log. The oldest are forgotten, block by block.
 */
import type { InspectMessage } from '../../messages.ts';
import { Stage } from './stage.ts';

/** Messages are missing here: the page was too slow. What follows says how it was then. */
export interface Gap {
  type: 'gap';
  count: number;
}

/** One step of the log. */
export interface Entry {
  /** Counts from the first message ever. */
  readonly index: number;
  /** ms since 1970; never less than that of the entry before. */
  readonly time: number;
  readonly message: InspectMessage | Gap;
  /** It tells how it was, not what happened. */
  readonly isState: boolean;
}

interface Block {
  readonly first: number;
  /** The stage before the block's first entry. */
  readonly before: Stage;
  readonly entries: Entry[];
}

const blockSize = 512;

/** About 120,000 messages. */
const maxBlocks = 240;

/** The log, and the stage at its end. */
export class Log {
  /** How everything is after the last entry. */
  head = new Stage();
  readonly #definitions = new Map<string, string>();
  #blocks: Block[] = [{ first: 0, before: new Stage(), entries: [] }];
  #time = 0;
  /** The stage that was asked for last: most steps go on from it. */
  #recent: { end: number; stage: Stage } | null = null;

  /** The index of the oldest entry that is kept. */
  get first(): number {
    return this.#blocks[0]?.first ?? 0;
  }

  /** One more than the index of the newest entry. */
  get end(): number {
    const last = this.#blocks.at(-1);
    return last === undefined ? 0 : last.first + last.entries.length;
  }

  /** Takes a message; what tells how it was at the start of the stream is no step. */
  add(message: InspectMessage | Gap, isState = false): void {
    if (message.type === '@greenroom.definition') {
      this.#definitions.set(message.definitionId, message.definition);
      return;
    }
    const time = message.type === 'gap' ? this.#time : timeOf(message);
    this.#time = Math.max(this.#time, time);
    if (isState && this.end === 0) {
      this.#play({ index: 0, time: this.#time, message, isState }, this.head);
      this.#play({ index: 0, time: this.#time, message, isState }, this.#start.before);
      return;
    }
    const entry: Entry = { index: this.end, time: this.#time, message, isState };
    this.#blockFor(entry).entries.push(entry);
    this.#play(entry, this.head);
  }

  /** The entry with that index. */
  at(index: number): Entry | undefined {
    const block = this.#blockAt(index);
    return block?.entries[index - block.first];
  }

  /** How everything was when `end` entries had happened. */
  stageAt(end: number): Stage {
    if (end >= this.end) return this.head;
    if (this.#recent?.end === end) return this.#recent.stage;
    const block = this.#blockAt(Math.max(end, this.first)) ?? this.#start;
    const from = this.#nearest(block, end);
    const stage = new Stage(from.stage);
    for (let index = from.end; index < end; index += 1) {
      const entry = block.entries[index - block.first];
      if (entry !== undefined) this.#play(entry, stage);
    }
    this.#recent = { end, stage };
    return stage;
  }

  /** A known stage from which it is not far: that of the last step, or that before the block. */
  #nearest(block: Block, end: number): { end: number; stage: Stage } {
    const recent = this.#recent;
    const goesOn = recent !== null && recent.end <= end && recent.end >= block.first;
    return goesOn ? recent : { end: block.first, stage: block.before };
  }

  /** How many entries had happened at a time. */
  endAt(time: number): number {
    let [low, high] = [this.first, this.end];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.at(middle)?.time ?? Infinity) <= time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  get #start(): Block {
    return this.#blocks[0] ?? { first: 0, before: new Stage(), entries: [] };
  }

  #play(entry: Entry, stage: Stage): void {
    if (entry.message.type === 'gap') stage.clear();
    else stage.apply(entry.message, entry.time, this.#definitions);
  }

  #blockFor(entry: Entry): Block {
    const last = this.#blocks.at(-1);
    if (last !== undefined && last.entries.length < blockSize) return last;
    const block = { first: entry.index, before: new Stage(this.head), entries: [] };
    this.#blocks.push(block);
    if (this.#blocks.length > maxBlocks) this.#blocks.shift();
    return block;
  }

  #blockAt(index: number): Block | undefined {
    return this.#blocks[Math.floor((index - this.first) / blockSize)];
  }
}

/** When a message's fact happened. */
export function timeOf(message: InspectMessage): number {
  if (message.at !== undefined) return message.at;
  return 'createdAt' in message ? Number(message.createdAt) : 0;
}
