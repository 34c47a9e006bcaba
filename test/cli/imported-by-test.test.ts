import { expect, it } from 'vitest';
import { commands } from '../../src/cli/flags.ts';
import { isImportedByTest } from '../../src/cli/imported-by-test.ts';

const agent = 'file:///app/agent.js';
const isImported = (argv: string[], env: NodeJS.ProcessEnv): boolean =>
  isImportedByTest({ agent }, { argv: ['node', ...argv], env });

const runners: [name: string, main: string, env: NodeJS.ProcessEnv][] = [
  ['vitest', '/app/node_modules/vitest/dist/workers/forks.js', { VITEST: 'true' }],
  ['node:test', '/app/test/agent.test.js', { NODE_TEST_CONTEXT: 'child-v8' }],
  ['jest', '/app/node_modules/jest-worker/processChild.js', { JEST_WORKER_ID: '1' }],
];

it.each(runners)('is true in a test of %s', (_name, main, env) => {
  expect(isImported([main], env)).toBe(true);
});

it('is true whatever the command of the runner is called', () => {
  expect(isImported(['/app/node_modules/vitest/vitest.mjs', 'dev'], { VITEST: 'true' })).toBe(true);
});

it.each(runners)('is false in a program that a test of %s has started', (_name, _main, env) => {
  expect(isImported(['/app/agent.js'], env)).toBe(false);
  expect(isImported(['/app/agent.js', '--help'], env)).toBe(false);
  for (const { name } of commands) expect(isImported(['/app/main.js', name], env)).toBe(false);
});

it('is false without a test', () => {
  expect(isImported(['/app/main.js'], {})).toBe(false);
});

it('does not mind options that are wrong', () => {
  const wrong = { agent: 1 } as unknown as { agent: string };
  expect(isImportedByTest(wrong, { argv: ['node', '/app/x.js'], env: { VITEST: '1' } })).toBe(true);
});
