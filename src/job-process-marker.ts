import { WorkerError } from './errors.ts';

const variable = 'GREENROOM_JOB_PROCESS';

/** Marks this process as a job process. The pid is part of the mark: programs that an agent starts inherit the environment. */
export function markJobProcess(): void {
  process.env[variable] = String(process.pid);
}

/** True inside a job process, where `cli.runApp()` does nothing: the agent file is often the program itself. */
export function isJobProcess(): boolean {
  return process.env[variable] === String(process.pid);
}

/**
 * A worker inside a job process would start job processes, and so on.
 * @throws WorkerError `GR_IN_JOB_PROCESS`
 */
export function requireNoJobProcess(): void {
  if (isJobProcess()) refuseInJobProcess();
}

/** @throws WorkerError `GR_IN_JOB_PROCESS` */
export function refuseInJobProcess(): never {
  throw new WorkerError(
    'GR_IN_JOB_PROCESS',
    'A worker cannot be made inside a job process, and job processes load the agent file: make the worker in a file of its own, or start it with cli.runApp(), which does nothing here.',
  );
}
