/** A job process as workers start it: what `src/job-bundle/build.mjs` has built. */
import { fileURLToPath } from 'node:url';
import { JobProcessOnFork } from '../child/forked-job-process.ts';

const main = fileURLToPath(new URL('../../dist/src/job-bundle/main.cjs', import.meta.url));

/** Starts one; `loaders` are arguments of Node such as `--import tsx`. */
export function startBuilt({
  env = {},
  loaders = [],
}: { env?: Record<string, string>; loaders?: string[] } = {}): JobProcessOnFork {
  return new JobProcessOnFork({ main, env, execArgv: [...loaders, '--conditions=greenroom-job'] });
}
