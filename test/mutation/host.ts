/** A process that tries mutants, one after the other: one that never returns is ended from outside. */
import { type Bundle, bundleTests } from './bundle.ts';
import { type Catch, tryMutant } from './catch-mutant.ts';
import { mutantsOf, type Target, targets } from './targets.ts';

/** Which mutant to try. */
export interface Order {
  target: string;
  /** Its place among the mutants of the target; `null` for the machine as it is. */
  index: number | null;
}

/** What became of it. */
export interface Report {
  caught: Catch;
}

const bundles = new Map<string, Bundle>();

async function bundleOf(target: Target): Promise<Bundle> {
  const bundle = bundles.get(target.name) ?? (await bundleTests(target.tests));
  bundles.set(target.name, bundle);
  return bundle;
}

// What a mutant leaves behind may fail when the next one is tried already: that one is not to blame.
process.on('uncaughtException', () => undefined);
process.on('unhandledRejection', () => undefined);
process.on('message', ({ target: name, index }: Order) => {
  const target = targets.find((one) => one.name === name)!;
  const mutant =
    index === null ? null : { machine: target.machine.id, mutation: mutantsOf(target)[index]! };
  void bundleOf(target)
    .then((bundle) => tryMutant(bundle, mutant))
    .then((caught) => process.send?.({ caught } satisfies Report));
});
process.on('disconnect', () => process.exit());
