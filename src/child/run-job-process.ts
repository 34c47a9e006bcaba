import { markJobProcess } from '../job-process-marker.ts';
import { Link } from './link.ts';
import type { ProgramHost } from './program-host.ts';
import { JobProcessProgram } from './program.ts';

/** Makes this process a job process. The worker forks it; nothing comes on the command line, everything over the link. */
export function runJobProcess(host: ProgramHost): void {
  markJobProcess();
  if (process.send === undefined) {
    process.stderr.write('This program is a job process: it is started by a greenroom worker.\n');
    process.exit(1);
  }
  new JobProcessProgram(new Link(process), host).start();
}
