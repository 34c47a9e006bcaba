/** The page of coverage: what `test/models/paths` proves of each machine. */
import { expect, it } from 'vitest';
import { pathsOf, type Proof } from '../models/paths/proof.ts';
import { proofs } from '../models/paths/proofs.ts';
import { statesOf, transitionsOf } from '../../src/testing/model/machine-parts.ts';
import { alignedTable } from './pages.ts';

function rowOf(proof: Proof): string[] {
  const { paths, missed } = pathsOf(proof);
  const states = statesOf(proof.machine.root).length;
  const transitions = transitionsOf(proof.machine).length;
  return [
    `[${proof.name}](machines/${proof.name}.md)`,
    `${states - missed.states.length} of ${states}`,
    `${transitions - missed.transitions.length} of ${transitions}`,
    String(paths.length),
    proof.world,
  ];
}

function coveragePage(): string {
  const headings = ['machine', 'states', 'transitions', 'paths', 'what is real'];
  const doubles = proofs.flatMap(({ name, doubles: own }) =>
    own.map((double) => `- **${name}**: ${double}.`),
  );
  return `# Coverage

Paths are made from each machine: the shortest ways that together reach every state and take every transition, as
[Test a machine of yours](../how-to/test-a-machine.md) shows. \`npm test\` walks each of them **on the real implementation**,
compares it with the model after every event, and fails when a state or a transition was not reached. Timers go off when a path
says so; sockets, processes, signals and HTTP calls are real.

${alignedTable(headings, proofs.map(rowOf))}

## What a double has to cause

Some errors no real actor can be brought to. The double is the real actor, made to fail once:

${doubles.join('\n')}

[Mutants](mutants.md) says what the tests make of machines that lack something.
`;
}

it('the page of coverage is what the paths reach', { timeout: 60_000 }, async () => {
  await expect(coveragePage()).toMatchFileSnapshot('../../docs/reference/coverage.md');
});
