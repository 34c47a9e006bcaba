/** Before the tests: what job processes run is made of the sources as they are now, also when only `tsc` was run. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const script = fileURLToPath(new URL('../../src/job-bundle/build.mjs', import.meta.url));

/** Builds it. */
export default async function setup(): Promise<void> {
  await promisify(execFile)(process.execPath, [script]);
}
