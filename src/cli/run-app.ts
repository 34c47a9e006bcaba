/** What a program calls to be a worker with a command line. Light: every job process loads it with the agent file. */
import { basename } from 'node:path';
import { isJobProcess } from '../job-process-marker.ts';
import { isImportedByTest } from './imported-by-test.ts';
import { type ServerOptions, initOf } from '../server-options.ts';
import type { WorkerOptionsInit } from '../worker-options.ts';
import { keepOptions, leaveOptions } from '../hand-over.ts';
import { SignalTrap } from './signals.ts';

/**
 * Runs the command of the command line: `start`, `dev` or `connect`. The process ends with the worker. Does nothing
 * inside a job process, and when a test imports the file; under the `greenroom` command it only hands over the options.
 * @throws WorkerError `GR_WORKER_STATE` when it is called twice.
 */
export function runApp(options: ServerOptions | WorkerOptionsInit): void {
  if (isJobProcess() || leaveOptions(options) || isImportedByTest(options)) return;
  keepOptions(options);
  // From here on no signal is lost, also while the rest is loaded.
  const signals = new SignalTrap();
  const [, main = 'agent.js', ...args] = process.argv;
  void import('./program.ts').then(({ runProgram }) =>
    runProgram({
      usage: { program: `node ${basename(main)}`, takesFile: false },
      args,
      load: () => Promise.resolve(initOf(options)),
      files: () => [main, initOf(options).agent],
      signals,
    }),
  );
}
