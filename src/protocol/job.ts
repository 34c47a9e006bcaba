/** A job as LiveKit's protobuf message and as the plain JSON that machines and the link carry. */
import { Job as ProtobufJob } from '@livekit/protocol';
import type { Job } from '../../machines/messages.ts';

type JsonValue = ReturnType<ProtobufJob['toJson']>;

/** The plain form of a job. The room's TURN password stays behind: nobody needs it, and machines are shown and logged. */
export function jobFromProtobuf(job: ProtobufJob): Job {
  const plain = job.toJson({ emitDefaultValues: true, enumAsInteger: true }) as unknown as Job;
  if (plain.room !== undefined) delete plain.room['turnPassword'];
  return plain;
}

/** The protobuf form of a job, for user code that expects LiveKit's classes. */
export function jobToProtobuf(job: Job): ProtobufJob {
  return ProtobufJob.fromJson(job as unknown as JsonValue, { ignoreUnknownFields: true });
}
