/**
 * `npm run mutants`: takes out each transition, guard and action of each machine, one at a time, and sees whether the
 * quick tests notice. `-- --machine job` tries one machine, `-- --sample 20` every twentieth mutant, `-- --write` writes the
 * page of the mutants.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Order } from './host.ts';
import { tryAll } from './hosts.ts';
import { disagreements, type MachineResult, mutantsPage, shareCaught } from './page.ts';
import { mutantsOf, type Target, targets } from './targets.ts';

const say = (line: string) => void process.stdout.write(`${line}\n`);

const { values } = parseArgs({
  options: { machine: { type: 'string' }, sample: { type: 'string' }, write: { type: 'boolean' } },
});
const every = Number(values.sample ?? 1);
if (values.write === true && (every > 1 || values.machine !== undefined)) {
  say('--write wants all mutants of all machines: leave --machine and --sample out.');
  process.exit(2);
}
const chosen = targets.filter(
  ({ name }) => values.machine === undefined || name === values.machine,
);
if (chosen.length === 0) {
  const names = targets.map(({ name }) => name).join(', ');
  say(`--machine "${values.machine}" is none of ${names}.`);
  process.exit(2);
}

/** The machines as they are must pass, or every mutant would be caught. */
async function checkTests(): Promise<void> {
  const orders = chosen.map(({ name }): Order => ({ target: name, index: null }));
  await tryAll(orders, ({ target }, { caught }) => {
    if (caught === null) return;
    say(`The tests of ${target} fail without a mutant: ${caught.test}: ${caught.reason}`);
    process.exit(2);
  });
}

async function tryMutants(): Promise<MachineResult[]> {
  const results = new Map(
    chosen.map((target): [string, MachineResult] => [target.name, emptyResult(target)]),
  );
  await tryAll(ordersOf(), ({ target: name, index }, { caught }) => {
    const result = results.get(name)!;
    const mutation = mutantsOf(targets.find((one) => one.name === name)!)[index!]!;
    result.tried += 1;
    if (caught === null) result.survivors.push(mutation.name);
  });
  for (const { survivors } of results.values()) survivors.sort();
  return [...results.values()];
}

function emptyResult({ name }: Target): MachineResult {
  return { name, tried: 0, survivors: [] };
}

function ordersOf(): Order[] {
  const all = chosen.flatMap((target) =>
    mutantsOf(target).map((_mutation, index): Order => ({ target: target.name, index })),
  );
  return all.filter((_order, place) => place % every === 0);
}

const startedAt = performance.now();
await checkTests();
const results = await tryMutants();
for (const { name, tried, survivors } of results) {
  say(`${name}: ${tried - survivors.length} of ${tried} caught`);
  for (const survivor of survivors) say(`  survived: ${survivor}`);
}
const seconds = Math.round((performance.now() - startedAt) / 1_000);
say(`${shareCaught(results)} % of the mutants caught in ${seconds} s`);
if (Number(shareCaught(results)) < 95) process.exitCode = 1;
if (every === 1 && values.machine === undefined) {
  const problems = disagreements(results);
  for (const problem of problems) say(`test/mutation/survivors.ts: ${problem}`);
  if (problems.length > 0) process.exitCode = 1;
}
if (values.write === true) {
  const page = new URL('../../docs/reference/mutants.md', import.meta.url);
  writeFileSync(page, mutantsPage(results));
}
