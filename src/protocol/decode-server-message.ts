/** What the server sends, decoded. What a newer server adds is tolerated: fields, messages and enum numbers. */
import { ServerMessage as ProtobufMessage, ServerInfo } from '@livekit/protocol';
import type {
  AvailabilityRequest,
  JobAssignment,
  RegisterWorkerResponse,
  WorkerPong,
} from '@livekit/protocol';
import type { ServerMessage } from '../../machines/messages.ts';
import { WorkerError } from '../errors.ts';
import { jobFromProtobuf } from './job.ts';
import { redactTokens } from './redact-tokens.ts';

const shownBytes = 16;
const shownCharacters = 80;

/**
 * Decodes one WebSocket frame: binary is protobuf, text is proto3 JSON.
 * @throws WorkerError `GR_CONNECTION_FAILED` when the frame is neither.
 */
export function decodeServerMessage(frame: Uint8Array | string): ServerMessage {
  const message = parseFrame(frame);
  const content = message.message;
  switch (content.case) {
    case 'register':
      return registered(content.value);
    case 'availability':
      return availability(content.value);
    case 'assignment':
      return assignment(content.value);
    case 'termination':
      return { type: 'server.jobTerminated', jobId: content.value.jobId };
    case 'pong':
      return pong(content.value);
    case undefined:
      return { type: 'server.unknown', case: unknownCase(frame, message) };
  }
}

function parseFrame(frame: Uint8Array | string): ProtobufMessage {
  try {
    return typeof frame === 'string'
      ? ProtobufMessage.fromJsonString(frame, { ignoreUnknownFields: true })
      : ProtobufMessage.fromBinary(frame);
  } catch (error) {
    // The error is not kept as the cause: its text quotes the frame, which may hold a token.
    const why = redactTokens(error instanceof Error ? error.message : String(error));
    const received = describeFrame(frame);
    throw new WorkerError(
      'GR_CONNECTION_FAILED',
      `The server sent a frame that is no LiveKit ServerMessage (${why}). Received: ${received}. ` +
        'Check that the URL is that of a LiveKit server and that no proxy changes the frames.',
      { details: { received } },
    );
  }
}

function describeFrame(frame: Uint8Array | string): string {
  if (typeof frame === 'string') {
    const start = redactTokens(frame).slice(0, shownCharacters);
    return `text frame of ${frame.length} characters, ${JSON.stringify(start)}`;
  }
  const start = Buffer.from(frame.subarray(0, shownBytes)).toString('hex');
  return `binary frame of ${frame.byteLength} bytes, ${start}`;
}

function registered(value: RegisterWorkerResponse): ServerMessage {
  const info = value.serverInfo ?? new ServerInfo();
  return {
    type: 'server.registered',
    workerId: value.workerId,
    serverInfo: {
      edition: info.edition,
      version: info.version,
      protocol: info.protocol,
      region: info.region,
      nodeId: info.nodeId,
      debugInfo: info.debugInfo,
      agentProtocol: info.agentProtocol,
    },
  };
}

function availability(value: AvailabilityRequest): ServerMessage {
  // Without an id there is nothing an answer could name.
  if (value.job === undefined || value.job.id === '') {
    return { type: 'server.unknown', case: 'availability without a job id' };
  }
  return { type: 'server.jobRequested', job: jobFromProtobuf(value.job), resuming: value.resuming };
}

function assignment(value: JobAssignment): ServerMessage {
  if (value.job === undefined || value.job.id === '') {
    return { type: 'server.unknown', case: 'assignment without a job id' };
  }
  return {
    type: 'server.jobAssigned',
    job: jobFromProtobuf(value.job),
    // An empty URL means the same as none: the worker's own (rule R18).
    url: value.url === undefined || value.url === '' ? null : value.url,
    token: value.token,
  };
}

function pong(value: WorkerPong): ServerMessage {
  return {
    type: 'server.ponged',
    lastTimestamp: Number(value.lastTimestamp),
    timestamp: Number(value.timestamp),
  };
}

/** A name for a message this version does not know: the JSON keys, or the numbers of the protobuf fields. */
function unknownCase(frame: Uint8Array | string, message: ProtobufMessage): string {
  if (typeof frame === 'string') {
    const keys = Object.keys(JSON.parse(frame) as object);
    return keys.length === 0 ? 'empty' : keys.join(', ').slice(0, shownCharacters);
  }
  const fields = message.getType().runtime.bin.listUnknownFields(message);
  return fields.length === 0 ? 'empty' : fields.map((field) => `field ${field.no}`).join(', ');
}
