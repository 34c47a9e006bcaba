/** Parts of a file under one hash: V8 trusts what it is given as its own, so not one bit of it may be another. */
import { hash } from 'node:crypto';

/** What V8 made of one module. */
export interface Part {
  /** The hash of the module's source. */
  source: string;
  data: Buffer;
}

/** The table of contents: name, source, length. */
type Contents = readonly (readonly [string, string, number])[];

const sealBytes = 32;
const headBytes = sealBytes + 4;

/** Hash, length of the contents, contents, data. */
export function seal(parts: ReadonlyMap<string, Part>): Buffer {
  const contents: Contents = [...parts].map(([name, { source, data }]) => [
    name,
    source,
    data.length,
  ]);
  const table = Buffer.from(JSON.stringify(contents));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(table.length);
  const sealed = Buffer.concat([length, table, ...[...parts.values()].map(({ data }) => data)]);
  return Buffer.concat([hash('sha256', sealed, 'buffer'), sealed]);
}

/** The parts of a file; none when it is not exactly what was sealed. */
export function unseal(file: Buffer | null): Map<string, Part> {
  const parts = new Map<string, Part>();
  if (file === null || file.length < headBytes) return parts;
  if (!hash('sha256', file.subarray(sealBytes), 'buffer').equals(file.subarray(0, sealBytes))) {
    return parts;
  }
  let position = headBytes + file.readUInt32LE(sealBytes);
  const contents = JSON.parse(file.toString('utf8', headBytes, position)) as Contents;
  for (const [name, source, length] of contents) {
    parts.set(name, { source, data: file.subarray(position, position + length) });
    position += length;
  }
  return parts;
}
