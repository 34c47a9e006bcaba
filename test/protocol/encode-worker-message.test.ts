import { WorkerMessage as ProtobufMessage } from '@livekit/protocol';
import { describe, expect, it } from 'vitest';
import type { WorkerMessage } from '../../machines/messages.ts';
import { encodeWorkerMessage } from '../../src/protocol/encode-worker-message.ts';

/** What the server reads: every field of the message, defaults too. */
function read(message: WorkerMessage, nowMs = 0): unknown {
  return ProtobufMessage.fromBinary(encodeWorkerMessage(message, nowMs)).toJson({
    emitDefaultValues: true,
    enumAsInteger: true,
  });
}

function bytes(message: WorkerMessage): string {
  return Buffer.from(encodeWorkerMessage(message, 0)).toString('hex');
}

const permissions = {
  canPublish: true,
  canSubscribe: false,
  canPublishData: true,
  canUpdateMetadata: false,
  canSubscribeMetrics: true,
  canPublishSources: [1, 2],
  hidden: true,
};

const register: WorkerMessage = {
  type: 'register',
  jobType: 'publisher',
  agentName: 'greeter',
  deployment: 'blue',
  version: '0.1.0',
  permissions,
};

describe('register', () => {
  it('carries every permission, and says that this is an agent', () => {
    expect(read(register)).toEqual({
      register: {
        type: 1,
        agentName: 'greeter',
        deployment: 'blue',
        version: '0.1.0',
        pingInterval: 0,
        allowedPermissions: {
          canPublish: true,
          canSubscribe: false,
          canPublishData: true,
          canUpdateMetadata: false,
          canSubscribeMetrics: true,
          canPublishSources: [1, 2],
          hidden: true,
          agent: true,
          recorder: false,
          canManageAgentSession: false,
        },
      },
    });
  });

  it('sends permissions that allow nothing as a message of their own', () => {
    const nothing = {
      canPublish: false,
      canSubscribe: false,
      canPublishData: false,
      canUpdateMetadata: false,
      canSubscribeMetrics: false,
      canPublishSources: [],
      hidden: false,
    };
    // Field 7 of the register message: { agent = true } and nothing else.
    expect(bytes({ ...register, permissions: nothing })).toContain('3a025801');
  });

  it.each([
    ['room', 0],
    ['publisher', 1],
    ['participant', 2],
  ] as const)('knows the job type %s', (jobType, type) => {
    expect(read({ ...register, jobType })).toMatchObject({ register: { type } });
  });
});

describe('answer', () => {
  it('accepts with everything the agent shows in the room', () => {
    const accept = {
      name: 'Ann',
      identity: 'agent-AJ_1',
      metadata: 'm',
      attributes: { 'lk.agent.name': 'greeter' },
    };
    expect(read({ type: 'answer', jobId: 'AJ_1', answer: { available: true, accept } })).toEqual({
      availability: {
        jobId: 'AJ_1',
        available: true,
        supportsResume: false,
        terminate: false,
        participantName: 'Ann',
        participantIdentity: 'agent-AJ_1',
        participantMetadata: 'm',
        participantAttributes: { 'lk.agent.name': 'greeter' },
      },
    });
  });

  it.each([true, false])('rejects with terminate %s', (terminate) => {
    expect(
      read({ type: 'answer', jobId: 'AJ_1', answer: { available: false, terminate } }),
    ).toEqual({
      availability: {
        jobId: 'AJ_1',
        available: false,
        supportsResume: false,
        terminate,
        participantName: '',
        participantIdentity: '',
        participantMetadata: '',
        participantAttributes: {},
      },
    });
  });
});

describe('status', () => {
  it('writes status 0 too: the server keeps the old one when it is left out', () => {
    // updateWorker { status = 0 }: field 1 is present although it is the default. Load 0 is the default of its field.
    expect(bytes({ type: 'status', status: 'available', load: 0, jobCount: 0 })).toBe('1a020800');
  });

  it('writes status, load and job count together', () => {
    expect(read({ type: 'status', status: 'full', load: 0.5, jobCount: 3 })).toEqual({
      updateWorker: { status: 1, load: 0.5, jobCount: 3 },
    });
  });

  it.each([NaN, Infinity, -Infinity])('refuses the load %s', (load) => {
    expect(() => bytes({ type: 'status', status: 'available', load, jobCount: 0 })).toThrow(
      expect.objectContaining({
        code: 'GR_INTERNAL',
        message: expect.stringContaining(`not ${load}`),
      }),
    );
  });
});

describe('the other messages', () => {
  it.each([
    ['running', 1],
    ['success', 2],
    ['failed', 3],
  ] as const)('reports a job as %s', (status, number) => {
    expect(read({ type: 'jobStatus', jobId: 'AJ_1', status, error: 'why' })).toEqual({
      updateJob: { jobId: 'AJ_1', status: number, error: 'why' },
    });
  });

  it('stamps a ping with the time of its encoding', () => {
    expect(read({ type: 'ping' }, 1795500571178.9)).toEqual({
      ping: { timestamp: '1795500571178' },
    });
  });

  it('names the jobs that go on', () => {
    expect(read({ type: 'migrateJobs', jobIds: ['AJ_1', 'AJ_2'] })).toEqual({
      migrateJob: { jobIds: ['AJ_1', 'AJ_2'] },
    });
  });

  it('asks for a room job', () => {
    expect(
      ProtobufMessage.fromBinary(
        encodeWorkerMessage({ type: 'simulateJob', room: 'lobby', participantIdentity: null }, 0),
      ).toJson(),
    ).toEqual({ simulateJob: { room: { name: 'lobby' } } });
  });

  it('asks for a publisher job', () => {
    expect(
      ProtobufMessage.fromBinary(
        encodeWorkerMessage({ type: 'simulateJob', room: 'lobby', participantIdentity: 'ann' }, 0),
      ).toJson(),
    ).toEqual({
      simulateJob: {
        type: 'JT_PUBLISHER',
        room: { name: 'lobby' },
        participant: { identity: 'ann' },
      },
    });
  });

  it('refuses a simulated job without a room, which would crash the server', () => {
    expect(() => bytes({ type: 'simulateJob', room: '', participantIdentity: null })).toThrow(
      expect.objectContaining({ code: 'GR_INTERNAL' }),
    );
  });
});
