/** Before the tests: what programs and job processes load is made of the sources as they are now, also when only `tsc` was run. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const scripts = ['bundle', 'job-bundle'].map((name) =>
  fileURLToPath(new URL(`../../src/${name}/build.mjs`, import.meta.url)),
);

/** Builds both. */
export default async function setup(): Promise<void> {
  await Promise.all(scripts.map((script) => promisify(execFile)(process.execPath, [script])));
}
