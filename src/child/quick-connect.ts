/** Keeps LiveKit's library from running other programs before it connects. */
import { delimiter } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Files named like the programs, which cannot be run. */
const hiddenPrograms = fileURLToPath(new URL('./hidden-programs', import.meta.url));

/**
 * Before the library connects it runs `lsb_release` and `getconf`, and waits for both: it tells the server the name of the
 * system. When they cannot be run it reads the name from `/etc/os-release`. So while `connect` is under way, files of their
 * names come first in `PATH`. Others who run one of the two meanwhile get the real one.
 */
export async function connectQuickly(connect: () => Promise<void>): Promise<void> {
  const path = process.env['PATH'] ?? '';
  if (process.platform !== 'linux' || path === '') return connect();
  process.env['PATH'] = [hiddenPrograms, path].join(delimiter);
  try {
    await connect();
  } finally {
    // The agent may have changed it meanwhile, or another room is being connected.
    const folders = (process.env['PATH'] ?? '').split(delimiter);
    const index = folders.indexOf(hiddenPrograms);
    if (index !== -1) process.env['PATH'] = folders.toSpliced(index, 1).join(delimiter);
  }
}
