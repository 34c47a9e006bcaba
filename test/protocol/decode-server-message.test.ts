import {
  AvailabilityRequest,
  Job,
  JobAssignment,
  JobState,
  JobStatus,
  JobTermination,
  RegisterWorkerResponse,
  Room,
  ServerInfo,
  ServerInfo_Edition,
  ServerMessage,
  WorkerPong,
} from '@livekit/protocol';
import { describe, expect, it } from 'vitest';
import { decodeServerMessage } from '../../src/protocol/decode-server-message.ts';

type Content = ServerMessage['message'];

/** The two forms of one message: a binary frame and a text frame. */
function frames(message: Content): [string, Uint8Array | string][] {
  const whole = new ServerMessage({ message });
  return [
    ['binary', whole.toBinary()],
    ['text', whole.toJsonString()],
  ];
}

const offered = new Job({
  id: 'AJ_1',
  dispatchId: 'AD_1',
  agentName: 'greeter',
  metadata: 'm',
  enableRecording: true,
  attributes: { tier: 'gold' },
  room: new Room({
    sid: 'RM_1',
    name: 'lobby',
    emptyTimeout: 300,
    departureTimeout: 20,
    creationTime: 1795500570n,
    creationTimeMs: 1795500570976n,
    turnPassword: 'secret of the room',
    enabledCodecs: [{ mime: 'audio/opus' }],
  }),
  state: new JobState({
    status: JobStatus.JS_RUNNING,
    startedAt: 1795500571178258937n,
    workerId: 'AW_1',
  }),
});

const plainJob = {
  id: 'AJ_1',
  dispatchId: 'AD_1',
  type: 0,
  agentName: 'greeter',
  metadata: 'm',
  namespace: '',
  deployment: '',
  enableRecording: true,
  enableRedaction: false,
  attributes: { tier: 'gold' },
  room: {
    sid: 'RM_1',
    name: 'lobby',
    emptyTimeout: 300,
    departureTimeout: 20,
    maxParticipants: 0,
    creationTime: '1795500570',
    creationTimeMs: '1795500570976',
    enabledCodecs: [{ mime: 'audio/opus', fmtpLine: '' }],
    metadata: '',
    numParticipants: 0,
    numPublishers: 0,
    activeRecording: false,
  },
  state: {
    status: 1,
    error: '',
    startedAt: '1795500571178258937',
    endedAt: '0',
    updatedAt: '0',
    participantIdentity: '',
    workerId: 'AW_1',
    agentId: '',
  },
};

describe('messages', () => {
  it.each(
    frames({
      case: 'register',
      value: new RegisterWorkerResponse({
        workerId: 'AW_1',
        serverInfo: new ServerInfo({
          edition: ServerInfo_Edition.Cloud,
          version: '1.13.5',
          protocol: 17,
          region: 'eu',
          nodeId: 'ND_1',
          debugInfo: 'd',
          agentProtocol: 1,
        }),
      }),
    }),
  )('decodes the register answer from a %s frame', (_kind, frame) => {
    expect(decodeServerMessage(frame)).toEqual({
      type: 'server.registered',
      workerId: 'AW_1',
      serverInfo: {
        edition: 1,
        version: '1.13.5',
        protocol: 17,
        region: 'eu',
        nodeId: 'ND_1',
        debugInfo: 'd',
        agentProtocol: 1,
      },
    });
  });

  it('fills in a register answer without server info', () => {
    const [[, frame]] = frames({
      case: 'register',
      value: new RegisterWorkerResponse({ workerId: 'AW_1' }),
    }) as [[string, Uint8Array]];
    expect(decodeServerMessage(frame)).toEqual({
      type: 'server.registered',
      workerId: 'AW_1',
      serverInfo: {
        edition: 0,
        version: '',
        protocol: 0,
        region: '',
        nodeId: '',
        debugInfo: '',
        agentProtocol: 0,
      },
    });
  });

  it.each(
    frames({
      case: 'availability',
      value: new AvailabilityRequest({ job: offered, resuming: true }),
    }),
  )('decodes a job request from a %s frame, without the TURN password', (_kind, frame) => {
    expect(decodeServerMessage(frame)).toEqual({
      type: 'server.jobRequested',
      job: plainJob,
      resuming: true,
    });
  });

  it.each(
    frames({
      case: 'assignment',
      value: new JobAssignment({ job: offered, token: 't', url: 'wss://other' }),
    }),
  )('decodes an assignment with a URL from a %s frame', (_kind, frame) => {
    expect(decodeServerMessage(frame)).toEqual({
      type: 'server.jobAssigned',
      job: plainJob,
      url: 'wss://other',
      token: 't',
    });
  });

  it.each([
    ['left out', undefined],
    ['empty', ''],
  ])('takes a URL that is %s for none', (_kind, url) => {
    const value = new JobAssignment({ job: offered, token: 't' });
    if (url !== undefined) value.url = url;
    const frame = new ServerMessage({ message: { case: 'assignment', value } }).toBinary();
    expect(decodeServerMessage(frame)).toMatchObject({ type: 'server.jobAssigned', url: null });
  });

  it.each(frames({ case: 'termination', value: new JobTermination({ jobId: 'AJ_1' }) }))(
    'decodes a termination from a %s frame',
    (_kind, frame) => {
      expect(decodeServerMessage(frame)).toEqual({ type: 'server.jobTerminated', jobId: 'AJ_1' });
    },
  );

  it.each(
    frames({
      case: 'pong',
      value: new WorkerPong({ lastTimestamp: 5n, timestamp: 1795500571178n }),
    }),
  )('decodes a pong from a %s frame', (_kind, frame) => {
    expect(decodeServerMessage(frame)).toEqual({
      type: 'server.ponged',
      lastTimestamp: 5,
      timestamp: 1795500571178,
    });
  });
});

describe('optional parts of a job', () => {
  it('keeps the participant of a publisher job, with unknown enum numbers', () => {
    const job = Job.fromJson({
      id: 'AJ_2',
      type: 1,
      participant: { sid: 'PA_1', identity: 'ann', state: 99, kind: 42 },
      state: { status: 4 },
    });
    const value = new AvailabilityRequest({ job });
    const frame = new ServerMessage({ message: { case: 'availability', value } }).toBinary();
    expect(decodeServerMessage(frame)).toMatchObject({
      type: 'server.jobRequested',
      job: {
        type: 1,
        participant: { sid: 'PA_1', identity: 'ann', state: 99, kind: 42, joinedAt: '0' },
        state: { status: 4 },
      },
    });
  });

  it('leaves out a room, a participant and a state that are not there', () => {
    const value = new AvailabilityRequest({ job: new Job({ id: 'AJ_3' }) });
    const frame = new ServerMessage({ message: { case: 'availability', value } }).toBinary();
    expect(decodeServerMessage(frame)).toEqual({
      type: 'server.jobRequested',
      resuming: false,
      job: {
        id: 'AJ_3',
        dispatchId: '',
        type: 0,
        agentName: '',
        metadata: '',
        namespace: '',
        deployment: '',
        attributes: {},
        enableRecording: false,
        enableRedaction: false,
      },
    });
  });
});
