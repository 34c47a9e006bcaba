import { Job as ProtobufJob } from '@livekit/protocol';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Actor, createActor, toPromise } from 'xstate';
import type { Decision } from '../../machines/job/job.types.ts';
import { Acceptances } from '../../src/acceptances.ts';
import {
  type DecideRequestDependencies,
  defineDecideRequest,
} from '../../src/actors/decide-request.ts';
import { AssignmentTimeoutError } from '../../src/errors.ts';
import type { JobRequest } from '../../src/job-request.ts';
import { jobFromProtobuf } from '../../src/protocol/job.ts';

const job = jobFromProtobuf(new ProtobufJob({ id: 'AJ_1', agentName: 'greeter' }));
const accepted = {
  type: 'accept',
  accept: {
    name: '',
    identity: 'agent-AJ_1',
    metadata: '',
    attributes: { 'lk.agent.name': 'greeter' },
  },
};
/** Users throw what they like. */
const anything = 'a text' as unknown as Error;
const unhandled: unknown[] = [];
process.on('unhandledRejection', (error) => unhandled.push(error));

afterEach(async () => {
  await new Promise(setImmediate);
  expect(unhandled.splice(0)).toEqual([]);
});

function decide(requestFunc: DecideRequestDependencies['requestFunc']) {
  const acceptances = new Acceptances();
  const onLateError = vi.fn<NonNullable<DecideRequestDependencies['onLateError']>>();
  const logic = defineDecideRequest({
    requestFunc,
    requestTimeoutMs: 100,
    acceptances,
    onLateError,
  });
  const actor: Actor<typeof logic> = createActor(logic, { input: { job } });
  const decision: Promise<Decision> = toPromise(actor);
  actor.start();
  return { actor, decision, acceptances, onLateError };
}

// The first one loads protobuf, which in a worker is there before: here it counts as a part of the 100 ms.
beforeAll(() => decide((request) => request.reject()).decision);

/** A promise and the function that settles it. */
function gate(): { opened: Promise<void>; open: () => void } {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

describe('the answer', () => {
  it('of a requestFunc that blocks the event loop for too long is a rejection', async () => {
    const { decision } = decide((request) => {
      const until = performance.now() + 120;
      while (performance.now() < until);
      void request.accept();
    });
    expect(await decision).toEqual({
      type: 'reject',
      terminate: false,
      reason: 'request-timeout',
      detail: expect.stringMatching(/^requestFunc answered after 1\d\d ms, 100 ms are allowed$/),
    });
  });

  it('is taken at once, before requestFunc returns', async () => {
    const { opened, open } = gate();
    const { decision, onLateError } = decide(async (request) => {
      void request.accept();
      await opened;
    });
    expect(await decision).toEqual(accepted);
    open();
    await new Promise(setImmediate);
    expect(onLateError).not.toHaveBeenCalled();
  });

  it('may come from a function that is not async', async () => {
    const { decision } = decide((request) => {
      void request.reject();
    });
    expect(await decision).toEqual({
      type: 'reject',
      terminate: false,
      reason: 'rejected',
      detail: '',
    });
  });

  it('can end the dispatch', async () => {
    const { decision } = decide((request) => request.reject({ terminate: true, reason: 'why' }));
    expect(await decision).toEqual({
      type: 'reject',
      terminate: true,
      reason: 'terminated',
      detail: 'why',
    });
  });

  it.each([
    ['accept', (request: JobRequest) => request.accept()],
    ['reject', (request: JobRequest) => request.reject()],
  ])('counts once: %s after another one throws and changes nothing', async (_name, again) => {
    let second: unknown;
    const { decision } = decide((request) => {
      void request.accept();
      try {
        void again(request);
      } catch (error) {
        second = error;
      }
    });
    expect(await decision).toEqual(accepted);
    expect(second).toMatchObject({
      code: 'GR_REQUEST_ANSWERED',
      message:
        'The request of job AJ_1 was answered already: accepted. The first answer counts, this one changes nothing.',
    });
  });

  it('is a rejection when requestFunc returns without one', async () => {
    let request: JobRequest | undefined;
    const { decision } = decide((given) => {
      request = given;
    });
    expect(await decision).toEqual({
      type: 'reject',
      terminate: false,
      reason: 'no-answer',
      detail: 'requestFunc returned without an answer.',
    });
    expect(() => request!.accept()).toThrow('was answered already: rejected (no-answer)');
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('database down');
      },
      'database down',
    ],
    ['rejects', () => Promise.reject(new Error('no network')), 'no network'],
    ['rejects with a text', () => Promise.reject(anything), '"a text" (string)'],
  ])('is a rejection when requestFunc %s', async (_name, requestFunc, detail) => {
    const { decision, onLateError } = decide(requestFunc);
    expect(await decision).toEqual({
      type: 'reject',
      terminate: false,
      reason: 'request-failed',
      detail,
    });
    expect(onLateError).not.toHaveBeenCalled();
  });

  it('is a rejection when the arguments of accept are wrong', async () => {
    const { decision } = decide((request) => request.accept({ name: 5 } as never));
    expect(await decision).toMatchObject({
      reason: 'request-failed',
      detail: expect.stringContaining('must be a text'),
    });
  });
});

describe('the user code', () => {
  it('does not run inside the step that starts the actor', async () => {
    const requestFunc = vi.fn<DecideRequestDependencies['requestFunc']>((request) => {
      void request.accept();
    });
    const { decision } = decide(requestFunc);
    expect(requestFunc).not.toHaveBeenCalled();
    await decision;
    expect(requestFunc).toHaveBeenCalledOnce();
  });

  it('that fails after its answer is told to onLateError, and the answer stays', async () => {
    const failure = new Error('afterwards');
    const { decision, onLateError } = decide(async (request) => {
      void request.accept();
      await Promise.reject(failure);
    });
    expect(await decision).toEqual(accepted);
    await vi.waitFor(() => expect(onLateError).toHaveBeenCalledExactlyOnceWith(failure, job));
  });

  it('that answers after the request was given up is told so', async () => {
    const { opened, open } = gate();
    const { actor, decision, onLateError } = decide(async (request) => {
      await opened;
      await request.accept();
    });
    decision.catch(() => {});
    actor.stop();
    open();
    await vi.waitFor(() => expect(onLateError).toHaveBeenCalledOnce());
    expect(onLateError.mock.calls[0]![0]).toMatchObject({
      code: 'GR_REQUEST_ANSWERED',
      message: expect.stringContaining('rejected, because no answer came in time'),
    });
  });
});

describe('accept()', () => {
  it('resolves when the job was launched', async () => {
    const order: string[] = [];
    const { decision, acceptances } = decide(async (request) => {
      await request.accept();
      order.push('accepted');
    });
    await decision;
    order.push('decided');
    acceptances.settle('AJ_1', null);
    await vi.waitFor(() => expect(order).toEqual(['decided', 'accepted']));
  });

  it('rejects with what kept the job from being launched', async () => {
    let caught: unknown;
    const { decision, acceptances, onLateError } = decide(async (request) => {
      try {
        await request.accept();
      } catch (error) {
        caught = error;
      }
    });
    await decision;
    const timeout = new AssignmentTimeoutError('no assignment within 5000 ms');
    acceptances.settle('AJ_1', timeout);
    await vi.waitFor(() => expect(caught).toBe(timeout));
    expect(onLateError).not.toHaveBeenCalled();
  });

  it('that nobody awaits crashes nothing', async () => {
    const { decision, acceptances } = decide((request) => {
      void request.accept();
    });
    await decision;
    acceptances.settle('AJ_1', new AssignmentTimeoutError('late'));
    // The check for unhandled rejections is in afterEach.
  });
});
