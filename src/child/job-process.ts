/** The job process as the agent sees it. */
export class JobProcess<UserData = Record<string, unknown>> {
  /** What `prewarm` prepared for `entry`. */
  userData = {} as UserData;

  /** The id of the job process. */
  get pid(): number {
    return process.pid;
  }
}
