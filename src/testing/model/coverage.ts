/** Which states and transitions of a machine have been reached, read from what its actors do. */
import type {
  AnyMachineSnapshot,
  AnyStateMachine,
  AnyTransitionDefinition,
  InspectionEvent,
} from 'xstate';
import { nameOf, statesOf, transitionsOf } from './machine-parts.ts';

/** What was reached of one kind, and what was not. */
export interface Reached {
  reached: string[];
  missed: string[];
}

/** How much of a machine was reached. States by their ids, transitions as `source on event [guard] → targets`. */
export interface CoverageReport {
  machine: string;
  states: Reached;
  transitions: Reached;
}

/** What is missing; both lists are empty when nothing is. */
export interface Missed {
  states: string[];
  transitions: string[];
}

/** A collector of what the actors of one machine have reached. */
export interface Coverage {
  /** For `createActor(…, { inspect })` or `actor.system.inspect()`, of as many actors as there are. */
  inspect: (event: InspectionEvent) => void;
  report(): CoverageReport;
  missing(): Missed;
}

/** What XState tells of each microstep; its types leave the transitions out. */
interface Microstep {
  type: string;
  snapshot?: Partial<AnyMachineSnapshot>;
  _transitions?: AnyTransitionDefinition[];
}

/** Makes a collector for a machine. Actors count when their machine has the same id, whatever was provided to it. */
export function createCoverage(machine: AnyStateMachine): Coverage {
  const states = new Set<string>();
  const transitions = new Set<string>();
  const names = new WeakMap<AnyTransitionDefinition, string>();
  const name = (transition: AnyTransitionDefinition): string => {
    const known = names.get(transition) ?? nameOf(transition);
    names.set(transition, known);
    return known;
  };
  const report = (): CoverageReport => ({
    machine: machine.id,
    states: split(
      statesOf(machine.root).map(({ id }) => id),
      states,
    ),
    transitions: split(transitionsOf(machine).map(nameOf), transitions),
  });
  return {
    inspect: (event) => {
      const step = event as unknown as Microstep;
      if (step.type !== '@xstate.microstep' && step.type !== '@xstate.snapshot') return;
      if (step.snapshot?.machine?.id !== machine.id) return;
      for (const node of step.snapshot._nodes ?? []) states.add(node.id);
      for (const transition of step._transitions ?? []) transitions.add(name(transition));
    },
    report,
    missing: () => {
      const made = report();
      return { states: made.states.missed, transitions: made.transitions.missed };
    },
  };
}

/** A report as text: one line of counts, then a line for each state and transition that was missed. */
export function formatCoverage(report: CoverageReport): string {
  const { machine, states, transitions } = report;
  const counts = `${machine}: ${count(states)} states, ${count(transitions)} transitions`;
  return [
    counts,
    ...states.missed.map((state) => `  state not reached: ${state}`),
    ...transitions.missed.map((transition) => `  transition not taken: ${transition}`),
  ].join('\n');
}

function count({ reached, missed }: Reached): string {
  return `${reached.length} of ${reached.length + missed.length}`;
}

function split(all: string[], seen: ReadonlySet<string>): Reached {
  return {
    reached: all.filter((name) => seen.has(name)),
    missed: all.filter((name) => !seen.has(name)),
  };
}
