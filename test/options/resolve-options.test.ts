import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { TrackSource } from '@livekit/protocol';
import pino from 'pino';
import { describe, expect, it } from 'vitest';
import { WorkerPermissions } from '../../src/permissions.ts';
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

const commonDefaults = {
  agent,
  agentNameIsEnv: false,
  registrations: [{ key: '(any)', agentName: '', jobType: 'room', deployment: '' }],
  requestFunc: expect.any(Function),
  loadFunc: null,
  maxJobs: null,
  maxRetry: null,
  permissions: {
    canPublish: true,
    canSubscribe: true,
    canPublishData: true,
    canUpdateMetadata: true,
    canSubscribeMetrics: false,
    canPublishSources: [],
    hidden: false,
  },
  announce: true,
  quickConnect: true,
  rehearse: true,
  codeCache: true,
  requestTimeoutMs: 2000,
  assignmentTimeoutMs: 5000,
  initializeTimeoutMs: 10_000,
  drainTimeoutMs: 3_600_000,
  shutdownTimeoutMs: 60_000,
  sessionEndTimeoutMs: 300_000,
  entryGraceTimeoutMs: 15_000,
  unresponsiveTimeoutMs: 60_000,
  jobMemoryWarnMB: 1000,
  jobMemoryLimitMB: 0,
  url: 'wss://host',
  apiKey: 'key',
  apiSecret: 'secret',
  workerToken: null,
  credentials: 'share',
  host: '0.0.0.0',
  logger: null,
  inspect: false,
  inspectControl: false,
  record: null,
};

describe('defaults', () => {
  it('are made for production in production', () => {
    expect(resolve({ production: true })).toEqual({
      ...commonDefaults,
      loadThreshold: 0.7,
      numIdleProcesses: Math.min(availableParallelism(), 4),
      port: 8081,
      logLevel: 'info',
      logFormat: 'json',
      production: true,
    });
  });

  it('are made for development otherwise', () => {
    expect(resolve()).toEqual({
      ...commonDefaults,
      loadThreshold: null,
      numIdleProcesses: 0,
      port: 0,
      logLevel: 'debug',
      logFormat: 'pretty',
      production: false,
    });
  });

  it('follow the mode rather than the option', () => {
    expect(resolve({ production: true }, { mode: 'development' }).production).toBe(false);
    expect(resolve({ production: false }, { mode: 'production' })).toMatchObject({
      production: true,
      loadThreshold: 0.7,
    });
  });

  it('accept every job', async () => {
    let accepted = 0;
    const request = { accept: () => Promise.resolve((accepted += 1)) };
    await resolve().requestFunc(request as never);
    expect(accepted).toBe(1);
  });
});

describe('values', () => {
  it('are taken over, zeros too', () => {
    const zeros = {
      numIdleProcesses: 0,
      port: 0,
      loadThreshold: 0,
      maxRetry: 0,
      requestTimeoutMs: 0,
      assignmentTimeoutMs: 0,
      initializeTimeoutMs: 0,
      shutdownTimeoutMs: 0,
      entryGraceTimeoutMs: 0,
      sessionEndTimeoutMs: 0,
      unresponsiveTimeoutMs: 1000,
      jobMemoryWarnMB: 0,
      jobMemoryLimitMB: 0,
    };
    expect(resolve(zeros, { mode: 'production' })).toMatchObject(zeros);
  });

  it('keep functions, the logger, and null for no HTTP server', () => {
    const requestFunc = () => {};
    const loadFunc = () => 0.5;
    const logger = pino({ enabled: false });
    const resolved = resolve({ requestFunc, loadFunc, logger, port: null });
    expect(resolved.requestFunc).toBe(requestFunc);
    expect(resolved.loadFunc).toBe(loadFunc);
    expect(resolved.logger).toBe(logger);
    expect(resolved.port).toBeNull();
  });

  it.each([0, Infinity, null])('take a drain time-out of %s for waiting for ever', (value) => {
    expect(resolve({ drainTimeoutMs: value }).drainTimeoutMs).toBeNull();
    expect(resolve({ drainTimeout: value }).drainTimeoutMs).toBeNull();
  });

  it('take Infinity for no limit', () => {
    expect(
      resolve(
        { loadThreshold: Infinity, maxJobs: Infinity, maxRetry: Infinity },
        { mode: 'production' },
      ),
    ).toMatchObject({ loadThreshold: null, maxJobs: null, maxRetry: null });
  });

  it('may be given by the names users of @livekit/agents know', () => {
    expect(
      resolve({
        initializeProcessTimeout: 1,
        drainTimeout: 2,
        shutdownProcessTimeout: 3,
        sessionEndTimeout: 3,
      }),
    ).toMatchObject({
      initializeTimeoutMs: 1,
      drainTimeoutMs: 2,
      shutdownTimeoutMs: 3,
      sessionEndTimeoutMs: 3,
    });
  });

  it('that are undefined count as not set', () => {
    const options = { maxJobs: undefined, port: undefined } as unknown as WorkerOptionsInit;
    expect(resolve(options, { mode: 'production' })).toMatchObject({ maxJobs: null, port: 8081 });
  });

  it('become permissions in plain data', () => {
    const sources = [TrackSource.MICROPHONE];
    const permissions = new WorkerPermissions(false, true, false, true, sources, true, true);
    const resolved = resolve({ permissions }).permissions;
    sources.push(TrackSource.CAMERA);
    expect(resolved).toEqual({
      canPublish: false,
      canSubscribe: true,
      canPublishData: false,
      canUpdateMetadata: true,
      canPublishSources: [TrackSource.MICROPHONE],
      hidden: true,
      canSubscribeMetrics: true,
    });
    expect(Object.getPrototypeOf(resolved)).toBe(Object.prototype);
  });
});

describe('the agent file', () => {
  it('may be a URL, an absolute path, or relative to the working directory', () => {
    const cwd = dirname(dirname(agent));
    for (const given of [import.meta.url, agent, 'options/resolve-options.test.ts']) {
      expect(resolve({ agent: given }, { cwd }).agent).toBe(agent);
    }
  });

  it('that does not exist is refused with its full path', () => {
    const cwd = dirname(agent);
    expect(() => resolve({ agent: 'nowhere.ts' }, { cwd })).toThrow(
      expect.objectContaining({
        code: 'GR_AGENT_NOT_FOUND',
        message: `The agent file ${join(cwd, 'nowhere.ts')} does not exist (given as "nowhere.ts", working directory ${cwd}). Give its path, or import.meta.url from within it.`,
      }),
    );
  });

  it('that is a directory is refused', () => {
    expect(() => resolve({ agent: pathToFileURL(dirname(agent)).href })).toThrow(
      expect.objectContaining({
        code: 'GR_AGENT_NOT_FOUND',
        message: expect.stringContaining('is not a file'),
      }),
    );
  });
});

describe('sources', () => {
  it('the command line wins over code, code over the environment', () => {
    const fromEnvironment = { env: { LIVEKIT_URL: 'wss://environment' } };
    const code = { wsURL: 'wss://code', drainTimeout: 5 };
    const flags = { wsURL: 'wss://flag', drainTimeoutMs: 6 };
    expect(resolve({}, fromEnvironment).url).toBe('wss://environment');
    expect(resolve(code, fromEnvironment).url).toBe('wss://code');
    expect(resolve(code, { ...fromEnvironment, flags })).toMatchObject({
      url: 'wss://flag',
      drainTimeoutMs: 6,
    });
  });

  it('an empty credential counts as not set', () => {
    expect(resolve({ wsURL: '', apiKey: '', apiSecret: '', workerToken: '' })).toMatchObject({
      url: 'wss://host',
      apiKey: 'key',
      apiSecret: 'secret',
      workerToken: null,
    });
  });

  it('the environment sets the worker token and the log level', () => {
    expect(resolve({}, { env: { LIVEKIT_WORKER_TOKEN: 'w', LOG_LEVEL: 'WARN' } })).toMatchObject({
      workerToken: 'w',
      logLevel: 'warn',
    });
    expect(resolve({}, { env: { LOG_LEVEL: 'warn', LIVEKIT_LOG_LEVEL: 'error' } }).logLevel).toBe(
      'error',
    );
    expect(resolve({ logLevel: 'trace' }, { env: { LOG_LEVEL: 'warn' } }).logLevel).toBe('trace');
  });

  it.each(['announce', 'quickConnect', 'rehearse', 'codeCache'] as const)(
    'lets an operator switch %s off',
    (option) => {
      const variable = `GREENROOM_${option.replace('C', '_C').toUpperCase()}`;
      expect(resolve({}, { env: { [variable]: 'false' } })[option]).toBe(false);
      expect(resolve({}, { env: { [variable]: 'true' } })[option]).toBe(true);
      expect(resolve({ [option]: true }, { env: { [variable]: 'false' } })[option]).toBe(true);
    },
  );

  it('the process environment is the default', () => {
    const { LIVEKIT_URL: before } = process.env;
    process.env['LIVEKIT_URL'] = 'wss://process';
    try {
      expect(resolveOptions({ agent, apiKey: 'k', apiSecret: 's' }).url).toBe('wss://process');
    } finally {
      if (before === undefined) delete process.env['LIVEKIT_URL'];
      else process.env['LIVEKIT_URL'] = before;
    }
  });
});

describe('budgets', () => {
  it('that were set make the default of the whole longer', () => {
    expect(resolve({ sessionEndTimeoutMs: 200_000 })).toMatchObject({
      sessionEndTimeoutMs: 200_000,
      shutdownTimeoutMs: 215_000,
    });
    expect(resolve({ entryGraceTimeoutMs: 1000 }).shutdownTimeoutMs).toBe(60_000);
    expect(resolve({ sessionEndTimeoutMs: 2_147_483_647 }).shutdownTimeoutMs).toBe(2_147_483_647);
  });

  it('leave a whole alone that was set', () => {
    expect(resolve({ shutdownTimeoutMs: 5000 })).toMatchObject({
      shutdownTimeoutMs: 5000,
      sessionEndTimeoutMs: 300_000,
    });
    expect(
      resolve({
        shutdownTimeoutMs: 5000,
        sessionEndTimeoutMs: 4000,
        entryGraceTimeoutMs: 1000,
      }),
    ).toMatchObject({ shutdownTimeoutMs: 5000 });
  });

  it('warn of memory before the limit', () => {
    expect(resolve({ jobMemoryLimitMB: 500 }).jobMemoryWarnMB).toBe(400);
    expect(resolve({ jobMemoryLimitMB: 4000 }).jobMemoryWarnMB).toBe(1000);
  });
});
