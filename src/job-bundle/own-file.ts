import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';

const writableByOthers = 0o022;

/** Reads a file that nobody but this user can have written; `null` when there is none. */
export function readOwnFile(path: string): Buffer | null {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch {
    return null;
  }
  try {
    const { uid, mode } = fstatSync(file);
    const isOwn = uid === process.getuid?.() && (mode & writableByOthers) === 0;
    return isOwn ? readFileSync(file) : null;
  } catch {
    return null;
  } finally {
    closeSync(file);
  }
}
