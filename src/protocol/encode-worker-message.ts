/** What the worker sends, encoded as binary protobuf. */
import {
  AvailabilityResponse,
  JobStatus,
  JobType,
  MigrateJobRequest,
  ParticipantInfo,
  ParticipantPermission,
  WorkerMessage as ProtobufMessage,
  RegisterWorkerRequest,
  Room,
  SimulateJobRequest,
  UpdateJobStatus,
  UpdateWorkerStatus,
  WorkerPing,
  WorkerStatus,
} from '@livekit/protocol';
import type {
  JobTypeName,
  JobStatus as JobStatusName,
  Permissions,
  WorkerMessage,
} from '../../machines/messages.ts';
import { WorkerError, describeValue } from '../errors.ts';

type Content = Exclude<ProtobufMessage['message'], { case: undefined }>;
type MessageOf<T extends WorkerMessage['type']> = Extract<WorkerMessage, { type: T }>;

const jobTypes: Record<JobTypeName, JobType> = {
  room: JobType.JT_ROOM,
  publisher: JobType.JT_PUBLISHER,
  participant: JobType.JT_PARTICIPANT,
};

const jobStatuses: Record<JobStatusName, JobStatus> = {
  running: JobStatus.JS_RUNNING,
  success: JobStatus.JS_SUCCESS,
  failed: JobStatus.JS_FAILED,
};

const workerStatuses = { available: WorkerStatus.WS_AVAILABLE, full: WorkerStatus.WS_FULL };

/**
 * Encodes a message; `nowMs` becomes the timestamp of a ping.
 * @throws WorkerError `GR_INTERNAL` for a message the server would misread: a load that is no finite number, or a
 * simulated job without a room.
 */
export function encodeWorkerMessage(message: WorkerMessage, nowMs: number): Uint8Array {
  return new ProtobufMessage({ message: contentOf(message, nowMs) }).toBinary();
}

function contentOf(message: WorkerMessage, nowMs: number): Content {
  switch (message.type) {
    case 'register':
      return { case: 'register', value: register(message) };
    case 'answer':
      return { case: 'availability', value: answer(message) };
    case 'status':
      return { case: 'updateWorker', value: status(message) };
    case 'jobStatus':
      return { case: 'updateJob', value: jobStatus(message) };
    case 'ping':
      return { case: 'ping', value: new WorkerPing({ timestamp: BigInt(Math.trunc(nowMs)) }) };
    case 'migrateJobs':
      return { case: 'migrateJob', value: new MigrateJobRequest({ jobIds: message.jobIds }) };
    case 'simulateJob':
      return { case: 'simulateJob', value: simulateJob(message) };
  }
}

function register(message: MessageOf<'register'>): RegisterWorkerRequest {
  return new RegisterWorkerRequest({
    type: jobTypes[message.jobType],
    agentName: message.agentName,
    deployment: message.deployment,
    version: message.version,
    allowedPermissions: permission(message.permissions),
  });
}

/**
 * Always present: the server reads a missing message as its defaults, and an empty one as "nothing is allowed". Made from
 * JSON because machines carry the track sources as plain numbers.
 */
function permission(permissions: Permissions): ParticipantPermission {
  return ParticipantPermission.fromJson({
    canPublish: permissions.canPublish,
    canSubscribe: permissions.canSubscribe,
    canPublishData: permissions.canPublishData,
    canUpdateMetadata: permissions.canUpdateMetadata,
    canSubscribeMetrics: permissions.canSubscribeMetrics,
    canPublishSources: permissions.canPublishSources,
    hidden: permissions.hidden,
    agent: true,
  });
}

function answer({ jobId, answer: given }: MessageOf<'answer'>): AvailabilityResponse {
  if (!given.available) {
    return new AvailabilityResponse({ jobId, available: false, terminate: given.terminate });
  }
  return new AvailabilityResponse({
    jobId,
    available: true,
    participantName: given.accept.name,
    participantIdentity: given.accept.identity,
    participantMetadata: given.accept.metadata,
    participantAttributes: given.accept.attributes,
  });
}

function status(message: MessageOf<'status'>): UpdateWorkerStatus {
  if (!Number.isFinite(message.load)) {
    throw new WorkerError(
      'GR_INTERNAL',
      `The load of a worker status must be a finite number, not ${String(message.load)}: the server takes anything else for full.`,
      { details: { load: message.load } },
    );
  }
  // The server stores the load of every update, and reads a missing one as 0: the two travel together.
  return new UpdateWorkerStatus({
    status: workerStatuses[message.status],
    load: message.load,
    jobCount: message.jobCount,
  });
}

function jobStatus(message: MessageOf<'jobStatus'>): UpdateJobStatus {
  return new UpdateJobStatus({
    jobId: message.jobId,
    status: jobStatuses[message.status],
    error: message.error,
  });
}

function simulateJob(message: MessageOf<'simulateJob'>): SimulateJobRequest {
  if (message.room === '') {
    throw new WorkerError(
      'GR_INTERNAL',
      `A simulated job needs the name of a room, received ${describeValue(message.room)}: without one the server crashes.`,
    );
  }
  const room = new Room({ name: message.room });
  if (message.participantIdentity === null) {
    return new SimulateJobRequest({ type: JobType.JT_ROOM, room });
  }
  const participant = new ParticipantInfo({ identity: message.participantIdentity });
  return new SimulateJobRequest({ type: JobType.JT_PUBLISHER, room, participant });
}
