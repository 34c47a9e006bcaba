import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/** The bytes of a file. */
export interface OwnFile {
  bytes: Buffer;
  /** Gives their memory back; nobody may look at them any more. A garbage collection would come much later. */
  release: () => void;
}

/** A buffer that can be made smaller. Left out of the types here. */
type Resizable = ArrayBuffer & { resize: (length: number) => void };

const ResizableBuffer = ArrayBuffer as unknown as new (
  length: number,
  options: { maxByteLength: number },
) => Resizable;

const writableByOthers = 0o022;

/** Reads a file that nobody but this user can have written; `null` when there is none. */
export function readOwnFile(path: string): OwnFile | null {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch {
    return null;
  }
  try {
    const { uid, mode, size } = fstatSync(file);
    const isOwn = uid === process.getuid?.() && (mode & writableByOthers) === 0;
    return isOwn ? readAll(file, size) : null;
  } catch {
    return null;
  } finally {
    closeSync(file);
  }
}

/** Files are replaced as a whole: one that is shorter than it was is no file of ours. */
function readAll(file: number, size: number): OwnFile | null {
  const memory = new ResizableBuffer(size, { maxByteLength: size });
  const bytes = Buffer.from(memory);
  const read = readSync(file, bytes);
  return read === size ? { bytes, release: () => memory.resize(0) } : null;
}
