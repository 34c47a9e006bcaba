/** Reads a recording, so that it can be served like a stream that is over. */
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { WorkerError } from '../errors.ts';
import { Entry } from './entry.ts';
import { INSPECT_PROTOCOL, type RecordingFacts, type RecordingHeader } from './frames.ts';
import type { StreamHost } from './hub.ts';
import type { InspectMessage } from './messages.ts';
import { StreamState } from './stream-state.ts';

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
 * Reads a recording: its file, and before it those that were put aside in the same run, `FILE.1` and so on. Lines that cannot
 * be read are counted and left out.
 * @throws WorkerError `GR_RECORDING` when there is no such file, or when it is none of a recording.
 */
export async function readRecording(file: string): Promise<Recording> {
  const header = await readHeader(file);
  const files = [file, ...(await filesBefore(file, header))].toReversed();
  const reader = new RecordingReader(header);
  for (const each of files) {
    let isHeader = true;
    for await (const line of linesOf(each)) {
      if (!isHeader && line !== '') reader.add(line);
      isHeader = false;
    }
  }
  return { header, facts: reader.facts(file, files.length), host: reader.host() };
}

/** The files of the same run that were full before this one, the youngest first. */
async function filesBefore(file: string, { runId, part }: RecordingHeader): Promise<string[]> {
  const files: string[] = [];
  for (let number = 1; number < part; number += 1) {
    const before = `${file}.${number}`;
    const header = await readHeader(before).catch(() => null);
    if (header?.runId !== runId || header.part !== part - number) break;
    files.push(before);
  }
  return files;
}

async function readHeader(file: string): Promise<RecordingHeader> {
  for await (const line of linesOf(file)) return headerOf(parse(line), file);
  throw refusal(file, 'is empty');
}

/** Its lines. @throws WorkerError when it cannot be read. */
async function* linesOf(file: string): AsyncGenerator<string> {
  const input = createReadStream(file);
  try {
    yield* createInterface({ input, crlfDelay: Infinity });
  } catch (error) {
    throw error instanceof WorkerError ? error : refusal(file, `cannot be read (${String(error)})`);
  } finally {
    input.destroy();
  }
}

/** Takes a recording in, line by line. */
class RecordingReader {
  readonly header: RecordingHeader;
  readonly #now = new StreamState();
  readonly #seen = new Set<number>();
  /** How everything was when the file begins, and what has happened since. */
  readonly #state: Entry[] = [];
  readonly #happened: Entry[] = [];
  #from = Infinity;
  #to = 0;
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
    else this.#take(value as unknown as InspectMessage, line);
  }

  /** What the page is told before. */
  facts(file: string, files: number): RecordingFacts {
    return {
      file: basename(file),
      files,
      messages: this.#state.length + this.#happened.length,
      from: Math.min(this.#from, this.#to),
      to: this.#to,
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

  #take(message: InspectMessage, line: string): void {
    const isState = this.#stateLeft > 0;
    if (isState) this.#stateLeft -= 1;
    const entry = new Entry(message, Number(message.seq), line);
    // After a gap, and in each further file, everything is told again: what is known already adds nothing.
    if (this.#seen.has(entry.seq)) return;
    this.#seen.add(entry.seq);
    this.#now.fold(entry);
    if (isState && this.#happened.length === 0) {
      this.#state.push(entry);
      return;
    }
    this.#happened.push(entry);
    this.#from = Math.min(this.#from, message.at ?? this.#from);
    this.#to = Math.max(this.#to, message.at ?? this.#to);
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
