import { describe, expect, it } from 'vitest';
import {
  closeReason,
  connectFailureReason,
  errorReason,
} from '../../src/protocol/connection-reasons.ts';

function systemError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

describe('connectFailureReason', () => {
  it('names the address without its query', () => {
    const error = systemError('ENOTFOUND', 'getaddrinfo ENOTFOUND nowhere');
    expect(
      connectFailureReason(error, new URL('wss://user:pass@nowhere/agent?worker_token=secret')),
    ).toBe(
      'could not connect to wss://nowhere/agent: its host name cannot be resolved (getaddrinfo ENOTFOUND nowhere)',
    );
  });

  it('tells what each address of a host said', () => {
    const error = Object.assign(
      new AggregateError([
        systemError('ECONNREFUSED', 'connect ECONNREFUSED ::1:7880'),
        systemError('ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:7880'),
      ]),
      { code: 'ECONNREFUSED' },
    );
    expect(errorReason(error)).toBe(
      'nothing listens at that address (connect ECONNREFUSED ::1:7880; connect ECONNREFUSED 127.0.0.1:7880)',
    );
  });
});

describe('errorReason', () => {
  it.each([
    [
      systemError('DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate'),
      'its TLS certificate is not trusted (self-signed certificate)',
    ],
    [systemError('ESOMETHING', ''), 'ESOMETHING'],
    [new Error('plain'), 'plain'],
    [new TypeError(''), 'TypeError'],
    ['a string', 'a string'],
    [undefined, 'undefined'],
  ])('puts %s into words', (error, expected) => {
    expect(errorReason(error)).toBe(expected);
  });

  it('keeps tokens out', () => {
    expect(errorReason(new Error('bad eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.c2ln-_x'))).toBe(
      'bad <token>',
    );
  });
});

describe('closeReason', () => {
  it.each([
    [1000, '', 'closed in order'],
    [1006, '', 'the connection broke off without a close frame'],
    [4999, '', 'closed with code 4999'],
    [1001, 'bye', 'bye'],
  ])('puts code %i with reason %j into words', (code, reason, expected) => {
    expect(closeReason(code, reason)).toBe(expected);
  });
});
