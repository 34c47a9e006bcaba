/** Asks the user's `requestFunc` what to do with a job request. */
import { type PromiseActorLogic, fromPromise } from 'xstate';
import type { Decision } from '../../machines/job/job.types.ts';
import type { Job, RejectReason } from '../../machines/messages.ts';
import type { Acceptances } from '../acceptances.ts';
import { WorkerError, toFailure } from '../errors.ts';
import { type RequestFunc, loadJobClass } from '../request-func.ts';
import { JobRequest, type RequestAnswers } from '../job-request.ts';

/** What deciding needs. */
export interface DecideRequestDependencies {
  requestFunc: RequestFunc;
  /** From the request to the answer, in ms; an answer after that would reach nobody. */
  requestTimeoutMs: number;
  /** Where `accept()` waits for what becomes of the job. */
  acceptances: Acceptances;
  /** `requestFunc` failed after it had answered, or after its time was over: nothing is left to decide. */
  onLateError?: (error: unknown, job: Job) => void;
}

/** Makes the actor that decides one job request; its answer is taken the moment `requestFunc` gives it. */
export function defineDecideRequest({
  requestFunc,
  requestTimeoutMs,
  acceptances,
  onLateError,
}: DecideRequestDependencies): PromiseActorLogic<Decision, { job: Job }> {
  return fromPromise<Decision, { job: Job }>(({ input: { job }, signal }) => {
    const verdict = new Verdict(job.id, requestTimeoutMs);
    // The job stopped waiting, so the request was rejected.
    signal.addEventListener('abort', () => verdict.close(), { once: true });

    const answers: RequestAnswers = {
      accept: (accept) => {
        verdict.answer({ type: 'accept', accept });
        return acceptances.wait(job.id);
      },
      reject: ({ terminate, detail }) => {
        const reason = terminate ? 'terminated' : 'rejected';
        verdict.answer({ type: 'reject', terminate, reason, detail });
      },
    };

    // Not in this turn: user code never runs inside a step of the worker's machines.
    void loadJobClass(requestFunc)
      .then((toProtobuf) => requestFunc(new JobRequest(job, answers, toProtobuf)))
      .then(
        () => verdict.fallBack('no-answer', 'requestFunc returned without an answer.'),
        (error: unknown) => {
          const { message } = toFailure(error, 'GR_REQUEST_FAILED');
          if (!verdict.fallBack('request-failed', message)) onLateError?.(error, job);
        },
      );
    return verdict.decision;
  });
}

/** Takes the first answer and refuses the others. */
class Verdict {
  readonly decision: Promise<Decision>;
  readonly #jobId: string;
  readonly #requestTimeoutMs: number;
  readonly #startedAtMs = performance.now();
  #resolve!: (decision: Decision) => void;
  /** What the answer was; `null` until there is one. */
  #answered: string | null = null;

  constructor(jobId: string, requestTimeoutMs: number) {
    this.#jobId = jobId;
    this.#requestTimeoutMs = requestTimeoutMs;
    this.decision = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** @throws WorkerError `GR_REQUEST_ANSWERED` when there is an answer already. */
  answer(decision: Decision): void {
    if (this.#answered !== null) {
      throw new WorkerError(
        'GR_REQUEST_ANSWERED',
        `The request of job ${this.#jobId} was answered already: ${this.#answered}. The first answer counts, this one changes nothing.`,
        { details: { jobId: this.#jobId, answered: this.#answered } },
      );
    }
    this.#answered = decision.type === 'accept' ? 'accepted' : `rejected (${decision.reason})`;
    this.#resolve(this.#isLate() ? this.#late() : decision);
  }

  /** A `requestFunc` that blocks the event loop is heard before the timer that was due long ago. */
  #isLate(): boolean {
    return performance.now() - this.#startedAtMs > this.#requestTimeoutMs;
  }

  #late(): Decision {
    const detail = `requestFunc answered after ${Math.round(performance.now() - this.#startedAtMs)} ms, ${this.#requestTimeoutMs} ms are allowed`;
    return { type: 'reject', terminate: false, reason: 'request-timeout', detail };
  }

  /** The rejection that is sent when the user gave no answer; false when there was one. */
  fallBack(reason: RejectReason, detail: string): boolean {
    if (this.#answered !== null) return false;
    this.answer({ type: 'reject', terminate: false, reason, detail });
    return true;
  }

  /** Nobody waits for an answer any more. */
  close(): void {
    this.#answered ??= 'rejected, because no answer came in time';
  }
}
