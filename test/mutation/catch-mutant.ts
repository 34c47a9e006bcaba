/** Runs tests on a mutant until one of them fails. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Bundle, BundledTest } from './bundle.ts';
import type { Mutation } from './mutations.ts';

/** By which test a mutant was caught, and how; `null` when it survived. */
export type Catch = { test: string; reason: string } | null;

/** No test of a machine waits for anything real: whatever takes this long hangs. */
const TEST_TIMEOUT_MS = 1_000;

/** Tries one mutant, or the machines as they are. */
export async function tryMutant(
  bundle: Bundle,
  mutant: { machine: string; mutation: Mutation } | null,
): Promise<Catch> {
  // What the mutant before has left behind is not to be put down to this one.
  await nothingPending();
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  process.on('uncaughtException', note);
  process.on('unhandledRejection', note);
  try {
    let tests: BundledTest[];
    try {
      tests = bundle(mutant);
    } catch (error) {
      return { test: 'the machine is made', reason: reasonOf(error) };
    }
    for (const { name, body } of tests) {
      const failure = (await runTest(body)) ?? unhandled[0];
      if (failure !== undefined) return { test: name, reason: reasonOf(failure) };
    }
    await nothingPending();
    return unhandled.length === 0
      ? null
      : { test: 'nothing is left unhandled', reason: reasonOf(unhandled[0]) };
  } finally {
    process.off('uncaughtException', note);
    process.off('unhandledRejection', note);
  }
}

/** XState throws what nobody hears by a timer without delay: those that are set already go off before this one. */
async function nothingPending(): Promise<void> {
  await delay(1);
}

async function runTest(body: () => unknown): Promise<unknown> {
  const limit = withResolvers();
  const timer = setTimeout(
    () => limit.reject(new Error(`It took longer than ${TEST_TIMEOUT_MS} ms.`)),
    TEST_TIMEOUT_MS,
  );
  try {
    await Promise.race([body(), limit.promise]);
    return undefined;
  } catch (error) {
    return error ?? new Error('It threw nothing.');
  } finally {
    clearTimeout(timer);
  }
}

/** Node 20 has none of its own. */
function withResolvers() {
  let reject!: (error: Error) => void;
  const promise = new Promise<never>((_resolve, onReject) => {
    reject = onReject;
  });
  return { promise, reject };
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}
