/** How the real implementation of a machine is taken along the paths of its model. */
import { describe, expect, it, vi } from 'vitest';
import type { AnyMachineSnapshot, AnyStateMachine, EventObject, InspectionEvent } from 'xstate';
import {
  createCoverage,
  formatCoverage,
  type Missed,
  type ModelEvents,
  type Sut,
  type TestPath,
  testPaths,
} from '../../../src/testing/model/index.ts';

/** What a machine is proven with. */
export interface Proof {
  name: string;
  machine: AnyStateMachine;
  /** What no real actor can be brought to: each is caused by a double that fails. */
  doubles: string[];
  /** What the machine runs on, in words. */
  world: string;
  /** One or more: what one start does not lead to another may. */
  inputs: readonly unknown[];
  events: ModelEvents;
  key: (snapshot: AnyMachineSnapshot, past: readonly EventObject[]) => string;
  limit?: number;
  /** Starts the real machine in its world. */
  start: (
    inspect: (event: InspectionEvent) => void,
    path: TestPath,
    input: unknown,
  ) => Sut | Promise<Sut>;
}

/** The tests of a proof: its paths, each on the real machine, and that they reach everything. */
export function prove(proof: Proof): void {
  const coverage = createCoverage(proof.machine);
  const { paths, missed } = pathsOf(proof);

  describe(`${proof.name} on its real actors`, () => {
    it('has a path to every state and transition', () => {
      expect(missed).toEqual({ states: [], transitions: [] });
    });

    it.each(paths.map((one) => [one.path.description, one] as const))(
      '%s',
      async (_name, { path, input }) => {
        // XState warns of what comes for actors that a path has ended.
        vi.spyOn(console, 'warn').mockReturnValue();
        await path.test(() => proof.start(coverage.inspect, path, input));
      },
    );

    it('has reached every state and taken every transition', () => {
      const report = coverage.report();
      const text = formatCoverage(report);
      expect([report.states.missed, report.transitions.missed], text).toEqual([[], []]);
    });
  });
}

/** The paths from each start that reach what those from the starts before do not. */
export function pathsOf({ machine, inputs, events, key, limit = 5_000 }: Proof) {
  const paths: { path: TestPath; input: unknown }[] = [];
  const seen = new Set<string>();
  let missed: Missed | null = null;
  for (const input of inputs) {
    const found = testPaths(machine, { input, events, key, limit });
    for (const path of found.paths) {
      const reached = [...path.states, ...path.transitions];
      if (!reached.some((name) => !seen.has(name))) continue;
      for (const name of reached) seen.add(name);
      paths.push({ path, input });
    }
    missed = missed === null ? found.missed : both(missed, found.missed);
  }
  return { paths, missed: missed ?? { states: [], transitions: [] } };
}

function both(one: Missed, other: Missed): Missed {
  return {
    states: one.states.filter((name) => other.states.includes(name)),
    transitions: one.transitions.filter((name) => other.transitions.includes(name)),
  };
}
