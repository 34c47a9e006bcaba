/** A job as the plain JSON that machines and the link carry. */
import type { Job as ProtobufJob } from '@livekit/protocol';
import type { Job } from '../../machines/messages.ts';

/** The plain form of a job. The room's TURN password stays behind: nobody needs it, and machines are shown and logged. */
export function jobFromProtobuf(job: ProtobufJob): Job {
  const plain = job.toJson({ emitDefaultValues: true, enumAsInteger: true }) as unknown as Job;
  if (plain.room !== undefined) delete plain.room['turnPassword'];
  return plain;
}
