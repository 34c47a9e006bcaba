/** `npm test`: on a fresh clone it installs what the lock file names, then runs every check there is. */
import { fileURLToPath } from 'node:url';
import { installPackages } from '../docs/examples/main-job/prepare.mjs';
import { startGuard } from './support/guard.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const guard = startGuard();
try {
  await installPackages({ root, guard, report: (line) => console.log(line) });
} finally {
  await guard.close();
}
await import('./tools/verify.mjs');
