/** What the options are when nothing is set that has a default. */
import { fileURLToPath } from 'node:url';
import { resolveOptions } from '../../src/resolve-options.ts';

/** The checked options, with the defaults of production or development; without a mode, as `createWorker()` has them. */
export function checkedDefaults(mode?: 'production' | 'development'): Record<string, unknown> {
  const needed = {
    agent: fileURLToPath(import.meta.url),
    wsURL: 'ws://host',
    apiKey: 'key',
    apiSecret: 'secret',
  };
  return { ...resolveOptions(needed, { env: {}, ...(mode === undefined ? {} : { mode }) }) };
}
