/** The public API. */
export * from './public-api.ts';
export { createWorker } from './worker.ts';
export { workerLogic } from './worker-logic.ts';
