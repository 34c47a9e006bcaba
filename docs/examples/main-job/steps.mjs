/** Runs a program step by step: each has a deadline, the failure of one names it, and the summary tells how long each took. */

/**
 * A row of the summary.
 * @typedef {object} Row
 * @property {string} name
 * @property {number} tookMs
 * @property {string} result
 */

/** The user, or the system, asked for the end. */
export class Interruption extends Error {
  /** @param {'SIGINT' | 'SIGTERM' | 'SIGHUP'} signal */
  constructor(signal) {
    super(signal);
    this.signal = signal;
  }
}

/** A step that failed. */
export class StepError extends Error {
  /**
   * @param {string} step
   * @param {unknown} cause
   */
  constructor(step, cause) {
    super(`"${step}": ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/** The steps of a run, in order. */
export class Steps {
  /** @type {Row[]} */
  rows = [];
  /** @type {(error: Error) => void} */
  fail;
  #failed;

  constructor() {
    const { promise, reject } = withReject();
    this.#failed = promise;
    /** Ends the step that runs, and any to come. */
    this.fail = reject;
    promise.catch(() => {});
  }

  /**
   * Runs a step.
   * @template Result
   * @param {string} name
   * @param {() => Promise<Result>} work
   * @param {{ withinMs?: number, result?: (value: Result) => string }} [options]
   * @returns {Promise<Result>}
   */
  async run(name, work, { withinMs, result = () => '' } = {}) {
    const started = performance.now();
    const deadline = withReject();
    const timer =
      withinMs === undefined
        ? undefined
        : setTimeout(
            () => deadline.reject(new Error(`it took more than ${withinMs} ms.`)),
            withinMs,
          );
    try {
      const value = await Promise.race([work(), this.#failed, deadline.promise]);
      this.rows.push({ name, tookMs: performance.now() - started, result: result(value) });
      return value;
    } catch (error) {
      throw error instanceof Interruption ? error : new StepError(name, error);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** @returns {{ promise: Promise<never>, reject: (error: Error) => void }} */
function withReject() {
  /** @type {(error: Error) => void} */
  let reject = () => {};
  /** @type {Promise<never>} */
  const promise = new Promise((_resolve, refuse) => {
    reject = refuse;
  });
  return { promise, reject };
}
