import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { allocate, type Releasable } from './releasable.ts';

const writableByOthers = 0o022;

/** Reads a file that nobody but this user can have written; `null` when there is none. */
export function readOwnFile(path: string): Releasable | null {
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
function readAll(file: number, size: number): Releasable | null {
  const memory = allocate(size);
  return readSync(file, memory.bytes) === size ? memory : null;
}
