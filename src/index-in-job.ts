/** The public API as job processes load it: the same names, without the worker. `package.json` chooses it by a condition. */
export * from './public-api.ts';
export { createWorker, workerLogic } from './worker-in-job.ts';
