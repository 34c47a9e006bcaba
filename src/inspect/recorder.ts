/** Writes the stream to a file, one message a line. A file that is full is put aside, and a new one begins. */
import { closeSync, mkdirSync, openSync, renameSync, rmSync, write } from 'node:fs';
import { dirname } from 'node:path';
import { WorkerError } from '../errors.ts';
import { version } from '../version.ts';
import { type Encoder, FlowReader } from './flow-reader.ts';
import { INSPECT_PROTOCOL, type RecordingHeader, type RecordingMark } from './frames.ts';
import type { StreamHost } from './hub.ts';

/** What to record, and where. */
export interface RecorderOptions {
  hub: StreamHost;
  file: string;
  title: string;
  /** The size at which a new file is begun. @defaultValue 32 million bytes */
  maxBytes?: number;
  /** How many full files are kept beside the new one: `FILE.1` is the youngest. @defaultValue 3 */
  keep?: number;
  /** Called once, when nothing more can be written. */
  onError?: (error: Error) => void;
}

const defaultMaxBytes = 32_000_000;
const defaultKeep = 3;

/** One file of a recording. */
interface Part {
  reader: FlowReader;
  leave: () => void;
  close: () => void;
}

/** Records until it is closed. */
export class Recorder {
  readonly #options: RecorderOptions;
  readonly #startedAt = Date.now();
  #count = 0;
  #part: Part | null;
  #hasFailed = false;

  /** @throws WorkerError `GR_RECORDING` when the file cannot be written. */
  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#part = this.#begin();
  }

  /** Writes what is still to be written, and ends. */
  async close(): Promise<void> {
    const part = this.#part;
    this.#part = null;
    if (part === null) return;
    part.leave();
    await part.reader.drained();
    part.close();
  }

  #begin(): Part {
    const { hub, file } = this.#options;
    const descriptor = this.#open(file);
    let bytes = 0;
    let isFull = false;
    const send = (text: string, done: () => void): void => {
      write(descriptor, text, (error) => {
        if (error !== null) this.#fail(error);
        bytes += Buffer.byteLength(text);
        if (!isFull && bytes > (this.#options.maxBytes ?? defaultMaxBytes)) {
          isFull = true;
          this.#rotate();
        }
        done();
      });
    };
    const reader = new FlowReader(send, this.#encoder(), () => hub.state());
    // A later file begins with how everything is: what happened before is in the file before.
    const leave = hub.read({
      join: ({ runId, state, ring }) =>
        reader.join(
          this.#count === 1 ? { runId, state, ring } : { runId, state: hub.state(), ring: [] },
        ),
      next: (entry) => reader.next(entry),
    });
    return { reader, leave, close: () => closeSync(descriptor) };
  }

  #open(file: string): number {
    try {
      mkdirSync(dirname(file), { recursive: true });
      this.#putAside(file);
      this.#count += 1;
      return openSync(file, 'w', 0o600);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new WorkerError(
        'GR_RECORDING',
        `The recording ${file} cannot be written (${reason}). Give a file in a folder of your own.`,
        { cause: error, details: { file } },
      );
    }
  }

  #putAside(file: string): void {
    const { keep = defaultKeep } = this.#options;
    rmSync(`${file}.${keep}`, { force: true });
    for (let number = keep - 1; number >= 0; number -= 1) {
      const from = number === 0 ? file : `${file}.${number}`;
      try {
        if (keep > 0) renameSync(from, `${file}.${number + 1}`);
      } catch {
        // There was none of that number.
      }
    }
  }

  #rotate(): void {
    const full = this.#part;
    if (full === null) return;
    full.leave();
    void full.reader.drained().then(full.close);
    try {
      this.#part = this.#begin();
    } catch (error) {
      this.#part = null;
      this.#fail(error as Error);
    }
  }

  #fail(error: Error): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#options.onError?.(error);
  }

  #encoder(): Encoder {
    return {
      hello: (runId) => [line(this.#header(runId))],
      frames: (kind, entries) => {
        const mark: RecordingMark = { type: '@greenroom.state', count: entries.length };
        const head = kind === 'state' ? line(mark) : '';
        return [`${head}${entries.map(({ text }) => text).join('\n')}\n`];
      },
      live: () => [],
      dropped: ({ count }) => [line({ type: '@greenroom.dropped', count })],
    };
  }

  #header(runId: string): RecordingHeader {
    const { title } = this.#options;
    return {
      type: '@greenroom.recording',
      protocol: INSPECT_PROTOCOL,
      version,
      runId,
      title,
      pid: process.pid,
      startedAt: this.#startedAt,
      part: this.#count,
    };
  }
}

function line(value: RecordingHeader | RecordingMark): string {
  return `${JSON.stringify(value)}\n`;
}
