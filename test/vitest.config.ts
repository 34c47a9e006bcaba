/**
 * The layers of tests: `unit` touches nothing, `integration` one real resource, `e2e` a real LiveKit server; `faults` breaks
 * whatever can be broken and measures what comes of it.
 */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { plainEnvironment, plainNodeArgs } from './support/plain.ts';

/** Nothing but values: the machines, the wire format, the options. */
const unit = [
  'test/*.test.ts',
  'test/{ipc,log,machines,options,protocol,session}/**/*.test.ts',
  'test/models/{kit,walks}/**/*.test.ts',
];

/** A LiveKit server that runs; a browser that shows what it and its workers do. */
const e2e = [
  'test/{contract,e2e}/**/*.test.ts',
  'test/conformance/livekit-server.test.ts',
  'test/models/real-server.test.ts',
  'test/**/*.browser.test.ts',
];

/** Cases of the table that `npm run test:faults` prints: see `support/fault.ts`. */
const faults = ['test/faults/**/*.test.ts'];

const fileOf = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const bundles = fileOf('support/bundles.ts');
const leftovers = fileOf('support/leftovers.ts');
const liveKitServer = fileOf('support/global-setup.ts');

export default defineConfig({
  root: fileOf('..'),
  test: {
    restoreMocks: true,
    unstubEnvs: true,
    unstubGlobals: true,
    env: plainEnvironment,
    execArgv: plainNodeArgs,
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: unit, testTimeout: 5_000 },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['test/**/*.test.ts'],
          exclude: [...unit, ...e2e, ...faults],
          globalSetup: [bundles, leftovers],
          // Worker threads share signal handlers and exit codes, which is what many of these tests are about.
          pool: 'forks',
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: e2e,
          // They are undone in reverse: the server is stopped before anyone looks for processes left behind.
          globalSetup: [bundles, leftovers, liveKitServer],
          pool: 'forks',
          // They wait more than they compute: two files side by side.
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
          // The conformance cases wait most of the time.
          maxConcurrency: 100,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'faults',
          include: faults,
          globalSetup: [bundles, leftovers, liveKitServer],
          pool: 'forks',
          // The cases measure times: two files side by side, and inside a file only those that mostly wait.
          maxWorkers: 2,
          sequence: { groupOrder: 3 },
          maxConcurrency: 8,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
