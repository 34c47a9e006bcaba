/** Checked options for tests that look at defaults: what must be given is given. */
import { fileURLToPath } from 'node:url';
import { type OptionContext, resolveOptions } from '../../src/resolve-options.ts';
import type { ResolvedOptions, WorkerOptionsInit } from '../../src/worker-options.ts';

const needed: WorkerOptionsInit = {
  agent: fileURLToPath(import.meta.url),
  wsURL: 'ws://host',
  apiKey: 'key',
  apiSecret: 'secret',
};

/** The checked options, with the defaults of everything that is not set. */
export function checkedOptions(
  options: Partial<WorkerOptionsInit> = {},
  context: OptionContext = {},
): ResolvedOptions {
  return resolveOptions({ ...needed, ...options }, { env: {}, ...context });
}
