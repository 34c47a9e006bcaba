import type { RunningJobInfo } from './child/job-context.ts';
import { jobToProtobuf } from './protocol/job-to-protobuf.ts';
import { openToken } from './token-seal.ts';
import type { WorkerHandle } from './worker.ts';

/** The jobs of a worker that were assigned, as users of `@livekit/agents` know them. */
export function runningJobs(worker: WorkerHandle): RunningJobInfo[] {
  const slots = Object.values(worker.getSnapshot().context.slots);
  return slots
    .map(({ ref }) => ref.getSnapshot().context)
    .filter(({ token }) => token !== '')
    .map(({ accept, job, url, token, workerId }) => ({
      acceptArguments: accept,
      job: jobToProtobuf(job),
      url,
      token: openToken(token),
      workerId,
    }));
}
