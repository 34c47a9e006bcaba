import { AsyncLocalStorage } from 'node:async_hooks';
import { WorkerError } from '../errors.ts';
import type { JobContext } from './job-context.ts';

interface Storage {
  local: AsyncLocalStorage<JobContext<unknown>>;
  /** The one job of this process: callbacks of the native library run outside every async context. */
  job: JobContext<unknown> | null;
}

const key = Symbol.for('greenroom.jobContext');

/** One for all copies of the package in this process: the agent file may resolve to another one than the worker. */
function storage(): Storage {
  const globals = globalThis as { [key]?: Storage };
  globals[key] ??= { local: new AsyncLocalStorage(), job: null };
  return globals[key];
}

/**
 * The context of the job that the calling code works for.
 * @throws WorkerError `GR_NO_JOB_CONTEXT` outside a job, unless `required` is false.
 */
export function getJobContext<UserData = Record<string, unknown>>(
  required?: true,
): JobContext<UserData>;
export function getJobContext<UserData = Record<string, unknown>>(
  required: false,
): JobContext<UserData> | undefined;
export function getJobContext<UserData = Record<string, unknown>>(
  required = true,
): JobContext<UserData> | undefined {
  const { local, job } = storage();
  const context = local.getStore() ?? job;
  if (context === null && required) {
    throw new WorkerError(
      'GR_NO_JOB_CONTEXT',
      'There is no job here: getJobContext() works in entry and in what entry started, once a job was launched.',
    );
  }
  return (context ?? undefined) as JobContext<UserData> | undefined;
}

/** Runs a function as part of a job. */
export function runInJobContext<Result>(context: JobContext<unknown>, run: () => Result): Result {
  return storage().local.run(context, run);
}

/** Makes a job the one that this process runs. */
export function setProcessJob(context: JobContext<unknown>): void {
  storage().job = context;
}
