interface Acceptance {
  promise: Promise<void>;
  resolve: () => void;
  reject: (error: Error) => void;
}

/**
 * What became of accepted job requests. `request.accept()` waits here until the job was launched, or failed to be; whoever
 * follows the job settles it.
 */
export class Acceptances {
  readonly #waiting = new Map<string, Acceptance>();

  /** Settles with the outcome of the job's launch. Nobody has to listen: an error that no one awaits is no crash. */
  wait(jobId: string): Promise<void> {
    const waiting = this.#waiting.get(jobId) ?? makeAcceptance();
    this.#waiting.set(jobId, waiting);
    return waiting.promise;
  }

  /** Tells the outcome: `null` when the job was launched. Unknown and settled jobs are ignored. */
  settle(jobId: string, error: Error | null): void {
    const waiting = this.#waiting.get(jobId);
    if (waiting === undefined) return;
    this.#waiting.delete(jobId);
    if (error === null) waiting.resolve();
    else waiting.reject(error);
  }

  /** For the end of the worker: nobody is left waiting. */
  settleAll(error: Error): void {
    for (const jobId of this.#waiting.keys()) this.settle(jobId, error);
  }
}

function makeAcceptance(): Acceptance {
  let resolve!: () => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  promise.catch(() => {});
  return { promise, resolve, reject };
}
