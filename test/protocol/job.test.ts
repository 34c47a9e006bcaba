import {
  Job,
  JobState,
  JobStatus,
  JobType,
  ParticipantInfo,
  ParticipantInfo_Kind,
  Room,
} from '@livekit/protocol';
import { describe, expect, it } from 'vitest';
import { jobToProtobuf } from '../../src/protocol/job-to-protobuf.ts';
import { jobFromProtobuf } from '../../src/protocol/job.ts';

const whole = () =>
  new Job({
    id: 'AJ_1',
    dispatchId: 'AD_1',
    type: JobType.JT_PARTICIPANT,
    agentName: 'greeter',
    metadata: 'm',
    deployment: 'blue',
    attributes: { tier: 'gold' },
    enableRedaction: true,
    room: new Room({
      sid: 'RM_1',
      name: 'lobby',
      creationTimeMs: 1795500570976n,
      turnPassword: 'secret',
    }),
    participant: new ParticipantInfo({
      sid: 'PA_1',
      identity: 'ann',
      joinedAt: 1795500571n,
      kind: ParticipantInfo_Kind.SIP,
      attributes: { 'sip.phoneNumber': '+1' },
    }),
    state: new JobState({
      status: JobStatus.JS_RUNNING,
      startedAt: 9007199254740993n,
      workerId: 'AW_1',
    }),
  });

describe('jobFromProtobuf', () => {
  it('keeps 64-bit integers exact, as strings', () => {
    expect(jobFromProtobuf(whole())).toMatchObject({
      state: { startedAt: '9007199254740993' },
      room: { creationTimeMs: '1795500570976' },
    });
  });

  it('survives cloning and JSON unchanged', () => {
    const plain = jobFromProtobuf(whole());
    expect(structuredClone(plain)).toEqual(plain);
    expect(JSON.parse(JSON.stringify(plain))).toEqual(plain);
  });

  it('leaves the TURN password out and the given job alone', () => {
    const job = whole();
    expect(JSON.stringify(jobFromProtobuf(job))).not.toContain('secret');
    expect(job.room?.turnPassword).toBe('secret');
  });
});

describe('jobToProtobuf', () => {
  it('gives back the job, except for the TURN password', () => {
    const expected = whole();
    expected.room!.turnPassword = '';
    const back = jobToProtobuf(jobFromProtobuf(whole()));
    expect(back).toBeInstanceOf(Job);
    expect(back.equals(expected)).toBe(true);
  });

  it('gives back a job of which only the id is set', () => {
    const back = jobToProtobuf(jobFromProtobuf(new Job({ id: 'AJ_1' })));
    expect(back.equals(new Job({ id: 'AJ_1' }))).toBe(true);
    expect(back.room).toBeUndefined();
    expect(back.participant).toBeUndefined();
  });

  it('skips fields that another version wrote', () => {
    const plain = { ...jobFromProtobuf(new Job({ id: 'AJ_1' })), createdAt: '5' };
    expect(jobToProtobuf(plain).id).toBe('AJ_1');
  });
});
