/** What each option may be. */
import type {
  CredentialsPolicy,
  LogFormat,
  LogLevel,
  WorkerOptionsInit,
} from '../worker-options.ts';

/** What an option may be: a test, and the same in words. */
export interface Rule {
  allowed: string;
  accepts: (value: unknown) => boolean;
  /** The value is never shown. */
  secret?: boolean;
}

/** The longest time a timer can hold. */
const maxMs = 2_147_483_647;
/** The server waits 2.8 s for an answer to a job request, and the answer has to travel. */
const maxRequestMs = 2500;
const maxDeploymentBytes = 64;
const underscore = 0x5f;
const logLevels: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];
const logFormats: readonly LogFormat[] = ['json', 'pretty'];
const credentialsPolicies: readonly CredentialsPolicy[] = ['share', 'withhold'];
const loggerMethods: readonly string[] = [...logLevels, 'child'];
const jobTypes: readonly unknown[] = [0, 1, 2];
const schemes: readonly string[] = ['ws:', 'wss:', 'http:', 'https:'];

function isNumber(value: unknown, from: number, to: number): boolean {
  return typeof value === 'number' && value >= from && value <= to;
}

function isWhole(value: unknown, from: number, to = Number.MAX_SAFE_INTEGER): boolean {
  return Number.isInteger(value) && isNumber(value, from, to);
}

const text: Rule = { allowed: 'a text', accepts: (value) => typeof value === 'string' };
const yesOrNo: Rule = {
  allowed: 'true or false',
  accepts: (value) => typeof value === 'boolean',
};
const aFunction: Rule = {
  allowed: 'a function',
  accepts: (value) => typeof value === 'function',
};
const secret: Rule = {
  allowed: 'a text without white space',
  accepts: (value) => typeof value === 'string' && !/\s/.test(value),
  secret: true,
};
const milliseconds: Rule = {
  allowed: `a number of milliseconds from 0 to ${maxMs}`,
  accepts: (value) => isNumber(value, 0, maxMs),
};
const drainMilliseconds: Rule = {
  allowed: `a number of milliseconds from 0 to ${maxMs}; 0, Infinity or null waits for ever`,
  accepts: (value) => value === null || value === Infinity || milliseconds.accepts(value),
};
const megabytes: Rule = {
  allowed: 'a number of megabytes, at least 0; 0 turns it off',
  accepts: (value) => isNumber(value, 0, Number.MAX_SAFE_INTEGER),
};

/** The rule of a deployment name; the server closes the connection of a worker that breaks it. */
export const deploymentRule: Rule = {
  allowed: `a text of at most ${maxDeploymentBytes} bytes without "_", white space and control characters`,
  accepts: (value) => {
    if (typeof value !== 'string') return false;
    const bytes = Buffer.from(value);
    // Letters of other languages have larger bytes only.
    const isPlain = bytes.every((byte) => byte > 0x20 && byte !== 0x7f && byte !== underscore);
    return isPlain && bytes.byteLength <= maxDeploymentBytes;
  },
};

/** The rule of a job type. */
export const jobTypeRule: Rule = {
  allowed: 'JobType.JT_ROOM (0), JobType.JT_PUBLISHER (1) or JobType.JT_PARTICIPANT (2)',
  accepts: (value) => jobTypes.includes(value),
};

/** The rule of an agent name. */
export const agentNameRule = text;

/** One rule for each option that has one name. */
export const optionRules: Readonly<
  Record<Exclude<keyof WorkerOptionsInit, keyof typeof optionAliases>, Rule>
> = {
  agent: {
    allowed: 'the path of the agent file, or its file: URL such as import.meta.url',
    accepts: (value) => typeof value === 'string' && value !== '',
  },
  agentName: agentNameRule,
  agentNameIsEnv: yesOrNo,
  serverType: jobTypeRule,
  deployment: deploymentRule,
  registrations: {
    allowed: 'a list with at least one registration { agentName?, serverType?, deployment? }',
    accepts: (value) => Array.isArray(value) && value.length > 0,
  },
  requestFunc: aFunction,
  loadFunc: aFunction,
  loadThreshold: {
    allowed: 'a load of at least 0, 1 being all of the machine; Infinity for no limit',
    accepts: (value) => isNumber(value, 0, Infinity),
  },
  maxJobs: {
    allowed: 'a whole number of at least 1; Infinity for no limit',
    accepts: (value) => value === Infinity || isWhole(value, 1),
  },
  numIdleProcesses: {
    allowed: 'a whole number of at least 0',
    accepts: (value) => isWhole(value, 0),
  },
  rehearse: yesOrNo,
  codeCache: yesOrNo,
  permissions: {
    allowed: 'a WorkerPermissions object',
    accepts: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  },
  announce: yesOrNo,
  quickConnect: yesOrNo,
  maxRetry: {
    allowed: 'a whole number of at least 0; Infinity to retry for ever',
    accepts: (value) => value === Infinity || isWhole(value, 0),
  },
  requestTimeoutMs: {
    allowed: `a number of milliseconds from 0 to ${maxRequestMs}: the server waits no longer than 2.8 s`,
    accepts: (value) => isNumber(value, 0, maxRequestMs),
  },
  assignmentTimeoutMs: milliseconds,
  initializeTimeoutMs: milliseconds,
  drainTimeoutMs: drainMilliseconds,
  shutdownTimeoutMs: milliseconds,
  sessionEndTimeoutMs: milliseconds,
  entryGraceTimeoutMs: milliseconds,
  // Less would take a process for dead that only collects its garbage.
  unresponsiveTimeoutMs: {
    allowed: `a number of milliseconds from 1000 to ${maxMs}`,
    accepts: (value) => isNumber(value, 1000, maxMs),
  },
  jobMemoryWarnMB: megabytes,
  jobMemoryLimitMB: megabytes,
  wsURL: {
    allowed: 'a URL that begins with ws://, wss://, http:// or https://',
    accepts: (value) =>
      typeof value === 'string' && URL.canParse(value) && schemes.includes(new URL(value).protocol),
  },
  apiKey: secret,
  apiSecret: secret,
  workerToken: secret,
  credentials: {
    allowed: credentialsPolicies.join(', '),
    accepts: (value) => (credentialsPolicies as readonly unknown[]).includes(value),
    // Some will hand over the credentials themselves.
    secret: true,
  },
  host: {
    allowed: 'a host name or an address to listen on',
    accepts: (value) => typeof value === 'string' && value !== '' && !/\s/.test(value),
  },
  port: {
    allowed: 'a whole number from 0 to 65535; 0 takes any free port, null starts no HTTP server',
    accepts: (value) => value === null || isWhole(value, 0, 65_535),
  },
  logLevel: {
    allowed: logLevels.join(', '),
    accepts: (value) => (logLevels as readonly unknown[]).includes(value),
  },
  logFormat: {
    allowed: logFormats.join(', '),
    accepts: (value) => (logFormats as readonly unknown[]).includes(value),
  },
  logger: {
    allowed: 'a pino logger',
    accepts: (value) =>
      typeof value === 'object' &&
      value !== null &&
      loggerMethods.every(
        (method) => typeof (value as Record<string, unknown>)[method] === 'function',
      ),
  },
  inspect: {
    allowed: "true, false, 'stately', a function or an observer",
    accepts: (value) =>
      typeof value === 'boolean' ||
      value === 'stately' ||
      typeof value === 'function' ||
      (typeof value === 'object' && value !== null && 'next' in value),
  },
  inspectControl: yesOrNo,
  record: {
    allowed: 'the path of a file',
    accepts: (value) => typeof value === 'string' && value !== '',
  },
  production: yesOrNo,
};

/** Names that users of `@livekit/agents` know, and what they are called here. */
export const optionAliases = {
  initializeProcessTimeout: 'initializeTimeoutMs',
  drainTimeout: 'drainTimeoutMs',
  shutdownProcessTimeout: 'shutdownTimeoutMs',
  sessionEndTimeout: 'sessionEndTimeoutMs',
} as const;

/** Every name an option can be given by. */
export const optionNames: readonly string[] = [
  ...Object.keys(optionRules),
  ...Object.keys(optionAliases),
];
