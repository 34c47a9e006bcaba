import { fileURLToPath } from 'node:url';
import { JobType } from '@livekit/protocol';
import { describe, expect, it } from 'vitest';
import { type OptionContext, resolveOptions } from '../../src/resolve-options.ts';
import type { ResolvedOptions, WorkerOptionsInit } from '../../src/worker-options.ts';

const agent = fileURLToPath(import.meta.url);
const env = { LIVEKIT_URL: 'wss://host', LIVEKIT_API_KEY: 'key', LIVEKIT_API_SECRET: 'secret' };

function resolve(
  options: Partial<WorkerOptionsInit> = {},
  context: OptionContext = {},
): ResolvedOptions {
  return resolveOptions({ agent, ...options }, { ...context, env: { ...env, ...context.env } });
}

describe('registrations', () => {
  it('is one by default, from agentName, serverType and deployment', () => {
    expect(
      resolve({ agentName: 'greeter', serverType: JobType.JT_PUBLISHER, deployment: 'blue' })
        .registrations,
    ).toEqual([
      { key: 'greeter/publisher', agentName: 'greeter', jobType: 'publisher', deployment: 'blue' },
    ]);
  });

  it('have keys that tell them apart, and are no longer than needed', () => {
    const keys = resolve({
      registrations: [
        {},
        { agentName: 'a' },
        { agentName: 'a', deployment: 'blue' },
        { agentName: 'a', serverType: JobType.JT_PARTICIPANT },
        { agentName: 'b', deployment: 'blue' },
        { agentName: 'a/participant' },
      ],
    }).registrations.map(({ key }) => key);
    expect(keys).toEqual(['(any)', 'a', 'a@blue', 'a/participant', 'b', 'a/participant#2']);
  });

  it('take name and deployment from the environment where code has none', () => {
    const context = {
      env: { LIVEKIT_AGENT_NAME: 'env-name', LIVEKIT_AGENT_DEPLOYMENT: 'env-deployment' },
    };
    expect(resolve({}, context)).toMatchObject({
      agentNameIsEnv: true,
      registrations: [{ agentName: 'env-name', deployment: 'env-deployment' }],
    });
    expect(resolve({ agentName: '', deployment: '' }, context)).toMatchObject({
      agentNameIsEnv: false,
      registrations: [{ agentName: '', deployment: '' }],
    });
  });

  it('are all renamed by LIVEKIT_AGENT_NAME_OVERRIDE', () => {
    const context = {
      env: { LIVEKIT_AGENT_NAME_OVERRIDE: 'forced', LIVEKIT_AGENT_NAME: 'other' },
      flags: { agentName: 'flag' },
    };
    expect(resolve({ agentName: 'code' }, context)).toMatchObject({
      agentNameIsEnv: true,
      registrations: [{ key: 'forced', agentName: 'forced' }],
    });
    const several = { registrations: [{ agentName: 'a' }, { agentName: 'b' }, { serverType: 1 }] };
    expect(resolve(several, { env: context.env }).registrations.map(({ key }) => key)).toEqual([
      'forced',
      'forced/publisher',
    ]);
  });

  it('say what agentNameIsEnv says when it is set', () => {
    expect(resolve({ agentName: 'a', agentNameIsEnv: true }).agentNameIsEnv).toBe(true);
  });
});
