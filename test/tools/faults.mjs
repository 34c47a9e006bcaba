/**
 * `npm run test:faults`: runs the fault cases and prints their table. With `--write` it also writes the page
 * `docs/reference/faults.md`, with `--check` it runs nothing and compares the page with the cases that are declared. All
 * other arguments go to Vitest: a file, `-t` and words of a name.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createVitest, parseCLI, startVitest } from 'vitest/node';
import { faultPage, pageMistakes, terminalTable } from '../support/fault-table.mjs';

/** @typedef {import('../support/fault-table.mjs').FaultRow} FaultRow */

const pageFile = fileURLToPath(new URL('../../docs/reference/faults.md', import.meta.url));
const own = ['--write', '--check'];
const given = process.argv.slice(2);
const { filter, options } = parseCLI([
  'vitest',
  'run',
  ...given.filter((arg) => !own.includes(arg)),
]);
const settings = {
  ...options,
  watch: false,
  config: fileURLToPath(new URL('../vitest.config.ts', import.meta.url)),
  project: ['faults'],
};

if (given.includes('--check')) await check();
else await run();

async function run() {
  const vitest = await startVitest('test', filter, settings);
  const rows = rowsOf(vitest);
  await vitest.close();
  console.log(terminalTable(rows));
  if (!given.includes('--write')) return;
  const isWhole = filter.length === 0 && options.testNamePattern === undefined;
  if (isWhole && process.exitCode !== 1 && rows.every(({ passed }) => passed)) {
    writeFileSync(pageFile, faultPage(rows));
    console.log('\nwrote docs/reference/faults.md');
  } else {
    console.error('\nThe page is written only when every case was run and has passed.');
    process.exitCode = 1;
  }
}

async function check() {
  process.env['GREENROOM_TESTS_ONLY_COLLECTED'] = 'yes';
  const vitest = await createVitest('test', settings);
  const { unhandledErrors } = await vitest.collect();
  const rows = rowsOf(vitest);
  await vitest.close();
  for (const error of unhandledErrors) console.error(error);
  const mistakes = pageMistakes(readFileSync(pageFile, 'utf8'), rows);
  for (const mistake of mistakes) console.error(mistake);
  if (mistakes.length > 0) console.error('`npm run test:faults -- --write` writes the page anew.');
  const isWrong = mistakes.length > 0 || rows.length === 0 || unhandledErrors.length > 0;
  console.log(`${rows.length} cases compared with docs/reference/faults.md`);
  process.exitCode = isWrong ? 1 : 0;
}

/**
 * The cases among the tests, as far as they ran.
 * @param {import('vitest/node').Vitest} vitest
 * @returns {FaultRow[]}
 */
function rowsOf(vitest) {
  // Not in the order in which they happened to run.
  const modules = vitest.state
    .getTestModules()
    .toSorted((one, other) => one.moduleId.localeCompare(other.moduleId));
  return modules.flatMap((module) => {
    for (const error of module.errors()) console.error(error);
    return [...module.children.allTests()].flatMap((test) => {
      const { fault } = test.meta();
      const { state, errors = [] } = test.result();
      if (fault === undefined || state === 'skipped') return [];
      const outcome = state === 'failed' ? (errors[0]?.message ?? 'failed') : (fault.outcome ?? '');
      const [firstLine = ''] = outcome.split('\n');
      const { section, withinMs, tookMs = null } = fault;
      return {
        section,
        name: test.name,
        withinMs,
        outcome: firstLine,
        tookMs,
        passed: state === 'passed',
      };
    });
  });
}
