/** Stands in for `xstate` when the tests of a mutant are bundled: one machine's literal is changed before it is made. */
import * as xstate from 'xstate';
import { mutate, type Mutation } from './mutations.ts';

export * from 'xstate';

/** Put before the bundle when it runs. */
declare const mutant: { machine: string; mutation: Mutation } | null;

type Setup = typeof xstate.setup;

/** The parts of a setup that lead to a machine. */
interface Made {
  createMachine(config: { id?: string }): unknown;
  extend(more: unknown): Made;
}

/** As in `xstate`, but for the mutant. */
export const setup = ((parts: object) => mutating(xstate.setup(parts))) as unknown as Setup;

function mutating(made: Made): Made {
  return {
    ...made,
    extend: (more) => mutating(made.extend(more)),
    createMachine: (config) => {
      if (mutant !== null && config.id === mutant.machine) mutate(config, mutant.mutation);
      return made.createMachine(config);
    },
  };
}
