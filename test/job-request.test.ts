import { Job as ProtobufJob, ParticipantInfo, Room } from '@livekit/protocol';
import { describe, expect, it, vi } from 'vitest';
import { JobRequest, type RequestAnswers } from '../src/job-request.ts';
import { jobToProtobuf } from '../src/protocol/job-to-protobuf.ts';
import { jobFromProtobuf } from '../src/protocol/job.ts';

function make() {
  const job = jobFromProtobuf(
    new ProtobufJob({
      id: 'AJ_1',
      agentName: 'greeter',
      metadata: 'm',
      room: new Room({ sid: 'RM_1', name: 'lobby' }),
      participant: new ParticipantInfo({ sid: 'PA_1', identity: 'ann' }),
    }),
  );
  const accept = vi.fn<RequestAnswers['accept']>(() => Promise.resolve());
  const reject = vi.fn<RequestAnswers['reject']>();
  return { request: new JobRequest(job, { accept, reject }, jobToProtobuf), accept, reject };
}

const forced = { 'lk.agent.name': 'greeter' };

describe('what is asked', () => {
  it('is the job in the classes of LiveKit', () => {
    const { request } = make();
    expect(request.id).toBe('AJ_1');
    expect(request.agentName).toBe('greeter');
    expect(request.job).toBeInstanceOf(ProtobufJob);
    expect(request.job.metadata).toBe('m');
    expect(request.room?.name).toBe('lobby');
    expect(request.publisher?.identity).toBe('ann');
    expect(request.job).toBe(request.job);
  });

  it('has no room and no publisher where the job has none', () => {
    const job = jobFromProtobuf(new ProtobufJob({ id: 'AJ_2' }));
    const answers = { accept: () => Promise.resolve(), reject: () => {} };
    const bare = new JobRequest(job, answers, jobToProtobuf);
    expect([bare.room, bare.publisher, bare.agentName]).toEqual([undefined, undefined, '']);
  });
});

describe('accept', () => {
  it('without arguments names the agent after the job', async () => {
    const { request, accept } = make();
    await request.accept();
    expect(accept).toHaveBeenCalledExactlyOnceWith({
      name: '',
      identity: 'agent-AJ_1',
      metadata: '',
      attributes: forced,
    });
  });

  const whole = {
    name: 'Greeter',
    identity: 'me',
    metadata: 'data',
    attributes: { mood: 'good', 'lk.agent.name': 'spoof' },
  };
  const expected = { ...whole, attributes: { mood: 'good', ...forced } };

  it('takes one object', async () => {
    const { request, accept } = make();
    await request.accept(whole);
    expect(accept).toHaveBeenCalledExactlyOnceWith(expected);
  });

  it('takes positions', async () => {
    const { request, accept } = make();
    await request.accept(whole.name, whole.identity, whole.metadata, whole.attributes);
    expect(accept).toHaveBeenCalledExactlyOnceWith(expected);
  });

  it('takes empty texts for left out', async () => {
    const { request, accept } = make();
    await request.accept('', '', 'data');
    expect(accept).toHaveBeenCalledExactlyOnceWith({
      name: '',
      identity: 'agent-AJ_1',
      metadata: 'data',
      attributes: forced,
    });
  });

  it.each([
    [{ name: 5 }, 'The name of the answer to a job request must be a text, received 5 (number).'],
    [{ identity: {} }, 'identity'],
    [{ attributes: 'a' }, 'must be an object of texts, received "a" (string)'],
    [{ attributes: { age: 5 } }, 'attribute age'],
  ])('refuses %j', (options, message) => {
    const { request, accept } = make();
    expect(() => request.accept(options as never)).toThrow(
      expect.objectContaining({
        code: 'GR_OPTION_INVALID',
        message: expect.stringContaining(message),
      }),
    );
    expect(accept).not.toHaveBeenCalled();
  });
});

describe('reject', () => {
  it('lets the server ask the next worker', async () => {
    const { request, reject } = make();
    await request.reject();
    expect(reject).toHaveBeenCalledExactlyOnceWith({ terminate: false, detail: '' });
  });

  it('can end the dispatch, and say why', async () => {
    const { request, reject } = make();
    await request.reject({ terminate: true, reason: 'not in this country' });
    expect(reject).toHaveBeenCalledExactlyOnceWith({
      terminate: true,
      detail: 'not in this country',
    });
  });
});
