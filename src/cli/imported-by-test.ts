import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ServerOptions, initOf } from '../server-options.ts';
import type { WorkerOptionsInit } from '../worker-options.ts';

/** What test runners set in the processes that run tests; programs that a test starts inherit it. */
const runnerVariables = ['VITEST', 'NODE_TEST_CONTEXT', 'JEST_WORKER_ID'];

const commandNames = ['start', 'dev', 'connect'];

/** True when a test has imported the file that calls `cli.runApp()`: it wants the agent, not a worker. */
export function isImportedByTest(
  options: ServerOptions | WorkerOptionsInit,
  { argv, env }: Pick<NodeJS.Process, 'argv' | 'env'> = process,
): boolean {
  if (!runnerVariables.some((name) => env[name] !== undefined)) return false;
  const [, main = '', word = ''] = argv;
  if (main.includes('/node_modules/')) return true;
  return !commandNames.includes(word) && resolve(main) !== pathOf(initOf(options).agent);
}

/** Options are not checked yet. */
function pathOf(agent: unknown): string {
  if (typeof agent !== 'string') return '';
  return agent.startsWith('file:') ? fileURLToPath(agent) : resolve(agent);
}
