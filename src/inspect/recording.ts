/** Reads a recording, so that it can be served like a stream that is over. */
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { WorkerError } from '../errors.ts';
import { INSPECT_PROTOCOL, type RecordingFacts, type RecordingHeader } from './frames.ts';
import type { StreamHost } from './hub.ts';
import type { InspectMessage } from './messages.ts';
import { type Entry, StreamState } from './stream-state.ts';

/** A recording in memory. */
export interface Recording {
  header: RecordingHeader;
  facts: RecordingFacts;
  host: StreamHost;
}

type Fields = Record<string, unknown>;

const messageTypes: readonly unknown[] = [
  '@xstate.actor',
  '@xstate.event',
  '@xstate.snapshot',
  '@greenroom.definition',
  '@greenroom.worker',
  '@greenroom.job',
];

/**
 * Reads a file of a recording. Lines that cannot be read are counted and left out.
 * @throws WorkerError `GR_RECORDING` when there is no such file, or when it is none of a recording.
 */
export async function readRecording(file: string): Promise<Recording> {
  const lines = createInterface({ input: createReadStream(file), crlfDelay: Infinity });
  let reader: RecordingReader | null = null;
  try {
    for await (const line of lines) {
      if (reader === null) reader = new RecordingReader(headerOf(parse(line), file));
      else if (line !== '') reader.add(line);
    }
  } catch (error) {
    throw error instanceof WorkerError ? error : refusal(file, `cannot be read (${String(error)})`);
  }
  if (reader === null) throw refusal(file, 'is empty');
  return { header: reader.header, facts: reader.facts(file), host: reader.host() };
}

/** Takes a recording in, line by line. */
class RecordingReader {
  readonly header: RecordingHeader;
  readonly #now = new StreamState();
  readonly #seen = new Set<number>();
  /** How everything was when the file begins, and what has happened since. */
  readonly #state: Entry[] = [];
  readonly #happened: Entry[] = [];
  #stateLeft = 0;
  #unreadable = 0;

  constructor(header: RecordingHeader) {
    this.header = header;
  }

  add(line: string): void {
    const value = parse(line);
    if (value?.['type'] === '@greenroom.dropped') return;
    if (value?.['type'] === '@greenroom.state') {
      this.#stateLeft = Number(value['count']);
      return;
    }
    if (value === null || !messageTypes.includes(value['type'])) this.#unreadable += 1;
    else
      this.#take({
        seq: Number(value['seq']),
        message: value as unknown as InspectMessage,
        text: line,
      });
  }

  /** What the page is told before. */
  facts(file: string): RecordingFacts {
    let [from, to] = [Infinity, 0];
    for (const { message } of this.#happened) {
      from = Math.min(from, message.at ?? from);
      to = Math.max(to, message.at ?? to);
    }
    const messages = this.#state.length + this.#happened.length;
    return {
      file: basename(file),
      messages,
      from: Math.min(from, to),
      to,
      unreadable: this.#unreadable,
    };
  }

  /** Everything has happened: a reader gets it as what can be travelled through, and nothing follows. */
  host(): StreamHost {
    const { runId } = this.header;
    return {
      read: (reader) => {
        reader.join({ runId, state: this.#state, ring: this.#happened });
        return () => {};
      },
      state: () => this.#now.entries(),
      now: this.#now,
    };
  }

  #take(entry: Entry): void {
    const isState = this.#stateLeft > 0;
    if (isState) this.#stateLeft -= 1;
    // After a gap everything is told again: what is known already adds nothing.
    if (this.#seen.has(entry.seq)) return;
    this.#seen.add(entry.seq);
    this.#now.fold(entry);
    if (isState && this.#happened.length === 0) this.#state.push(entry);
    else this.#happened.push(entry);
  }
}

function headerOf(value: Fields | null, file: string): RecordingHeader {
  if (value?.['type'] !== '@greenroom.recording') throw refusal(file, 'is no recording');
  if (value['protocol'] !== INSPECT_PROTOCOL) {
    throw refusal(
      file,
      `was written by version ${String(value['version'])} of greenroom, in a form that this one does not read`,
    );
  }
  return value as unknown as RecordingHeader;
}

function refusal(file: string, what: string): WorkerError {
  return new WorkerError(
    'GR_RECORDING',
    `The file ${file} ${what}. Give one that was written with --record.`,
    { details: { file } },
  );
}

function parse(line: string): Fields | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Fields) : null;
  } catch {
    return null;
  }
}
