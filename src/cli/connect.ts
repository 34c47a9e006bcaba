/** The command `connect`: a worker that asks the server for a job in one room. */
import { type Service, serveWorker } from './serve-worker.ts';

/** Which job to ask for. */
export interface Wanted {
  room: string;
  participantIdentity: string | null;
}

/** Returns the exit code. */
export function connect(
  service: Pick<Service, 'init' | 'flags' | 'signals'>,
  { room, participantIdentity }: Wanted,
): Promise<number> {
  return serveWorker({
    ...service,
    mode: 'development',
    onRunning: (worker) => worker.simulateJob(room, participantIdentity ?? undefined),
  });
}
