import { checkOptions } from './resolve-options.ts';
import type { WorkerOptionsInit } from './worker-options.ts';

/** The options of a worker, checked where they are written; credentials and the agent file may come later. */
export class ServerOptions {
  /** The options as they were given. */
  readonly init: WorkerOptionsInit;

  /** @throws WorkerError `GR_OPTION_INVALID` that lists every mistake. */
  constructor(init: WorkerOptionsInit) {
    checkOptions(init);
    this.init = init;
  }
}

/** The plain options, whether they come wrapped or not. Told apart by shape: two copies of the package may be loaded. */
export function initOf(options: ServerOptions | WorkerOptionsInit): WorkerOptionsInit {
  return 'init' in options ? options.init : options;
}

/** The name users of older `@livekit/agents` know. */
export const WorkerOptions = ServerOptions;
