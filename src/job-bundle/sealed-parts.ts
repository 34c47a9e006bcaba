/** Parts of a file under one hash: V8 trusts what it is given as its own, so not one bit of it may be another. */
import { hash } from 'node:crypto';
import { allocate, type Releasable } from './releasable.ts';

/** Raised when a file is laid out in another way. */
export const sealedFormat = 2;

/** One module, and what V8 made of it. */
export interface Part {
  /** As it was compiled. */
  source: string;
  data: Buffer;
}

interface Contents {
  /** The length of all sources in each encoding, in bytes. */
  sources: readonly number[];
  /** Name, the number of the encoding, length of the source, length of the data. */
  modules: readonly (readonly [string, number, number, number])[];
}

/** Most sources have a byte for each character. */
const encodings = ['latin1', 'utf16le'] as const;

const sealBytes = 32;
const headBytes = sealBytes + 8;

/** V8 copies data that begins elsewhere. */
const alignment = 8;

/** Hash, length of the contents; then each aligned: the contents, the sources in each encoding, the data of each module. */
export function seal(parts: ReadonlyMap<string, Part>): Releasable {
  const all = [...parts.values()];
  const texts = encodings.map((_, index) =>
    all
      .map(({ source }) => source)
      .filter((source) => encodingOf(source) === index)
      .join(''),
  );
  const sources = encodings.map((encoding, index) =>
    Buffer.byteLength(texts[index] ?? '', encoding),
  );
  const modules = [...parts].map(
    ([name, { source, data }]) => [name, encodingOf(source), source.length, data.length] as const,
  );
  const table = JSON.stringify({ sources, modules } satisfies Contents);
  const tableBytes = Buffer.byteLength(table);
  const lengths = [tableBytes, ...sources, ...all.map(({ data }) => data.length)];
  const file = allocate(lengths.reduce((sum, length) => sum + aligned(length), headBytes));
  const { bytes } = file;
  bytes.writeUInt32LE(tableBytes, sealBytes);
  const next = chunksOf(bytes);
  next(tableBytes).write(table);
  for (const [index, encoding] of encodings.entries())
    next(sources[index] ?? 0).write(texts[index] ?? '', encoding);
  for (const { data } of all) data.copy(next(data.length));
  hash('sha256', bytes.subarray(sealBytes), 'buffer').copy(bytes);
  return file;
}

/**
 * The parts of a file; none when it is not exactly what was sealed. Sources are slices of one string for each encoding: it is
 * too large for V8 to copy it from one generation into the next.
 */
export function unseal(file: Buffer | null): Map<string, Part> {
  const parts = new Map<string, Part>();
  if (file === null || file.length < headBytes) return parts;
  if (!hash('sha256', file.subarray(sealBytes), 'buffer').equals(file.subarray(0, sealBytes))) {
    return parts;
  }
  const next = chunksOf(file);
  const { sources, modules } = JSON.parse(
    next(file.readUInt32LE(sealBytes)).toString(),
  ) as Contents;
  const texts = encodings.map((encoding, index) => next(sources[index] ?? 0).toString(encoding));
  const starts = encodings.map(() => 0);
  for (const [name, encoding, length, dataLength] of modules) {
    const start = starts[encoding] ?? 0;
    const end = start + length;
    starts[encoding] = end;
    parts.set(name, { source: texts[encoding]?.slice(start, end) ?? '', data: next(dataLength) });
  }
  return parts;
}

function encodingOf(source: string): number {
  return /[^\0-\xff]/.test(source) ? 1 : 0;
}

/** Answers chunk after chunk of a file, each by its length. */
function chunksOf(file: Buffer): (length: number) => Buffer {
  let position = headBytes;
  return (length) => {
    const chunk = file.subarray(position, position + length);
    position += aligned(length);
    return chunk;
  };
}

function aligned(length: number): number {
  return Math.ceil(length / alignment) * alignment;
}
