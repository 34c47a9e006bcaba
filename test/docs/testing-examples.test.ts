/** The examples of users' tests, run as users run them. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Runs a program of Node without what the test runner around it has set. */
function run(args: string[]): Promise<string> {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(VITEST|NODE_TEST_|NODE_OPTIONS)/.test(name)),
  );
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      args,
      { cwd: root, env: { ...env, NO_COLOR: '1' } },
      (_error, stdout, stderr) => resolve(stdout + stderr),
    );
  });
}

it('of vitest', { timeout: 60_000 }, async () => {
  const output = await run([
    'node_modules/vitest/vitest.mjs',
    'run',
    '--root',
    'docs/examples/testing-vitest',
  ]);
  expect(output).toMatch(/Tests {2}4 passed \(4\)/);
});

it('of node:test', { timeout: 60_000 }, async () => {
  const output = await run(['--test', 'docs/examples/testing-node/greeter.test.js']);
  expect(output).toMatch(/^(#|ℹ) pass 4$/m);
  expect(output).toMatch(/^(#|ℹ) fail 0$/m);
});

it('of models', { timeout: 60_000 }, async () => {
  const output = await run(['--test', 'docs/examples/testing-models/kettle.test.js']);
  expect(output).toMatch(/^(#|ℹ) pass 5$/m);
  expect(output).toMatch(/^(#|ℹ) fail 0$/m);
});
