/** The main file of a job process as it stands in the sources; what is built has `job-bundle/main.ts`. */
import { ownProcess } from './program-host.ts';
import { runJobProcess } from './run-job-process.ts';

runJobProcess(ownProcess);
