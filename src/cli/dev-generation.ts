/** One worker of `dev`, in a process of its own: the supervisor starts the next one when a file changes. */
import type { Logger } from 'pino';
import type { WorkerOptionsInit } from '../worker-options.ts';
import type { WorkerHandle } from '../worker.ts';
import type { SupervisorLink } from './dev-link.ts';
import { type Service, serveWorker } from './serve-worker.ts';

/** What the worker's own limits leave out: the kill ladder, and leaving the server. */
const closeMarginMs = 30_000;

/** Returns the exit code. */
export function serveGeneration(
  service: Pick<Service, 'init' | 'flags' | 'signals'>,
  link: SupervisorLink,
): Promise<number> {
  const { init, signals } = service;
  return serveWorker({
    init,
    flags: flagsFor(service, link),
    signals,
    mode: 'development',
    onMade: (worker, logger) => obey(worker, logger, link),
    onRunning: () => link.send({ type: 'ready' }),
    onFailed: (error) => link.failed(error),
  });
}

/** A port that was asked for stays with the worker that listens on it; the next one takes a free one meanwhile. */
function flagsFor(
  { init, flags }: Pick<Service, 'init' | 'flags'>,
  { isBeside }: SupervisorLink,
): Partial<WorkerOptionsInit> {
  const port = flags.port === undefined ? init.port : flags.port;
  const isTaken = isBeside && typeof port === 'number' && port !== 0;
  return isTaken ? { ...flags, port: 0 } : flags;
}

function obey(worker: WorkerHandle, logger: Logger, link: SupervisorLink): void {
  link.send({ type: 'made', closeTimeoutMs: worker.options.shutdownTimeoutMs + closeMarginMs });
  link.listen(({ type }) => {
    logger.debug({ event: 'cli.ordered', order: type }, `the supervisor says: ${type}`);
    void worker[type]();
  });
}
