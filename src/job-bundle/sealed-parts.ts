/** Parts of a file under one hash: V8 trusts what it is given as its own, so not one bit of it may be another. */
import { hash } from 'node:crypto';

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
export function seal(parts: ReadonlyMap<string, Part>): Buffer {
  const sources = encodings.map((encoding, index) => {
    const those = [...parts.values()].filter(({ source }) => encodingOf(source) === index);
    return Buffer.from(those.map(({ source }) => source).join(''), encoding);
  });
  const contents: Contents = {
    sources: sources.map(({ length }) => length),
    modules: [...parts].map(([name, { source, data }]) => [
      name,
      encodingOf(source),
      source.length,
      data.length,
    ]),
  };
  const table = Buffer.from(JSON.stringify(contents));
  const head = Buffer.alloc(headBytes);
  head.writeUInt32LE(table.length, sealBytes);
  const body = [table, ...sources, ...[...parts.values()].map(({ data }) => data)];
  const file = Buffer.concat([head, ...body.flatMap((chunk) => [chunk, gapAfter(chunk)])]);
  hash('sha256', file.subarray(sealBytes), 'buffer').copy(file);
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
  let position = headBytes;
  const next = (length: number): Buffer => {
    const chunk = file.subarray(position, position + length);
    position += length + gapAfter(chunk).length;
    return chunk;
  };
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

function gapAfter({ length }: Buffer): Buffer {
  return Buffer.alloc(-length & (alignment - 1));
}
