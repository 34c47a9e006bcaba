/**
 * Fault cases: what goes wrong, what the worker makes of it, and how long that may take. A case is a test that measures
 * itself; all of them together are one table, printed by `npm run test:faults`, and the page `docs/reference/faults.md`.
 *
 *   section.concurrent('Server and network', () => {
 *     fault('half-open connection', { within: 15_000 }, async (record) => {
 *       const server = await ScriptedServer.start(record);   // gone after the case, as `record.after(…)` says there
 *       …
 *       record.start();                                      // the fault happens now: the clock starts
 *       const { reason } = await worker.next('registration.lost');
 *       record(`connection given up: ${reason}`);            // over: the clock stops; the text is a cell of the table
 *       expect(…);                                           // what comes now is checked, but takes no time
 *     });
 *   });
 *
 * - Files are `test/faults/<topic>.test.ts`. A section may be spread over several files.
 * - `within` is the bound that the documentation promises, not what the machine happens to take: a case that is slower
 *   fails. On a machine with more work than cores it is stretched by the work per core. Without `record.start()` the clock
 *   runs from the beginning of the case.
 * - Cases of `section.concurrent` run side by side, eight at a time: for those that mostly wait. They share nothing, so
 *   everything is made inside the case and undone by `record.after(…)`, last made first. There are two cores: what needs one
 *   for itself stands in a plain `section`.
 * - The outcome should be the same in every run: no ids, no times.
 * - Nothing but declarations at the top of a file: it is also loaded without being run, to compare it with the page.
 *   `inject('liveKit')` and `inject('liveKitBinary')` are asked for inside a case.
 * - A new case is on the page after `npm run test:faults -- --write`; `npm run test:faults -- --check` only compares.
 */
import { describe, test } from 'vitest';
import type { FaultCase, FaultSection } from './fault-table.mjs';
import { workPerCore } from './work-per-core.ts';

/** What a case tells the table. */
export type FaultFacts = Omit<FaultCase, 'name'> & { outcome?: string; tookMs?: number };

declare module 'vitest' {
  interface TaskMeta {
    fault?: FaultFacts;
  }
}

/** Takes the outcome of a case, which also stops its clock. `tookMs` is for a time that the case has measured itself. */
export interface FaultRecord {
  (outcome: string, tookMs?: number): void;
  /** The fault happens now. */
  start: () => void;
  /** Undone when the case is over, however it ends. */
  after: (undo: () => unknown) => void;
}

/** A case may prepare for this long before its fault, and clean up after it. */
const allowanceMs = 40_000;

let current: FaultSection | null = null;

/** Cases of one heading of the table, one after the other. */
export function section(name: FaultSection, declare: () => void): void {
  describe(name, () => declareIn(name, declare));
}

/** The same, side by side. */
section.concurrent = (name: FaultSection, declare: () => void): void => {
  describe.concurrent(name, () => declareIn(name, declare));
};

/** Declares a case. */
export function fault(
  name: string,
  { within }: { within: number },
  play: (record: FaultRecord) => Promise<void>,
): void {
  if (current === null) throw new Error(`The case "${name}" stands in no section.`);
  const facts: FaultFacts = { section: current, withinMs: within };
  const options = { timeout: within + allowanceMs, meta: { fault: facts } };
  test(name, options, async ({ task, onTestFinished }) => {
    const undos: (() => unknown)[] = [];
    onTestFinished(() => undoAll(undos), allowanceMs);
    const measured = measure(undos);
    try {
      await play(measured.record);
    } finally {
      task.meta.fault = { ...facts, ...measured.facts };
    }
    const { tookMs } = measured.facts;
    if (tookMs === undefined) throw new Error('The case recorded no outcome.');
    const crowding = workPerCore();
    if (tookMs > within * crowding) {
      const stretched = crowding === 1 ? '' : ` × ${crowding.toFixed(1)}, the work per core`;
      throw new Error(`It took ${Math.round(tookMs)} ms, the bound is ${within} ms${stretched}.`);
    }
  });
}

function declareIn(name: FaultSection, declare: () => void): void {
  current = name;
  declare();
  current = null;
}

function measure(undos: (() => unknown)[]) {
  const facts: Pick<FaultFacts, 'outcome' | 'tookMs'> = {};
  let started = performance.now();
  const record = (outcome: string, tookMs = performance.now() - started): void => {
    if (facts.outcome !== undefined) throw new Error('The case has recorded its outcome already.');
    facts.tookMs = tookMs;
    facts.outcome = outcome;
  };
  record.start = (): void => void (started = performance.now());
  record.after = (undo: () => unknown): void => void undos.push(undo);
  return { record, facts };
}

/** All of them, even when one fails. */
async function undoAll(undos: (() => unknown)[]): Promise<void> {
  const errors: unknown[] = [];
  for (const undo of undos.toReversed()) {
    try {
      await undo();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw new AggregateError(errors, 'The case could not be cleaned up.');
}
