/** The three layers of tests: `unit` touches nothing, `integration` one real resource, `e2e` a real LiveKit server. */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const root = fileURLToPath(new URL('..', import.meta.url));
const support = (file: string) => fileURLToPath(new URL(`support/${file}`, import.meta.url));

/** Folders of test/ whose tests use one real resource: a process, a socket, a file, another tool. */
const integrationFolders = [
  'actors',
  'canary',
  'child',
  'cli',
  'docs',
  'http',
  'inspect',
  'support',
  'testing',
  'worker',
];

/** Folders of test/ whose tests need a LiveKit server. */
const e2eFolders = ['contract', 'e2e'];

const testsIn = (folders: string[]) => folders.map((folder) => `test/${folder}/**/*.test.ts`);

export default defineConfig({
  root,
  test: {
    // A test that hangs must not hold up everything behind it.
    testTimeout: 10_000,
    hookTimeout: 10_000,
    teardownTimeout: 10_000,
    restoreMocks: true,
    unstubEnvs: true,
    unstubGlobals: true,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: testsIn([...integrationFolders, ...e2eFolders]),
          testTimeout: 5_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: testsIn(integrationFolders),
          globalSetup: [support('leftovers.ts')],
          // Each test forks processes and talks over sockets: worker threads would share signals and exit codes.
          pool: 'forks',
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: testsIn(e2eFolders),
          globalSetup: [support('leftovers.ts'), support('global-setup.ts')],
          pool: 'forks',
          // One server, and agents that need a core each: one file after the other.
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
