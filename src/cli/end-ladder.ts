/** What signals mean to a running worker, step by step. */
import type { Logger } from 'pino';
import type { WorkerHandle } from '../worker.ts';
import type { EndSignal } from './signals.ts';

type Step = 'drain' | 'close' | 'kill';

const ladders: Readonly<Record<'production' | 'development', readonly Step[]>> = {
  production: ['drain', 'close', 'kill'],
  development: ['close', 'kill'],
};

const next: Readonly<Record<Step, string>> = {
  drain: 'Send it again to end the sessions now, a third time to kill them.',
  close: 'Send it again to kill them.',
  kill: '',
};

/** Each signal takes one step more. */
export class EndLadder {
  /** The last signal that had an effect. */
  lastSignal: EndSignal | null = null;
  readonly #worker: WorkerHandle;
  readonly #logger: Logger;
  readonly #steps: Step[];

  constructor(worker: WorkerHandle, logger: Logger, mode: 'production' | 'development') {
    this.#worker = worker;
    this.#logger = logger;
    this.#steps = [...ladders[mode]];
  }

  /** A signal came. */
  readonly receive = (signal: EndSignal): void => {
    const step = this.#steps.shift();
    if (step === undefined) return;
    this.lastSignal = signal;
    const jobs = this.#worker.activeJobs.length;
    this.#logger.info({ event: 'cli.signal', signal, step, jobs }, this.#text(signal, step, jobs));
    if (step === 'drain') void this.#worker.drain();
    else void this.#worker[step](signal);
  };

  #text(signal: EndSignal, step: Step, jobs: number): string {
    const running = `${jobs} job${jobs === 1 ? '' : 's'}`;
    if (jobs === 0) return `${signal}: no job runs, closing`;
    if (step === 'drain')
      return `${signal}: waiting for ${running} to end, ${this.#limit()}. ${next[step]}`;
    if (step === 'close') return `${signal}: ending the sessions of ${running}. ${next[step]}`;
    return `${signal}: killing ${running}`;
  }

  #limit(): string {
    const { drainTimeoutMs } = this.#worker.options;
    return drainTimeoutMs === null
      ? 'for as long as it takes'
      : `for ${Math.ceil(drainTimeoutMs / 1000)} s at most`;
  }
}
