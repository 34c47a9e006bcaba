/** Measures the load of the worker, by its own means or by the user's `loadFunc`. */
import { type CallbackActorLogic, type EventObject, fromCallback } from 'xstate';
import type { LoadEvent } from '../../machines/worker/worker.types.ts';
import { WorkerError, describeValue, toFailure } from '../errors.ts';
import { MachineLoad } from '../load/machine-load.ts';
import type { LoadSource } from '../worker-options.ts';

/** What a load monitor needs. */
export interface SampleLoadDependencies {
  /** The user's measure; `null`: the load of the machine or container. */
  loadFunc: ((worker: LoadSource) => Promise<number> | number) | null;
  /** What the user's measure is given. */
  loadSource: LoadSource;
  /**
   * Also the time over which the machine's load is averaged. @defaultValue 2500 ms
   */
  periodMs?: number;
  /** The measure of the machine; made when the actor starts. */
  makeMachineLoad?: () => { sample: () => number | null };
}

/** Makes the actor that reports the load in every period, and a measure that fails once until it works again. */
export function defineSampleLoad(
  dependencies: SampleLoadDependencies,
): CallbackActorLogic<EventObject> {
  const { periodMs = 2500 } = dependencies;
  return fromCallback(({ sendBack }) => {
    const measure = makeMeasure(dependencies);
    const monitor = new LoadMonitor(measure, periodMs, (event) => sendBack(event));
    // The machine is measured over a whole period: its own start alone would make the worker look full at first.
    if (dependencies.loadFunc !== null) monitor.tick();
    const timer = setInterval(() => monitor.tick(), periodMs).unref();
    return () => {
      clearInterval(timer);
      monitor.stop();
    };
  });
}

type Measure = () => Promise<number>;

class LoadMonitor {
  readonly #measure: Measure;
  readonly #periodMs: number;
  readonly #report: (event: LoadEvent) => void;
  /** The measurement under way; its answer counts as long as it is this one. */
  #pending: symbol | null = null;
  #isLate = false;
  #lastFailure: string | null = null;

  constructor(measure: Measure, periodMs: number, report: (event: LoadEvent) => void) {
    this.#measure = measure;
    this.#periodMs = periodMs;
    this.#report = report;
  }

  /** Starts a measurement. One that still runs is not joined by another, and its answer would be out of date. */
  tick(): void {
    if (this.#pending !== null) {
      this.#isLate = true;
      this.#fail(
        loadFailure(
          `loadFunc takes longer than the ${this.#periodMs} ms between two samples; the last load is kept.`,
        ),
      );
      return;
    }
    void this.#run();
  }

  stop(): void {
    this.#pending = null;
  }

  async #run(): Promise<void> {
    const own = Symbol('measurement');
    this.#pending = own;
    this.#isLate = false;
    let answer: { load: number } | { error: unknown };
    try {
      answer = { load: await this.#measure() };
    } catch (error) {
      answer = { error };
    }
    if (this.#pending !== own) return;
    this.#pending = null;
    if (this.#isLate) return;
    if ('error' in answer) this.#fail(answer.error);
    else this.#succeed(answer.load);
  }

  #succeed(load: number): void {
    this.#lastFailure = null;
    this.#report({ type: 'load.sampled', load });
  }

  #fail(error: unknown): void {
    const failure = toFailure(error, 'GR_LOAD_FAILED');
    if (failure.message === this.#lastFailure) return;
    this.#lastFailure = failure.message;
    this.#report({ type: 'load.failed', failure });
  }
}

function makeMeasure({ loadFunc, loadSource, makeMachineLoad }: SampleLoadDependencies): Measure {
  if (loadFunc !== null) {
    return async () => checkedLoad(await loadFunc(loadSource));
  }
  const machine = makeMachineLoad === undefined ? new MachineLoad() : makeMachineLoad();
  return async () => {
    const load = machine.sample();
    if (load === null) {
      throw loadFailure(
        'Neither the processors nor the memory of this machine can be measured; give a loadFunc.',
      );
    }
    return load;
  };
}

/** The server takes a load that is no number for full, and a negative one for more than idle. */
function checkedLoad(load: unknown): number {
  if (typeof load === 'number' && Number.isFinite(load) && load >= 0) return load;
  throw loadFailure(
    `loadFunc returned ${describeValue(load)}; it must return a load from 0, idle, to 1, full. The last load is kept.`,
  );
}

function loadFailure(message: string): WorkerError {
  return new WorkerError('GR_LOAD_FAILED', message);
}
