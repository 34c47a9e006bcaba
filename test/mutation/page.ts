/** The page of the mutants. */
import { alignedTable } from '../docs/pages.ts';
import { survivors as reasons } from './survivors.ts';

/** What one machine's mutants came to. */
export interface MachineResult {
  name: string;
  tried: number;
  survivors: string[];
}

/** Mutants that survived and for which nobody has said why, and reasons for mutants that did not survive. */
export function disagreements(results: readonly MachineResult[]): string[] {
  const survived = results.flatMap(({ survivors }) => survivors);
  return [
    ...survived
      .filter((name) => !(name in reasons))
      .map((name) => `no reason is told for: ${name}`),
    ...Object.keys(reasons)
      .filter((name) => !survived.includes(name))
      .map((name) => `it did not survive: ${name}`),
  ];
}

/** The share of mutants that were caught, in percent with one digit, rounded down. */
export function shareCaught(results: readonly MachineResult[]): string {
  const tried = results.reduce((sum, result) => sum + result.tried, 0);
  const survived = results.reduce((sum, { survivors }) => sum + survivors.length, 0);
  return (Math.floor((1_000 * (tried - survived)) / tried) / 10).toFixed(1);
}

/** The page, made from one run over all machines. */
export function mutantsPage(results: readonly MachineResult[]): string {
  const rows = results.map((result) => [
    `[${result.name}](machines/${result.name}.md)`,
    String(result.tried),
    String(result.tried - result.survivors.length),
    `${shareCaught([result])} %`,
  ]);
  const left = results.flatMap(({ survivors }) =>
    survivors.map((name) => [`\`${name}\``, reasons[name] ?? '']),
  );
  return `# Mutants

\`npm run mutants\` takes each transition, guard and action out of each machine, one at a time, and runs the unit tests of that
machine, then those of the machines above it. A mutant is caught when a test fails. The coverage of the tests does not count:
only what they expect does. \`npm test\` tries a sample; this page was written by \`npm run mutants -- --write\`.

${alignedTable(['machine', 'mutants', 'caught', 'share'], rows)}

In all ${shareCaught(results)} % are caught; less than 95 % fail the command.

## The ones that are left

${alignedTable(['what is taken out', 'why no test notices'], left)}
`;
}
