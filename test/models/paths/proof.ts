/** How the real implementation of a machine is taken along the paths of its model. */
import { describe, expect, it, vi } from 'vitest';
import type { AnyMachineSnapshot, AnyStateMachine, InspectionEvent } from 'xstate';
import {
  createCoverage,
  formatCoverage,
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
  input: unknown;
  events: ModelEvents;
  key: (snapshot: AnyMachineSnapshot) => string;
  limit?: number;
  /** Starts the real machine in its world. */
  start: (inspect: (event: InspectionEvent) => void, path: TestPath) => Sut | Promise<Sut>;
}

/** The tests of a proof: its paths, each on the real machine, and that they reach everything. */
export function prove(proof: Proof): void {
  const { name, machine, input, events, key, limit = 5_000, start } = proof;
  const coverage = createCoverage(machine);
  const { paths, missed } = testPaths(machine, { input, events, key, limit });

  describe(`${name} on its real actors`, () => {
    it('has a path to every state and transition', () => {
      expect(missed).toEqual({ states: [], transitions: [] });
    });

    it.each(paths.map((path) => [path.description, path] as const))('%s', async (_name, path) => {
      // XState warns of what comes for actors that a path has ended.
      vi.spyOn(console, 'warn').mockReturnValue();
      await path.test(() => start(coverage.inspect, path));
    });

    it('has reached every state and taken every transition', () => {
      const report = coverage.report();
      expect([report.states.missed, report.transitions.missed], formatCoverage(report)).toEqual([
        [],
        [],
      ]);
    });
  });
}
