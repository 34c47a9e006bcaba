/** Stands in for `worker.ts` and `worker-logic.ts` inside job processes, which would load them for nothing at the cost of their start and memory. */
import { refuseInJobProcess } from './job-process-marker.ts';

/** @throws WorkerError `GR_IN_JOB_PROCESS` */
export function createWorker(): never {
  return refuseInJobProcess();
}

/** @throws WorkerError `GR_IN_JOB_PROCESS` */
export function workerLogic(): never {
  return refuseInJobProcess();
}
