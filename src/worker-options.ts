/** What a user may set, and what the worker works with once it is checked. The checks are in `resolve-options.ts`. */
import type { JobType } from '@livekit/protocol';
import type { Logger } from 'pino';
import type { JobTypeName, Permissions } from '../machines/messages.ts';
import type { InspectOption } from './inspect/worker-inspector.ts';
import type { JobRequest } from './job-request.ts';
import type { WorkerPermissions } from './permissions.ts';

/** What `loadFunc` is given. */
export interface LoadSource {
  /** Jobs that hold a slot. */
  readonly activeJobs: readonly unknown[];
}

/** One registration: the server offers it jobs of one agent name, type and deployment. */
export interface RegistrationOptions {
  agentName?: string;
  /** @defaultValue JobType.JT_ROOM */
  serverType?: JobType;
  deployment?: string;
}

/** The options of a worker. Times are milliseconds; every default can be seen in `docs/reference/options.md`. */
export interface WorkerOptionsInit {
  /** The agent file: a path, or a `file:` URL such as `import.meta.url`. */
  agent: string;
  agentName?: string;
  agentNameIsEnv?: boolean;
  serverType?: JobType;
  deployment?: string;
  /** Several registrations in one worker, instead of `agentName`, `serverType` and `deployment`. */
  registrations?: RegistrationOptions[];
  requestFunc?: (request: JobRequest) => Promise<void> | void;
  loadFunc?: (worker: LoadSource) => Promise<number> | number;
  loadThreshold?: number;
  maxJobs?: number;
  numIdleProcesses?: number;
  /** Whether idle job processes rehearse a session, so that the first one begins sooner. @defaultValue true */
  rehearse?: boolean;
  /** Whether job processes keep what V8 has compiled for those that start later. @defaultValue true */
  codeCache?: boolean;
  permissions?: WorkerPermissions;
  /** Whether the room is told of an agent at once, not up to 3 s later. @defaultValue true */
  announce?: boolean;
  /** Whether a room is connected without the programs that LiveKit's library runs before. @defaultValue true */
  quickConnect?: boolean;
  maxRetry?: number;

  requestTimeoutMs?: number;
  assignmentTimeoutMs?: number;
  initializeTimeoutMs?: number;
  /** Alias of `initializeTimeoutMs`. */
  initializeProcessTimeout?: number;
  /** 0, `Infinity` and `null`: waits for ever. */
  drainTimeoutMs?: number | null;
  /** Alias of `drainTimeoutMs`. */
  drainTimeout?: number | null;
  shutdownTimeoutMs?: number;
  /** Alias of `shutdownTimeoutMs`. */
  shutdownProcessTimeout?: number;
  sessionEndTimeoutMs?: number;
  /** Alias of `sessionEndTimeoutMs`. */
  sessionEndTimeout?: number;
  entryGraceTimeoutMs?: number;
  unresponsiveTimeoutMs?: number;

  jobMemoryWarnMB?: number;
  jobMemoryLimitMB?: number;

  wsURL?: string;
  apiKey?: string;
  apiSecret?: string;
  workerToken?: string;
  /** Whether job processes get the API key and secret. @defaultValue `share` */
  credentials?: CredentialsPolicy;

  host?: string;
  /** 0 is any free port; `null` starts no HTTP server. */
  port?: number | null;

  logLevel?: LogLevel;
  /** JSON lines, or lines for people. @defaultValue `json` in production, `pretty` in development */
  logFormat?: LogFormat;
  /** Replaces the worker's own logger; job processes log to standard output as before. */
  logger?: Logger;

  /**
   * `true` serves a page on 127.0.0.1 on which everything can be watched, `'stately'` one that feeds the hosted Stately
   * inspector; a function or an observer gets XState's inspection events. @defaultValue false
   */
  inspect?: InspectOption;
  /** Whether the page may send events to actors. @defaultValue false */
  inspectControl?: boolean;
  /** A file to record everything in that can be watched, for `greenroom inspect FILE`. */
  record?: string;

  production?: boolean;
}

/**
 * `share`: each job gets the API key and secret, for calls of the server's API. `withhold`: no job process is given them;
 * the worker deletes the job's own room on its behalf.
 */
export type CredentialsPolicy = 'share' | 'withhold';

/** The levels of the log. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';

/** How a line of the log is written: for programs or for people. */
export type LogFormat = 'json' | 'pretty';

/** A registration once checked. */
export interface ResolvedRegistration {
  /** Unique in the worker; the id of the registration's actor. */
  key: string;
  agentName: string;
  jobType: JobTypeName;
  deployment: string;
}

/** Options once checked: nothing is missing, aliases and environment are folded in. */
export interface ResolvedOptions {
  /** Absolute path of the agent file. */
  agent: string;
  registrations: ResolvedRegistration[];
  agentNameIsEnv: boolean;
  requestFunc: (request: JobRequest) => Promise<void> | void;
  loadFunc: ((worker: LoadSource) => Promise<number> | number) | null;
  /** A fraction; `null`: no limit. */
  loadThreshold: number | null;
  /** `null`: no limit. */
  maxJobs: number | null;
  numIdleProcesses: number;
  rehearse: boolean;
  codeCache: boolean;
  permissions: Permissions;
  announce: boolean;
  quickConnect: boolean;
  /** `null`: for ever. */
  maxRetry: number | null;
  requestTimeoutMs: number;
  assignmentTimeoutMs: number;
  initializeTimeoutMs: number;
  /** `null`: waits for ever. */
  drainTimeoutMs: number | null;
  shutdownTimeoutMs: number;
  sessionEndTimeoutMs: number;
  entryGraceTimeoutMs: number;
  unresponsiveTimeoutMs: number;
  /** 0: off. */
  jobMemoryWarnMB: number;
  /** 0: off. */
  jobMemoryLimitMB: number;
  /** As given, `http` or `ws`, path prefix kept. */
  url: string;
  apiKey: string;
  apiSecret: string;
  workerToken: string | null;
  credentials: CredentialsPolicy;
  host: string;
  port: number | null;
  logLevel: LogLevel;
  logFormat: LogFormat;
  logger: Logger | null;
  inspect: InspectOption;
  inspectControl: boolean;
  /** Absolute path; `null`: no recording. */
  record: string | null;
  production: boolean;
}

/** The options as a worker shows them: without what is secret, for they get printed, logged and sent around. */
export type ShownOptions = Omit<ResolvedOptions, 'apiKey' | 'apiSecret' | 'workerToken'>;
