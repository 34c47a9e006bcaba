/** `requestFunc`: the one of a worker that was given none, and the class that any other is handed a job in. */
import { WorkerError } from './errors.ts';
import type { JobRequest, ToProtobuf } from './job-request.ts';

/** Answers job requests. */
export type RequestFunc = (request: JobRequest) => Promise<void> | void;

/** The `requestFunc` of a worker that was given none. It does not look at the job. */
export async function acceptEveryJob(request: JobRequest): Promise<void> {
  await request.accept();
}

let loading: Promise<ToProtobuf> | undefined;

/**
 * Loads what makes the class of a job: LiveKit's whole package, which a worker itself has no use for. Once for all workers of a
 * program, and never for ours.
 */
export function loadJobClass(requestFunc: RequestFunc): Promise<ToProtobuf> {
  if (requestFunc === acceptEveryJob) return Promise.resolve(toNothing);
  loading ??= import('./protocol/job-to-protobuf.ts').then(({ jobToProtobuf }) => jobToProtobuf);
  return loading;
}

function toNothing(): never {
  throw new WorkerError('GR_INTERNAL', 'The job was looked at, though its class was not loaded.');
}
