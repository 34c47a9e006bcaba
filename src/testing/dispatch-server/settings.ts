/** The options of the embedded server, its two presets, and what is wrong with options. */
import { Problems } from '../../options/problems.ts';
import { realTime, type TimeSource } from '../clock.ts';

/** Every time of the server. */
export interface ServerTimes {
  /** From the upgrade until the worker has registered, then the connection is cut. */
  registerTimeoutMs: number;
  /** For a job from its dispatch to the answer that takes it, with the selection and all workers asked. */
  jobRequestTimeoutMs: number;
  /** How long the selection takes. */
  selectionMs: number;
  /** How long the server looks for a worker when no one has the agent name. */
  noWorkerMs: number;
  /** For the answer to a simulated job. */
  simulatedJobTimeoutMs: number;
  /** How long all agent names are collected after a first worker has registered: jobs are listed at its end. `0`: never. */
  coldWindowMs: number;
  /** How long the collected agent names hold. */
  agentNamesLifeMs: number;
  /** How long a terminated agent may take to leave before it is put out. */
  leaveGraceMs: number;
  /** How long the API looks for a room that does not exist. */
  missingRoomMs: number;
  /** Between two WebSocket pings. */
  pingEveryMs: number;
  /** Between two looks for rooms whose time is over. */
  roomTickMs: number;
  /** How long a room stays open that nobody has visited; whole seconds. */
  emptyTimeoutMs: number;
  /** How long a room stays open after the last leave; whole seconds. */
  departureTimeoutMs: number;
}

/** Options of the embedded server; all may be left out. */
export interface DispatchServerOptions extends Partial<ServerTimes> {
  /** `friendly` waits for nothing, `strict` has the times of a real server. @defaultValue 'friendly' */
  preset?: 'friendly' | 'strict';
  /** Port on 127.0.0.1. @defaultValue a free one */
  port?: number;
  /** API keys with their secrets. The first is that of `server.apiKey`. */
  keys?: Readonly<Record<string, string>>;
  /** A `TestClock`, or XState's `SimulatedClock`; the life of tokens is always that of this machine's time. */
  clock?: TimeSource;
  /** For ids and for the choice among workers. @defaultValue `Math.random` */
  random?: () => number;
  /** Workers with this load or more are not asked. @defaultValue 0.7 */
  targetLoad?: number;
  /** Whether a dispatch or a join makes the room that it names. @defaultValue true */
  autoCreate?: boolean;
  enableRecording?: boolean;
  enableRedaction?: boolean;
}

/** All options with their values. */
export interface ServerSettings extends ServerTimes {
  port: number;
  keys: Readonly<Record<string, string>>;
  clock: TimeSource;
  random: () => number;
  targetLoad: number;
  autoCreate: boolean;
  enableRecording: boolean;
  enableRedaction: boolean;
}

const strict: ServerTimes = {
  registerTimeoutMs: 10_000,
  jobRequestTimeoutMs: 3_000,
  selectionMs: 200,
  noWorkerMs: 1_000,
  simulatedJobTimeoutMs: 10_000,
  coldWindowMs: 5_000,
  agentNamesLifeMs: 60_000,
  leaveGraceMs: 3_000,
  missingRoomMs: 3_000,
  pingEveryMs: 10_000,
  roomTickMs: 1_000,
  emptyTimeoutMs: 300_000,
  departureTimeoutMs: 20_000,
};

/** The times of the two presets. */
const presets: Readonly<Record<'friendly' | 'strict', ServerTimes>> = {
  strict,
  friendly: {
    ...strict,
    selectionMs: 0,
    noWorkerMs: 0,
    coldWindowMs: 0,
    missingRoomMs: 0,
    roomTickMs: 20,
    departureTimeoutMs: 0,
  },
};

const defaults = {
  preset: 'friendly',
  port: 0,
  keys: { devkey: 'a-secret-for-tests-on-this-machine-only' },
  clock: realTime,
  random: Math.random,
  targetLoad: 0.7,
  autoCreate: true,
  enableRecording: false,
  enableRedaction: false,
} as const;

/**
 * The options with the defaults of their preset.
 * @throws WorkerError `GR_OPTION_INVALID` that names every mistake.
 */
export function resolveSettings(options: DispatchServerOptions): ServerSettings {
  checkOptions(options);
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const { preset: _preset, ...settings } = {
    ...defaults,
    ...presets[options.preset ?? defaults.preset],
    ...(Object.fromEntries(given) as DispatchServerOptions),
  };
  return settings;
}

const isTime = (value: unknown) =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0;
const isBoolean = (value: unknown) => typeof value === 'boolean';
const isFunction = (value: unknown) => typeof value === 'function';

/** What each option may be: a check and its words. */
const allowed: Readonly<Record<string, [check: (value: unknown) => boolean, words: string]>> = {
  preset: [(value) => value === 'friendly' || value === 'strict', "'friendly' or 'strict'"],
  port: [
    (value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 65_535,
    'a port from 0 (any free one) to 65535',
  ],
  keys: [isKeys, 'at least one API key with its secret, as in { devkey: "secret" }'],
  clock: [isClock, 'an object with now(), setTimeout() and clearTimeout()'],
  random: [isFunction, 'a function that returns numbers from 0 up to 1'],
  targetLoad: [isTime, 'a number that is not negative'],
  autoCreate: [isBoolean, 'true or false'],
  enableRecording: [isBoolean, 'true or false'],
  enableRedaction: [isBoolean, 'true or false'],
  ...Object.fromEntries(
    Object.keys(strict).map((name) => [name, [isTime, 'a number of milliseconds, 0 or more']]),
  ),
};

function checkOptions(options: DispatchServerOptions): void {
  const problems = new Problems();
  for (const [name, value] of Object.entries(options)) {
    const rule = allowed[name];
    if (rule === undefined) problems.unknownName(name, name, Object.keys(allowed));
    else if (value !== undefined && !rule[0](value)) problems.refuse(name, value, rule[1]);
  }
  problems.throwIfAny();
}

function isKeys(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const secrets: unknown[] = Object.values(value);
  return (
    secrets.length > 0 && secrets.every((secret) => typeof secret === 'string' && secret !== '')
  );
}

function isClock(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const clock = value as Record<string, unknown>;
  return [clock['now'], clock['setTimeout'], clock['clearTimeout']].every(isFunction);
}
