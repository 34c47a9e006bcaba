/** A job as LiveKit's protobuf class: what user code gets, so it is made by the package that user code imports. */
import { Job as ProtobufJob } from '@livekit/protocol';
import type { Job } from '../../machines/messages.ts';

type JsonValue = ReturnType<ProtobufJob['toJson']>;

/** The protobuf form of a job, for user code that expects LiveKit's classes. */
export function jobToProtobuf(job: Job): ProtobufJob {
  return ProtobufJob.fromJson(job as unknown as JsonValue, { ignoreUnknownFields: true });
}
