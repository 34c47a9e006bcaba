/** What the bundle of job processes is made of: the package as an agent file imports it, and the program. */
export { ownProcess } from '../child/program-host.ts';
export { runJobProcess } from '../child/run-job-process.ts';
export * from '../index-in-job.ts';
