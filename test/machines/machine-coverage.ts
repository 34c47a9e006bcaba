/** Records which transitions a machine's tests have taken and which of its states they have seen. */
import type { AnyMachineSnapshot, AnyStateMachine, InspectionEvent } from 'xstate';
import { statesOf } from './self-check.ts';
import { recordCoverage } from './transition-coverage.ts';

/** A recorder for one machine: hand `inspect` to every actor the tests start. */
export function recordMachine(machine: AnyStateMachine) {
  const transitions = recordCoverage(machine);
  const seen = new Set<string>();
  return {
    inspect: (event: InspectionEvent): void => {
      transitions.inspect(event);
      if (event.type !== '@xstate.snapshot' && event.type !== '@xstate.microstep') return;
      const { machine: its, _nodes: nodes } = event.snapshot as Partial<AnyMachineSnapshot>;
      if (its?.id !== machine.id) return;
      for (const node of nodes ?? []) seen.add(node.id);
    },
    /** What no test has reached. */
    missing(): { states: string[]; transitions: string[] } {
      const states = statesOf(machine.root).map(({ id }) => id);
      return {
        states: states.filter((id) => !seen.has(id)),
        transitions: transitions.missing(),
      };
    },
  };
}

/** Nothing is missing. */
export const complete = { states: [], transitions: [] };
