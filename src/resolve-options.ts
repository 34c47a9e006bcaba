/** From what a user wrote to what a worker works with: sources joined, values checked, defaults filled in. */
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { requireAgentFile, resolveAgentPath } from './options/agent-path.ts';
import { resolveBudgets, resolveMemoryLimits } from './options/budgets.ts';
import { requireCredentials } from './options/credentials.ts';
import { type GivenOptions, mergeSources } from './options/merge-sources.ts';
import { resolvePermissions } from './options/permissions.ts';
import { Problems } from './options/problems.ts';
import { resolveRegistrations } from './options/registrations.ts';
import { optionRules } from './options/rules.ts';
import { acceptEveryJob } from './request-func.ts';
import type { ResolvedOptions, WorkerOptionsInit } from './worker-options.ts';

/** Where options come from besides code. */
export interface OptionContext {
  /** What the command line set; wins over code. */
  flags?: Partial<WorkerOptionsInit>;
  /**
   * @defaultValue `process.env`
   */
  env?: NodeJS.ProcessEnv;
  /** Which defaults hold; without it `production` of the options decides. */
  mode?: 'production' | 'development';
  /**
   * What a relative path of the agent file is relative to. @defaultValue `process.cwd()`
   */
  cwd?: string;
}

/** Everything but what is needed to run: the server's credentials and the agent file itself. */
type CheckedOptions = Omit<ResolvedOptions, 'url' | 'apiKey' | 'apiSecret'>;

/**
 * Checks the options and fills in what is missing.
 * @throws WorkerError `GR_OPTION_INVALID` that lists every mistake, `GR_CREDENTIALS_MISSING` or `GR_AGENT_NOT_FOUND`.
 */
export function resolveOptions(
  init: WorkerOptionsInit,
  context: OptionContext = {},
): ResolvedOptions {
  const { checked, given } = check(init, context);
  const credentials = requireCredentials(given);
  requireAgentFile(checked.agent, given.agent ?? '', workingDirectory(context));
  return { ...checked, ...credentials };
}

/**
 * Checks the values alone: credentials and the agent file may come later.
 * @throws WorkerError `GR_OPTION_INVALID` that lists every mistake.
 */
export function checkOptions(init: WorkerOptionsInit, context: OptionContext = {}): void {
  check(init, context);
}

function check(
  init: WorkerOptionsInit,
  context: OptionContext,
): { checked: CheckedOptions; given: GivenOptions } {
  const problems = new Problems();
  const environment = context.env ?? process.env;
  const source = readObject(init, problems);
  const given = mergeSources(context.flags ?? {}, source, environment, problems);
  requireAgent(given, source, problems);
  checkProcessorCount(environment, problems);
  const production = isProduction(given, context);
  const checked = {
    agent: resolveAgentPath(given.agent ?? '', workingDirectory(context), problems),
    ...resolveRegistrations(given, environment, problems),
    ...functionsOf(given),
    ...capacityOf(given, production),
    ...timeoutsOf(given),
    ...resolveBudgets(given, problems),
    ...resolveMemoryLimits(given, problems),
    ...surroundingsOf(given, production),
    ...inspectionOf(given, workingDirectory(context)),
    permissions: resolvePermissions(given.permissions, problems),
    announce: given.announce ?? true,
    quickConnect: given.quickConnect ?? true,
    rehearse: given.rehearse ?? true,
    codeCache: given.codeCache ?? true,
  };
  problems.throwIfAny();
  return { checked, given };
}

function readObject(init: unknown, problems: Problems): object {
  if (typeof init === 'object' && init !== null) return init;
  problems.refuse('options', init, 'an object such as { agent: import.meta.url }');
  return {};
}

/** The one option without a default; one that was refused is not missing. */
function requireAgent(given: GivenOptions, source: object, problems: Problems): void {
  if (given.agent !== undefined) return;
  const received = (source as Partial<WorkerOptionsInit>).agent;
  if (received === undefined) problems.refuse('agent', received, optionRules.agent.allowed);
}

/** Not an option: whoever measures the load reads it. Checked here, where mistakes are told. */
function checkProcessorCount(environment: NodeJS.ProcessEnv, problems: Problems): void {
  const text = environment['NUM_CPUS'] ?? '';
  if (text === '' || Number(text) > 0) return;
  problems.refuse('environment variable NUM_CPUS', text, 'a number of processors, more than 0');
}

function workingDirectory(context: OptionContext): string {
  return context.cwd ?? process.cwd();
}

function isProduction(given: GivenOptions, context: OptionContext): boolean {
  return context.mode === undefined ? (given.production ?? false) : context.mode === 'production';
}

function functionsOf(given: GivenOptions): Pick<ResolvedOptions, 'requestFunc' | 'loadFunc'> {
  return { requestFunc: given.requestFunc ?? acceptEveryJob, loadFunc: given.loadFunc ?? null };
}

/** `Infinity` is the spelling of "no limit" in code; machines know `null`. */
function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function capacityOf(
  given: GivenOptions,
  production: boolean,
): Pick<ResolvedOptions, 'loadThreshold' | 'maxJobs' | 'numIdleProcesses' | 'maxRetry'> {
  return {
    loadThreshold: finiteOrNull(given.loadThreshold ?? (production ? 0.7 : Infinity)),
    maxJobs: finiteOrNull(given.maxJobs ?? Infinity),
    numIdleProcesses:
      given.numIdleProcesses ?? (production ? Math.min(availableParallelism(), 4) : 0),
    maxRetry: finiteOrNull(given.maxRetry ?? Infinity),
  };
}

type Timeouts = Pick<
  ResolvedOptions,
  | 'requestTimeoutMs'
  | 'assignmentTimeoutMs'
  | 'initializeTimeoutMs'
  | 'drainTimeoutMs'
  | 'unresponsiveTimeoutMs'
>;

function timeoutsOf(given: GivenOptions): Timeouts {
  const drainTimeoutMs = given.drainTimeoutMs === undefined ? 3_600_000 : given.drainTimeoutMs;
  return {
    requestTimeoutMs: given.requestTimeoutMs ?? 2000,
    assignmentTimeoutMs: given.assignmentTimeoutMs ?? 5000,
    initializeTimeoutMs: given.initializeTimeoutMs ?? 10_000,
    // 0 waits for ever, as users of `@livekit/agents` know it.
    drainTimeoutMs: drainTimeoutMs === 0 ? null : finiteOrNull(drainTimeoutMs ?? Infinity),
    unresponsiveTimeoutMs: given.unresponsiveTimeoutMs ?? 60_000,
  };
}

function inspectionOf(
  { inspect, inspectControl, record }: GivenOptions,
  cwd: string,
): Pick<ResolvedOptions, 'inspect' | 'inspectControl' | 'record'> {
  return {
    // Whoever wants to send from the page wants the page.
    inspect: inspect ?? inspectControl ?? false,
    inspectControl: inspectControl ?? false,
    record: record === undefined ? null : resolve(cwd, record),
  };
}

type Surroundings = Pick<
  ResolvedOptions,
  | 'workerToken'
  | 'credentials'
  | 'host'
  | 'port'
  | 'logLevel'
  | 'logFormat'
  | 'logger'
  | 'production'
>;

/** `null` is a value: no HTTP server. */
function portOf({ port }: GivenOptions, production: boolean): number | null {
  if (port !== undefined) return port;
  return production ? 8081 : 0;
}

function surroundingsOf(given: GivenOptions, production: boolean): Surroundings {
  return {
    workerToken: given.workerToken ?? null,
    credentials: given.credentials ?? 'share',
    host: given.host ?? '0.0.0.0',
    port: portOf(given, production),
    logLevel: given.logLevel ?? (production ? 'info' : 'debug'),
    logFormat: given.logFormat ?? (production ? 'json' : 'pretty'),
    logger: given.logger ?? null,
    production,
  };
}
