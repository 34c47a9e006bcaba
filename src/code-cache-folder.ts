/** Where job processes keep what V8 has compiled, for those that start later. */
import { lstatSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Names the folder in the environment of a job process. */
export const codeCacheVariable = 'GREENROOM_CODE_CACHE_FOLDER';

const accessOfOthers = 0o077;

/** What the environment of job processes says of the code cache; without a folder every process compiles anew. */
export function codeCacheEnvironment({ codeCache }: { codeCache: boolean }): NodeJS.ProcessEnv {
  return { [codeCacheVariable]: (codeCache ? openFolder() : null) ?? undefined };
}

/** A folder of this user's that nobody else can enter, made when it is missing; `null` when there can be none. */
function openFolder(): string | null {
  const user = process.getuid?.();
  const folder = join(tmpdir(), `greenroom-code-${user}`);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const found = lstatSync(folder);
    // Everybody may make a folder among the temporary files: somebody else may have been here first.
    const isOwn = found.isDirectory() && found.uid === user && (found.mode & accessOfOthers) === 0;
    return isOwn ? folder : null;
  } catch {
    return null;
  }
}
