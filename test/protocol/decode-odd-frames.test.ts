import {
  AvailabilityRequest,
  Job,
  JobAssignment,
  JobTermination,
  ServerMessage,
} from '@livekit/protocol';
import { describe, expect, it } from 'vitest';
import { WorkerError } from '../../src/errors.ts';
import { decodeServerMessage } from '../../src/protocol/decode-server-message.ts';

type Content = ServerMessage['message'];

function failureOf(frame: Uint8Array | string): WorkerError {
  try {
    decodeServerMessage(frame);
  } catch (error) {
    return error as WorkerError;
  }
  throw new Error('the frame was decoded');
}

describe('what a newer server may send', () => {
  it('skips a message it does not know, in both forms', () => {
    // Field 6 is go_away { reason: "bye" } of newer schemas.
    const goAway = Uint8Array.of(0x32, 0x05, 0x0a, 0x03, 0x62, 0x79, 0x65);
    expect(decodeServerMessage(goAway)).toEqual({ type: 'server.unknown', case: 'field 6' });
    expect(decodeServerMessage('{"goAway":{"reason":"bye"}}')).toEqual({
      type: 'server.unknown',
      case: 'goAway',
    });
  });

  it('skips an empty message, in both forms', () => {
    expect(decodeServerMessage(new Uint8Array())).toEqual({
      type: 'server.unknown',
      case: 'empty',
    });
    expect(decodeServerMessage('{}')).toEqual({ type: 'server.unknown', case: 'empty' });
  });

  it('ignores fields it does not know inside a message, in both forms', () => {
    const known = new ServerMessage({
      message: { case: 'termination', value: new JobTermination({ jobId: 'AJ_1' }) },
    }).toBinary();
    // Appends field 15, a varint, to the termination and lengthens it by those two bytes.
    const extended = Uint8Array.of(known[0]!, known[1]! + 2, ...known.subarray(2), 0x78, 0x01);
    const expected = { type: 'server.jobTerminated', jobId: 'AJ_1' };
    expect(decodeServerMessage(extended)).toEqual(expected);
    expect(decodeServerMessage('{"termination":{"jobId":"AJ_1","why":"x"}}')).toEqual(expected);
  });

  it('reads snake case, integers as numbers and unknown enum names in JSON', () => {
    expect(
      decodeServerMessage(
        '{"availability":{"job":{"id":"AJ_4","dispatch_id":"AD_4","state":{"status":"JS_CANCELLED","started_at":7}}}}',
      ),
    ).toMatchObject({
      job: { id: 'AJ_4', dispatchId: 'AD_4', state: { status: 0, startedAt: '7' } },
    });
  });

  it.each([
    ['availability', new AvailabilityRequest()],
    ['availability', new AvailabilityRequest({ job: new Job() })],
    ['assignment', new JobAssignment({ token: 't' })],
    ['assignment', new JobAssignment({ token: 't', job: new Job() })],
  ] as const)('skips an %s that names no job', (name, value) => {
    const message = { case: name, value } as Content;
    expect(decodeServerMessage(new ServerMessage({ message }).toBinary())).toEqual({
      type: 'server.unknown',
      case: `${name} without a job id`,
    });
  });
});

describe('frames that are no message', () => {
  it('says what was received in a binary frame', () => {
    const error = failureOf(Uint8Array.of(0xde, 0xad, 0xbe, 0xef));
    expect(error).toBeInstanceOf(WorkerError);
    expect(error.code).toBe('GR_CONNECTION_FAILED');
    expect(error.message).toContain('Received: binary frame of 4 bytes, deadbeef.');
  });

  it('shows the start of a long binary frame only', () => {
    const error = failureOf(new Uint8Array(1000).fill(0xff));
    expect(error.message).toContain(`binary frame of 1000 bytes, ${'ff'.repeat(16)}.`);
  });

  it('refuses a message that was cut', () => {
    const whole = new ServerMessage({
      message: { case: 'termination', value: new JobTermination({ jobId: 'AJ_1' }) },
    }).toBinary();
    expect(failureOf(whole.subarray(0, -1)).code).toBe('GR_CONNECTION_FAILED');
  });

  it.each(['hello', '[]', 'null', '42', '', '{"termination":{"jobId":7}}'])(
    'refuses the text frame %j',
    (text) => {
      const error = failureOf(text);
      expect(error.code).toBe('GR_CONNECTION_FAILED');
      expect(error.message).toContain(
        `text frame of ${text.length} characters, ${JSON.stringify(text)}`,
      );
    },
  );

  it('keeps tokens out of the error', () => {
    const token = `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.${'s'.repeat(43)}`;
    const error = failureOf(`{"assignment":{"token":{"${token}":1}}}`);
    const everything = `${error.message} ${error.stack} ${JSON.stringify(error.details)}`;
    expect(everything).not.toContain('eyJ');
    expect(error.message).toContain('<token>');
    expect(error.cause).toBeUndefined();
  });
});
