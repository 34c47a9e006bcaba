import { describe, expect, it } from 'vitest';
import { checkOptions } from '../src/resolve-options.ts';
import { jobEnvironment } from '../src/job-environment.ts';

const secrets = { apiKey: 'the-key', apiSecret: 'the-secret', workerToken: 'the-token' };
const environment = {
  PATH: '/bin',
  EMPTY: '',
  LIVEKIT_URL: 'wss://host',
  LIVEKIT_API_KEY: 'the-key',
  LIVEKIT_API_SECRET: 'another-secret',
  LIVEKIT_WORKER_TOKEN: 'the-token',
  MY_SECRET: 'the-secret',
  MY_KEY: 'the-key',
  MY_TOKEN: 'the-token',
  THE_SECRETS: 'are not the-secret itself',
};

describe('the environment of job processes', () => {
  it('is that of the worker', () => {
    expect(jobEnvironment(environment, { ...secrets, credentials: 'share' })).toEqual(environment);
  });

  it('has no credentials under any name when they are withheld', () => {
    expect(jobEnvironment(environment, { ...secrets, credentials: 'withhold' })).toEqual({
      PATH: '/bin',
      EMPTY: '',
      LIVEKIT_URL: 'wss://host',
      THE_SECRETS: 'are not the-secret itself',
    });
  });

  it('keeps what is empty when there is no worker token', () => {
    const options = { ...secrets, workerToken: null, credentials: 'withhold' } as const;
    expect(jobEnvironment(environment, options)).toMatchObject({
      EMPTY: '',
      MY_TOKEN: 'the-token',
    });
  });
});

describe('the option credentials', () => {
  it.each(['hide', true, { apiKey: 'k', apiSecret: 'planted' }])(
    'is a policy: %j is refused, and not shown',
    (credentials) => {
      const check = () => checkOptions({ agent: '/agent.js', credentials } as never, { env: {} });
      expect(check).toThrow(
        'credentials: the value, not shown here, is not allowed; allowed: share, withhold.',
      );
    },
  );
});
