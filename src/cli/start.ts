/** The command `start`: a worker in production. */
import { type Service, serveWorker } from './serve-worker.ts';

/** Returns the exit code. */
export function start(service: Pick<Service, 'init' | 'flags' | 'signals'>): Promise<number> {
  return serveWorker({ ...service, mode: 'production' });
}
