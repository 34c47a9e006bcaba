const variable = 'GREENROOM_JOB_PROCESS';

/** Marks this process as a job process. The pid is part of the mark: programs that an agent starts inherit the environment. */
export function markJobProcess(): void {
  process.env[variable] = String(process.pid);
}

/** True inside a job process, where `cli.runApp()` does nothing: the agent file is often the program itself. */
export function isJobProcess(): boolean {
  return process.env[variable] === String(process.pid);
}
