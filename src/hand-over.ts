/**
 * Under the `greenroom` binary the agent file's own `cli.runApp()` only hands over its options: this is where it leaves
 * them. One place for all copies of the package in this process: the agent file may resolve to another one than the binary.
 */
import { WorkerError } from './errors.ts';
import type { ServerOptions } from './server-options.ts';
import type { WorkerOptionsInit } from './worker-options.ts';

type AppOptions = ServerOptions | WorkerOptionsInit;

interface HandOver {
  isOpen: boolean;
  options: AppOptions | null;
}

const key = Symbol.for('greenroom.handOver');
const globals = globalThis as { [key]?: HandOver };

/** From now on `cli.runApp()` leaves its options here. The returned function ends that and tells them; `null`: none came. */
export function awaitOptions(): () => AppOptions | null {
  const place: HandOver = { isOpen: true, options: null };
  globals[key] = place;
  return () => {
    place.isOpen = false;
    return place.options;
  };
}

/**
 * Leaves the options for the binary; false when there is no binary that waits for them.
 * @throws WorkerError `GR_WORKER_STATE` when it has options already, or has stopped waiting.
 */
export function leaveOptions(options: AppOptions): boolean {
  const place = globals[key];
  if (place === undefined) return false;
  if (place.options !== null) refuse('it was called twice: one program runs one worker.');
  if (!place.isOpen) {
    refuse(
      'it was called too late: the greenroom command takes the options while it loads the file.',
    );
  }
  place.options = options;
  return true;
}

/** There is no binary: the program itself runs the worker. A second call is refused from now on. */
export function keepOptions(options: AppOptions): void {
  globals[key] = { isOpen: false, options };
}

function refuse(reason: string): never {
  throw new WorkerError('GR_WORKER_STATE', `cli.runApp() changes nothing here: ${reason}`);
}
