import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { WorkerError } from '../../src/errors.ts';
import { checkOptions, resolveOptions } from '../../src/resolve-options.ts';
import { ServerOptions, WorkerOptions, initOf } from '../../src/server-options.ts';
import type { WorkerOptionsInit } from '../../src/worker-options.ts';

const agent = fileURLToPath(import.meta.url);

function failure(run: () => unknown): WorkerError {
  try {
    run();
  } catch (error) {
    if (error instanceof WorkerError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** The message of the one mistake, without its head line. */
function mistake(options: object, context = {}): string {
  const error = failure(() => {
    checkOptions({ agent, ...options }, { env: {}, ...context });
  });
  expect(error.code).toBe('GR_OPTION_INVALID');
  const [head, ...lines] = error.message.split('\n');
  expect(head).toBe('An option is not valid:');
  expect(lines).toHaveLength(1);
  return lines[0]!;
}

describe('a wrong option', () => {
  const ms = 'a number of milliseconds from 0 to 2147483647';

  it.each([
    ['agent', 5, '5 (number)'],
    ['agent', '', '"" (string)'],
    ['agentName', 7, '7 (number)'],
    ['agentNameIsEnv', 'yes', '"yes" (string)'],
    ['serverType', 3, '3 (number)'],
    ['serverType', 'room', '"room" (string)'],
    ['registrations', [], '[] (array)'],
    ['registrations', {}, '{} (object)'],
    ['requestFunc', 'f', '"f" (string)'],
    ['loadFunc', 0.5, '0.5 (number)'],
    ['loadThreshold', -0.1, '-0.1 (number)'],
    ['loadThreshold', NaN, 'NaN (number)'],
    ['maxJobs', 0, '0 (number)'],
    ['maxJobs', 1.5, '1.5 (number)'],
    ['maxJobs', '3', '"3" (string)'],
    ['maxJobs', null, 'null'],
    ['numIdleProcesses', -1, '-1 (number)'],
    ['numIdleProcesses', Infinity, 'Infinity (number)'],
    ['permissions', true, 'true (boolean)'],
    ['permissions', [], '[] (array)'],
    ['maxRetry', -1, '-1 (number)'],
    ['requestTimeoutMs', 2501, '2501 (number)'],
    ['jobMemoryWarnMB', -1, '-1 (number)'],
    ['jobMemoryLimitMB', Infinity, 'Infinity (number)'],
    ['wsURL', 'host', '"host" (string)'],
    ['wsURL', 'ftp://host', '"ftp://host" (string)'],
    ['host', '', '"" (string)'],
    ['port', 65_536, '65536 (number)'],
    ['port', -1, '-1 (number)'],
    ['port', '80', '"80" (string)'],
    ['logLevel', 'verbose', '"verbose" (string)'],
    ['logger', {}, '{} (object)'],
    ['production', 1, '1 (number)'],
  ])('%s %j is refused with what was received', (name, value, received) => {
    expect(mistake({ [name]: value })).toMatch(
      new RegExp(`^- ${name}: received ${escape(received)}; allowed: .+\\.$`),
    );
  });

  it.each(
    [
      'assignmentTimeoutMs',
      'initializeTimeoutMs',
      'initializeProcessTimeout',
      'shutdownTimeoutMs',
      'shutdownProcessTimeout',
      'sessionEndTimeoutMs',
      'sessionEndTimeout',
      'entryGraceTimeoutMs',
    ].flatMap((name): [string, unknown][] => [
      [name, -1],
      [name, NaN],
      [name, Infinity],
      [name, 2_147_483_648],
      [name, '5'],
    ]),
  )('%s %j is refused: times are finite and fit a timer', (name, value) => {
    expect(mistake({ [name]: value })).toContain(`allowed: ${ms}.`);
  });

  it.each([-1, 999, Infinity, '5'])('unresponsiveTimeoutMs %j is refused', (value) => {
    expect(mistake({ unresponsiveTimeoutMs: value })).toContain('milliseconds from 1000 to');
  });

  it.each([-1, NaN, '1h'])('drainTimeoutMs %j is refused', (value) => {
    expect(mistake({ drainTimeoutMs: value })).toContain('0, Infinity or null waits for ever');
  });

  it.each(['a_b', 'a b', 'a\tb', 'a\u007fb', 'x'.repeat(65), 'ü'.repeat(33)])(
    'the deployment %j is refused',
    (deployment) => {
      expect(mistake({ deployment })).toContain('at most 64 bytes');
      expect(mistake({}, { env: { LIVEKIT_AGENT_DEPLOYMENT: deployment } })).toContain(
        '- deployment (environment variable LIVEKIT_AGENT_DEPLOYMENT): received',
      );
    },
  );

  it.each(['prod-1', 'v1.2', 'ü', 'x'.repeat(64)])('the deployment %j is fine', (deployment) => {
    expect(() => checkOptions({ agent, deployment }, { env: {} })).not.toThrow();
  });

  it.each(['apiKey', 'apiSecret', 'workerToken'])('%s is never shown', (name) => {
    const line = mistake({ [name]: 'top secret\n' });
    expect(line).toBe(
      `- ${name}: the value, not shown here, is not allowed; allowed: a text without white space.`,
    );
  });

  it('is named by where it comes from', () => {
    expect(mistake({}, { env: { GREENROOM_REHEARSE: 'off' } })).toContain(
      '- rehearse (environment variable GREENROOM_REHEARSE): received "off" (string); allowed: true or false.',
    );
    expect(mistake({}, { env: { LIVEKIT_URL: 'host' } })).toContain(
      '- wsURL (environment variable LIVEKIT_URL): received "host" (string);',
    );
    expect(mistake({ port: 1 }, { flags: { port: -5 } })).toContain(
      '- port (command line): received -5 (number);',
    );
  });

  it.each(['four', '0', '-1'])('NUM_CPUS %j is refused', (count) => {
    expect(mistake({}, { env: { NUM_CPUS: count } })).toBe(
      `- environment variable NUM_CPUS: received "${count}" (string); allowed: a number of processors, more than 0.`,
    );
  });

  it('does not matter when a stronger source is right', () => {
    expect(() =>
      checkOptions(
        { agent, logLevel: 'info' },
        { env: { LIVEKIT_URL: 'host', LOG_LEVEL: 'verbose' }, flags: { wsURL: 'wss://host' } },
      ),
    ).not.toThrow();
  });

  it('in the registrations is named by its place', () => {
    expect(mistake({ registrations: [{}, { agentName: 5 }] })).toContain(
      '- registrations[1].agentName: received 5 (number);',
    );
    expect(mistake({ registrations: ['a'] })).toContain(
      '- registrations[0]: received "a" (string);',
    );
    expect(mistake({ registrations: [{ agentname: 'a' }] })).toBe(
      '- registrations[0].agentname: there is no such option. Did you mean agentName?',
    );
  });

  it('in the permissions is named by its place', () => {
    expect(mistake({ permissions: { canPublish: 'yes' } })).toContain(
      '- permissions.canPublish: received "yes" (string);',
    );
    expect(mistake({ permissions: { canPublishSources: ['mic'] } })).toContain(
      'a list of TrackSource numbers',
    );
    expect(mistake({ permissions: { canPublsh: true } })).toContain('Did you mean canPublish?');
  });
});

describe('names', () => {
  it.each([
    ['drainTimout', 'drainTimeout'],
    ['maxjobs', 'maxJobs'],
    ['wsUrl', 'wsURL'],
    ['numIdleProceses', 'numIdleProcesses'],
  ])('%s is refused, and %s suggested', (name, suggestion) => {
    expect(mistake({ [name]: 1 })).toBe(
      `- ${name}: there is no such option. Did you mean ${suggestion}?`,
    );
  });

  it('that are like no other are refused without a guess', () => {
    expect(mistake({ colour: 1 })).toBe('- colour: there is no such option.');
  });

  it('of one option may not be given with two values', () => {
    expect(mistake({ drainTimeoutMs: 1, drainTimeout: 2 })).toBe(
      '- drainTimeout: 2 (number) here and 1 (number) as drainTimeoutMs: the two are one option; leave out one of them.',
    );
    expect(() =>
      checkOptions({ agent, drainTimeoutMs: 1, drainTimeout: 1 }, { env: {} }),
    ).not.toThrow();
  });
});

describe('contradictions', () => {
  it('of budgets are refused with the arithmetic', () => {
    expect(
      mistake({
        shutdownTimeoutMs: 60_000,
        sessionEndTimeoutMs: 50_000,
        entryGraceTimeoutMs: 15_000,
      }),
    ).toBe(
      '- shutdownTimeoutMs: entryGraceTimeoutMs 15000 + sessionEndTimeoutMs 50000 = 65000 ms is more than the 60000 ms of the whole session close; raise shutdownTimeoutMs to at least 65000, or lower the steps.',
    );
    expect(mistake({ shutdownProcessTimeout: 10, sessionEndTimeout: 11 })).toContain(
      'sessionEndTimeoutMs 11 ms is more than the 10 ms',
    );
  });

  it('of memory are refused', () => {
    expect(mistake({ jobMemoryWarnMB: 600, jobMemoryLimitMB: 500 })).toContain(
      '600 MB is more than jobMemoryLimitMB 500 MB',
    );
  });

  it('of registrations are refused', () => {
    expect(
      mistake({ registrations: [{ agentName: 'a' }, { agentName: 'a', serverType: 0 }] }),
    ).toContain('two of them have the same agentName, serverType and deployment');
    expect(mistake({ agentName: 'a', registrations: [{}] })).toBe(
      '- agentName: cannot be combined with registrations; set it in each of them instead.',
    );
  });
});

describe('all mistakes', () => {
  it('are told at once', () => {
    const error = failure(() => {
      resolveOptions({ agent, maxJobs: -1, port: 70_000, colour: 1 } as WorkerOptionsInit, {
        env: { LIVEKIT_URL: 'host' },
      });
    });
    expect(error.message.split('\n')[0]).toBe('4 options are not valid:');
    expect(error.details).toEqual({
      options: ['colour', 'wsURL (environment variable LIVEKIT_URL)', 'maxJobs', 'port'],
    });
  });

  it.each([undefined, null, 'agent.ts', 5])('%j instead of the options is refused', (init) => {
    const error = failure(() => {
      checkOptions(init as never, { env: {} });
    });
    expect(error.code).toBe('GR_OPTION_INVALID');
    expect(error.message).toContain('allowed: an object such as { agent: import.meta.url }');
  });

  it('a missing agent is one', () => {
    expect(mistake({ agent: undefined })).toBe(
      '- agent: received undefined; allowed: the path of the agent file, or its file: URL such as import.meta.url.',
    );
    expect(mistake({ agent: 'https://host/agent.ts' })).toContain('a path, or a file: URL');
  });
});

describe('credentials', () => {
  it('that are missing are all named, with the three ways to give them', () => {
    const error = failure(() => resolveOptions({ agent, apiKey: 'k' }, { env: {} }));
    expect(error.code).toBe('GR_CREDENTIALS_MISSING');
    expect(error.name).toBe('MissingCredentialsError');
    expect(error.message).toBe(
      'LIVEKIT_URL and LIVEKIT_API_SECRET are missing:\n' +
        '- set the environment variable LIVEKIT_URL, or run with --url, or pass wsURL in the options.\n' +
        '- set the environment variable LIVEKIT_API_SECRET, or run with --api-secret, or pass apiSecret in the options.',
    );
    expect(error.details).toEqual({ missing: ['LIVEKIT_URL', 'LIVEKIT_API_SECRET'] });
  });

  it('that are missing alone are named alone', () => {
    const error = failure(() =>
      resolveOptions({ agent }, { env: { LIVEKIT_URL: 'ws://h', LIVEKIT_API_KEY: 'k' } }),
    );
    expect(error.message).toMatch(/^LIVEKIT_API_SECRET is missing:/);
  });
});

describe('ServerOptions', () => {
  it('checks at once, but waits for credentials and the agent file', () => {
    const init = { agent: 'not-there-yet.ts', maxJobs: 3 };
    const options = new ServerOptions(init);
    expect(options.init).toBe(init);
    expect(initOf(options)).toBe(init);
    expect(initOf(init)).toBe(init);
    expect(failure(() => new ServerOptions({ agent, maxJobs: -1 })).code).toBe('GR_OPTION_INVALID');
  });

  it('is also called WorkerOptions', () => {
    expect(WorkerOptions).toBe(ServerOptions);
  });
});

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
