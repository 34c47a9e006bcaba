/** The main file of a job process as it is built: loads the bundle, with V8's code cache where there is one. */
import { createRequire } from 'node:module';
import { openCodeCache } from './code-cache.ts';
import type * as Bundle from './bundle.ts';

const codeCache = openCodeCache();
const { ownProcess, runJobProcess } = createRequire(import.meta.url)(
  './bundle.cjs',
) as typeof Bundle;

runJobProcess({
  ...ownProcess,
  loadRtc: async (options) => {
    try {
      return await ownProcess.loadRtc(options);
    } finally {
      // What comes now is the user's.
      codeCache?.stop();
    }
  },
  keepCode: () => codeCache?.save() ?? null,
});
