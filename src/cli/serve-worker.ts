/** Runs one worker in this process until its end, with its signals, its failures and its exit code. */
import type { Logger } from 'pino';
import type { Failure } from '../../machines/messages.ts';
import { toError } from '../errors.ts';
import { initializeLogger, log } from '../log.ts';
import type { WorkerOptionsInit } from '../worker-options.ts';
import { type WorkerHandle, createWorker } from '../worker.ts';
import { EndLadder } from './end-ladder.ts';
import { asksForDetails, printFailure } from './exit.ts';
import { type SignalTrap, exitCodeOf } from './signals.ts';

/** What to run. */
export interface Service {
  init: WorkerOptionsInit;
  /** What the command line set. */
  flags: Partial<WorkerOptionsInit>;
  mode: 'production' | 'development';
  signals: SignalTrap;
  /** Called once the worker is made. */
  onMade?: (worker: WorkerHandle, logger: Logger) => void;
  /** Called once jobs can be taken. */
  onRunning?: (worker: WorkerHandle) => void;
  /** Called when it could not start, or failed later. */
  onFailed?: (error: unknown) => void;
}

/** Returns the exit code of the process. */
export async function serveWorker(service: Service): Promise<number> {
  const { init, flags, mode } = service;
  try {
    return await run(service, createWorker(init, { flags, mode }));
  } catch (error) {
    printFailure(error, { verbose: asksForDetails(flags.logLevel ?? init.logLevel) });
    service.onFailed?.(error);
    return 1;
  }
}

/** @throws what kept the worker from running, or ended it. */
async function run(service: Service, worker: WorkerHandle): Promise<number> {
  const { mode, signals } = service;
  const logger = setUpLogger(worker);
  closeLinksOnBug(worker, logger);
  const ladder = new EndLadder(worker, logger, mode);
  const broken = mode === 'development' ? new BrokenAgent(worker) : null;
  service.onMade?.(worker, logger);
  signals.listen(ladder.receive);

  const started = worker.start().then(() => {
    broken?.stopLooking();
    service.onRunning?.(worker);
    return worker.done;
  });
  // A worker that is closed before it has started has ended well; one whose HTTP server cannot listen never ran.
  const { outcome, failure } = await Promise.race([worker.done, started]);
  const cause = failure ?? broken?.failure ?? null;
  if (cause !== null) throw toError(cause);
  return outcome === 'closed' && ladder.lastSignal !== null ? exitCodeOf(ladder.lastSignal) : 0;
}

/** The log of the whole process, for the program's own code as well. */
function setUpLogger({ options }: WorkerHandle): Logger {
  initializeLogger({ level: options.logLevel, pretty: options.logFormat === 'pretty' });
  return options.logger ?? log();
}

/** An error that nobody caught: nothing can be relied on any more, so the job processes close their sessions by themselves. */
function closeLinksOnBug(worker: WorkerHandle, logger: Logger): void {
  process.on('uncaughtException', (error, origin) => {
    const jobs = worker.activeJobs.length;
    logger.fatal(
      { event: 'cli.crashed', err: error, origin, jobs },
      `the worker process ends by an error that nobody caught; ${jobs} running jobs end their sessions`,
    );
    worker.abandon();
    process.exit(1);
  });
}

/** While developing, an agent that fails once before the first job will fail again: its author is told at once. */
class BrokenAgent {
  failure: Failure | null = null;
  readonly stopLooking: () => void;

  constructor(worker: WorkerHandle) {
    this.stopLooking = worker.on('process.exited', ({ failure }) => {
      if (failure === null || this.failure !== null) return;
      this.failure = failure;
      void worker.close('agent-broken');
    });
  }
}
