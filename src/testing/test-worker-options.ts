/** The options of a test's worker: what the agent's program would set, without what does not belong in a test. */
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { describeValue, WorkerError } from '../errors.ts';
import { createLogger } from '../log.ts';
import { Problems } from '../options/problems.ts';
import type { WorkerOptionsInit } from '../worker-options.ts';
import type { TimeSource } from './clock.ts';
import type { DispatchServer } from './dispatch-server/dispatch-server.ts';
import type { DispatchServerOptions } from './dispatch-server/settings.ts';
import type { TestAgent } from './test-worker-agent.ts';

/** Options that the kit sets itself. */
type OwnOptions = 'agent' | 'wsURL' | 'apiKey' | 'apiSecret' | 'workerToken';

/** Options of `createTestWorker()`: those of a worker, and these. */
export interface TestWorkerOptions extends Omit<WorkerOptionsInit, OwnOptions> {
  /**
   * `inline` runs job processes in the process of the test: fast, with the test's mocks. `process` forks them as production
   * does; the agent must be a file. @defaultValue 'inline'
   */
  executor?: 'inline' | 'process';
  /** A `TestClock`, or XState's `SimulatedClock`, for worker, server and inline sessions. @defaultValue the real time */
  clock?: TimeSource;
  /** Options of the embedded server. */
  server?: Omit<DispatchServerOptions, 'clock'>;
  /** How long the waits of the kit last, in real time. @defaultValue 5000 ms */
  waitTimeoutMs?: number;
}

/** What of an agent's own options would get in a test's way. */
const notForTests: readonly (keyof WorkerOptionsInit)[] = [
  'agent',
  'wsURL',
  'apiKey',
  'apiSecret',
  'workerToken',
  'host',
  'port',
  'loadFunc',
  'loadThreshold',
  'numIdleProcesses',
  'logLevel',
  'logFormat',
  'logger',
  'production',
];

/** What the kit itself goes by. */
export interface KitOptions {
  executor: 'inline' | 'process';
  clock: TimeSource | null;
  server: DispatchServerOptions;
  waitTimeoutMs: number;
  /** Those of the worker. */
  given: Partial<WorkerOptionsInit>;
}

/** @throws WorkerError `GR_OPTION_INVALID` that names every mistake. */
export function readKitOptions(options: TestWorkerOptions): KitOptions {
  const { executor = 'inline', clock, server = {}, waitTimeoutMs = 5_000, ...given } = options;
  const problems = new Problems();
  if (executor !== 'inline' && executor !== 'process')
    problems.refuse('executor', executor, "'inline' or 'process'");
  if (typeof waitTimeoutMs !== 'number' || !(waitTimeoutMs > 0))
    problems.refuse('waitTimeoutMs', waitTimeoutMs, 'a number of milliseconds, more than 0');
  problems.throwIfAny();
  return {
    executor,
    clock: clock ?? null,
    server: { ...server, ...(clock !== undefined && { clock }) },
    waitTimeoutMs,
    given,
  };
}

/** @throws WorkerError `GR_OPTION_INVALID` when job processes of their own are to run an agent that is no file. */
export function workerInit(
  agent: TestAgent,
  { executor, given }: KitOptions,
  { url, apiKey, apiSecret }: DispatchServer,
): WorkerOptionsInit {
  if (executor === 'process' && agent.file === null) {
    throw new WorkerError(
      'GR_OPTION_INVALID',
      `executor is ${describeValue(executor)}, and job processes load the agent from its file: give createTestWorker() a path or a file: URL, as in new URL('./agent.js', import.meta.url).`,
    );
  }
  const own = Object.entries(agent.options).filter(
    ([name]) => !notForTests.includes(name as keyof WorkerOptionsInit),
  );
  const isNamed = 'agentName' in given || 'registrations' in given;
  return {
    ...(!isNamed && { agentName: 'test-agent' }),
    // The machine that runs the tests is busy, which is no reason to refuse a job.
    loadFunc: () => 0,
    numIdleProcesses: 0,
    port: null,
    maxRetry: 0,
    logLevel: 'fatal',
    ...(executor === 'inline' && { logger: loggerOf(given) }),
    ...(Object.fromEntries(own) as Partial<WorkerOptionsInit>),
    ...given,
    // Inline there is no file to load; the worker only wants to see one.
    agent: agent.file ?? fileURLToPath(import.meta.url),
    wsURL: url,
    apiKey,
    apiSecret,
  };
}

/** Silent, unless a level is asked for. */
function loggerOf({ logger, logLevel: level, logFormat }: Partial<WorkerOptionsInit>) {
  if (logger !== undefined) return logger;
  if (level === undefined) return pino({ level: 'silent' });
  return createLogger({ level, pretty: logFormat !== 'json' });
}
