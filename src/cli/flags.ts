/** The commands and flags of the command line, for the parser and for the help. */
import { durationForms, parseDuration } from './duration.ts';
import type { WorkerOptionsInit } from '../worker-options.ts';

/** What a program can be told to do. */
export type CommandName = 'start' | 'dev' | 'connect';

/** A command, in a line and in a few. */
export interface Command {
  name: CommandName;
  summary: string;
  details: readonly string[];
}

/** Every command. */
export const commands: readonly Command[] = [
  {
    name: 'start',
    summary: 'Run in production.',
    details: [
      'Registers with the server, keeps job processes warm and takes jobs.',
      'SIGTERM or Ctrl-C drains: no new jobs, running ones end by themselves.',
      'A second signal ends their sessions now, a third one kills them.',
    ],
  },
  {
    name: 'dev',
    summary: 'Run while you develop: restarts when a file is saved.',
    details: [
      'Running sessions live on in the old worker; new jobs go to the new one.',
      'A file that does not work leaves the old worker serving.',
      'Ctrl-C ends all sessions and closes, a second one kills.',
    ],
  },
  {
    name: 'connect',
    summary: 'Run and ask the server for a job in one room.',
    details: [
      'Like dev, without restarts: for trying an agent in the room that --room names.',
      'The room is made when there is none.',
    ],
  },
];

/** A value that a flag cannot have: what would be allowed. */
export class NotAllowed {
  readonly allowed: string;
  constructor(allowed: string) {
    this.allowed = allowed;
  }
}

/** A flag of the command line. */
export interface Flag {
  /** Without the dashes. */
  name: string;
  short?: string;
  /** What its value is called in the help; `null` when it has none. */
  value: string | null;
  /** The only value it may have, and need not. */
  optionalValue?: string;
  help: string;
  /** Environment variables that set the same, the first one that is set first. */
  env?: readonly string[];
  /** What holds without it. */
  default?: string;
  /** The commands it belongs to; all when left out. */
  commands?: readonly CommandName[];
  isHidden?: boolean;
  /** The option it sets, and how its text is read. */
  sets?: { option: keyof WorkerOptionsInit; read: (text: string) => unknown };
}

const asText = (text: string): unknown => text;

function asNumber(text: string): unknown {
  return text.trim() === '' || Number.isNaN(Number(text))
    ? new NotAllowed('a number')
    : Number(text);
}

function asPort(text: string): unknown {
  if (text === 'none') return null;
  const port = asNumber(text);
  return port instanceof NotAllowed ? new NotAllowed('a port from 0 to 65535, or none') : port;
}

function asDuration(text: string): unknown {
  return parseDuration(text) ?? new NotAllowed(durationForms);
}

/** Every flag, in the order of the help. */
export const flags: readonly Flag[] = [
  {
    name: 'room',
    value: 'NAME',
    help: 'The room to join. Needed.',
    commands: ['connect'],
  },
  {
    name: 'participant-identity',
    value: 'ID',
    help: 'The publisher in the room that the job is for.',
    commands: ['connect'],
  },
  {
    name: 'embedded',
    value: null,
    help: 'Use a simulated LiveKit server with a caller, without sound and video.',
    commands: ['dev'],
  },
  {
    name: 'url',
    value: 'URL',
    help: 'The LiveKit server, such as wss://example.livekit.cloud.',
    env: ['LIVEKIT_URL'],
    sets: { option: 'wsURL', read: asText },
  },
  {
    name: 'api-key',
    value: 'KEY',
    help: 'API key of the server.',
    env: ['LIVEKIT_API_KEY'],
    sets: { option: 'apiKey', read: asText },
  },
  {
    name: 'api-secret',
    value: 'SECRET',
    help: 'API secret of the server. Other users of the machine can see flags: better set the variable.',
    env: ['LIVEKIT_API_SECRET'],
    sets: { option: 'apiSecret', read: asText },
  },
  {
    name: 'worker-token',
    value: 'TOKEN',
    help: 'For agents hosted by LiveKit Cloud.',
    env: ['LIVEKIT_WORKER_TOKEN'],
    isHidden: true,
    sets: { option: 'workerToken', read: asText },
  },
  {
    name: 'agent-name',
    value: 'NAME',
    help: 'Take only jobs that are dispatched to this name.',
    env: ['LIVEKIT_AGENT_NAME'],
    default: 'none: jobs of every room',
    sets: { option: 'agentName', read: asText },
  },
  {
    name: 'deployment',
    value: 'NAME',
    help: 'Take only jobs of this deployment.',
    env: ['LIVEKIT_AGENT_DEPLOYMENT'],
    default: 'none',
    sets: { option: 'deployment', read: asText },
  },
  {
    name: 'no-announce',
    value: null,
    help: 'Let the server tell a room of its agent later, when nothing else makes it tell: up to 3 s.',
    env: ['GREENROOM_ANNOUNCE=false'],
    default: 'at once',
    sets: { option: 'announce', read: () => false },
  },
  {
    name: 'no-quick-connect',
    value: null,
    help: "Let LiveKit's library run lsb_release and getconf before it connects.",
    env: ['GREENROOM_QUICK_CONNECT=false'],
    default: 'it does without',
    sets: { option: 'quickConnect', read: () => false },
  },
  {
    name: 'no-rehearse',
    value: null,
    help: 'Let idle job processes wait for their first session without having tried one.',
    env: ['GREENROOM_REHEARSE=false'],
    default: 'they rehearse',
    sets: { option: 'rehearse', read: () => false },
  },
  {
    name: 'no-code-cache',
    value: null,
    help: 'Let every job process compile its code anew.',
    env: ['GREENROOM_CODE_CACHE=false'],
    default: 'kept in a folder of yours among the temporary files',
    sets: { option: 'codeCache', read: () => false },
  },
  {
    name: 'max-jobs',
    value: 'NUMBER',
    help: 'How many jobs may run at once.',
    default: 'no limit',
    sets: { option: 'maxJobs', read: asNumber },
  },
  {
    name: 'num-idle-processes',
    value: 'NUMBER',
    help: 'How many job processes are kept warm.',
    default: 'start: the cores, 4 at most; dev, connect: 0',
    sets: { option: 'numIdleProcesses', read: asNumber },
  },
  {
    name: 'load-threshold',
    value: 'FRACTION',
    help: 'Take no jobs from this load on, 1 being all of the machine.',
    default: 'start: 0.7; dev, connect: no limit',
    sets: { option: 'loadThreshold', read: asNumber },
  },
  {
    name: 'drain-timeout',
    value: 'TIME',
    help: `How long a drain waits for running jobs: ${durationForms}. 0 waits for ever.`,
    default: '1h',
    sets: { option: 'drainTimeoutMs', read: asDuration },
  },
  {
    name: 'host',
    value: 'HOST',
    help: 'Where the HTTP server for health checks listens.',
    default: '0.0.0.0',
    sets: { option: 'host', read: asText },
  },
  {
    name: 'port',
    value: 'PORT',
    help: 'Its port. 0 takes a free one, none starts no HTTP server.',
    default: 'start: 8081; dev, connect: 0',
    sets: { option: 'port', read: asPort },
  },
  {
    name: 'log-level',
    value: 'LEVEL',
    help: 'trace, debug, info, warn, error or fatal.',
    env: ['LIVEKIT_LOG_LEVEL', 'LOG_LEVEL'],
    default: 'start: info; dev, connect: debug',
    sets: { option: 'logLevel', read: (text) => text.toLowerCase() },
  },
  {
    name: 'log-format',
    value: 'FORMAT',
    help: 'json, or pretty for people.',
    default: 'start: json; dev, connect: pretty',
    sets: { option: 'logFormat', read: asText },
  },
  {
    name: 'inspect',
    value: null,
    optionalValue: 'stately',
    help: 'Show everything that happens, on a page for this machine alone; with stately, in the hosted Stately inspector. The log says where.',
    default: 'off',
    sets: { option: 'inspect', read: (text) => (text === '' ? true : text) },
  },
  {
    name: 'inspect-control',
    value: null,
    help: 'Let that page send events to the actors.',
    default: 'off',
    sets: { option: 'inspectControl', read: () => true },
  },
  {
    name: 'record',
    value: 'FILE',
    help: 'Record everything that happens, for "greenroom inspect FILE".',
    sets: { option: 'record', read: asText },
  },
  { name: 'help', short: 'h', value: null, help: 'Show this help; after a command, its own.' },
  { name: 'version', short: 'V', value: null, help: 'Show the version of Greenroom.' },
];
