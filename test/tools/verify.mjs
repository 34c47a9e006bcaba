/**
 * Everything that must hold before a change is taken, one step after the other, each under a heading. A step that fails
 * does not stop those behind it; the last line counts what passed and what failed: tests one by one, other steps as one.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * @typedef {object} Step
 * @property {string} name
 * @property {string} command A program of node_modules/.bin or of the PATH, and its arguments.
 * @property {Record<string, string>} [env]
 * @property {true} [needsBuild] Has no meaning when the build failed.
 * @property {true} [isTestRun] Vitest: its tests are counted one by one.
 * @property {true} [isBeside] Runs while the step before it does; what it prints comes afterwards.
 */

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */
/** @typedef {{ name: string, counts: Counts, seconds: number, remark: string, failures: string[] }} Outcome */

const root = fileURLToPath(new URL('../..', import.meta.url));
const vitest = 'vitest run --config test/vitest.config.ts --project';
const buildStep = 'build';
const bundleStep = 'bundle of the package';
const jobBundleStep = 'bundle of job processes';
const pageStep = 'inspector page';
const buildSteps = [buildStep, bundleStep, jobBundleStep, pageStep];

/** @type {readonly Step[]} */
const steps = [
  // Linting with types needs the declarations that the build writes.
  { name: buildStep, command: 'tsc -b src' },
  { name: bundleStep, command: 'node src/bundle/build.mjs' },
  { name: jobBundleStep, command: 'node src/job-bundle/build.mjs' },
  { name: pageStep, command: 'node src/inspect/page/build.mjs' },
  { name: 'types of tests and examples', command: 'tsc -b' },
  { name: 'format', command: 'oxfmt --check' },
  { name: 'lint', command: 'oxlint' },
  { name: 'unused code', command: 'knip' },
  { name: 'package', command: 'publint --strict', needsBuild: true },
  { name: 'package types', command: 'attw --pack . --profile esm-only', needsBuild: true },
  { name: 'API reports', command: 'node test/tools/api-report.mjs --check', needsBuild: true },
  { name: 'unit tests', command: `${vitest} unit`, isTestRun: true },
  {
    // Vitest takes XState's development build, which warns and checks more. Users run the other one.
    name: 'unit tests on the production build of XState',
    command: `${vitest} unit`,
    env: { NODE_ENV: 'production' },
  },
  {
    name: 'integration tests',
    command: `${vitest} integration`,
    isTestRun: true,
    needsBuild: true,
  },
  { name: 'end-to-end tests', command: `${vitest} e2e`, isTestRun: true, needsBuild: true },
  {
    name: 'fault cases',
    command: 'node test/tools/faults.mjs',
    isTestRun: true,
    needsBuild: true,
  },
  {
    name: 'soak of one minute',
    command: 'node --import tsx test/soak/main.ts --minutes 1',
    needsBuild: true,
  },
  {
    // Shows that everything can be measured; times mean nothing on a machine that does other things, and the soak waits.
    name: 'benchmark, short',
    isBeside: true,
    command: 'node --import tsx test/bench/main.ts --short',
    env: { NODE_ENV: 'production' },
    needsBuild: true,
  },
];

const reports = mkdtempSync(join(tmpdir(), 'greenroom-verify-'));
/** @type {Outcome[]} */
const outcomes = [];
try {
  for (const group of groupsOf(steps)) {
    outcomes.push(...(await Promise.all(group.map((step) => runStep(step)))));
  }
} finally {
  rmSync(reports, { recursive: true, force: true });
}
process.exitCode = summarize(outcomes) ? 0 : 1;

/**
 * Each step with those that run beside it.
 * @param {readonly Step[]} all
 * @returns {Step[][]}
 */
function groupsOf(all) {
  /** @type {Step[][]} */
  const groups = [];
  for (const step of all) {
    if (step.isBeside) groups.at(-1)?.push(step);
    else groups.push([step]);
  }
  return groups;
}

/**
 * @param {Step} step
 * @returns {Promise<Outcome>}
 */
async function runStep(step) {
  const heading = `\n━━ ${step.name} ━━ ${step.command}\n`;
  if (!step.isBeside) console.log(heading);
  const isBuilt = outcomes.every(
    ({ name, counts }) => !buildSteps.includes(name) || counts.failed === 0,
  );
  if (step.needsBuild && !isBuilt) {
    console.log('Not run, since the build failed.');
    const counts = countStep(false);
    return { name: step.name, counts, seconds: 0, remark: 'not run', failures: [] };
  }
  const started = performance.now();
  const report = join(reports, `${step.name}.json`);
  const { ending, output } = await runCommand(step, report);
  if (step.isBeside) console.log(`${heading}\n${output}`);
  const isOk = ending === 'exit code 0';
  const counts = step.isTestRun ? countTests(report, isOk) : countStep(isOk);
  const failures = step.isTestRun ? failuresIn(report) : [];
  const seconds = (performance.now() - started) / 1000;
  return { name: step.name, counts, seconds, remark: isOk ? '' : ending, failures };
}

/**
 * @param {Step} step
 * @param {string} report Where Vitest writes its results.
 * @returns {Promise<{ ending: string, output: string }>} How it ended, and what it printed to nobody.
 */
function runCommand({ command, env, isTestRun, isBeside }, report) {
  const [program = '', ...args] = command.split(' ');
  if (isTestRun) args.push('--reporter=default', '--reporter=json', `--outputFile.json=${report}`);
  const path = `${join(root, 'node_modules/.bin')}${delimiter}${process.env['PATH']}`;
  const stdout = isBeside ? 'pipe' : 'inherit';
  const child = spawn(program, args, {
    cwd: root,
    stdio: ['ignore', stdout, stdout],
    env: { ...process.env, PATH: path, ...env },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text) => (output += text));
  }
  return new Promise((resolve) => {
    child.once('error', ({ message }) => resolve({ ending: message, output }));
    child.once('close', (code, signal) =>
      resolve({ ending: signal ?? `exit code ${code}`, output }),
    );
  });
}

/**
 * @param {boolean} isOk
 * @returns {Counts}
 */
function countStep(isOk) {
  return { passed: isOk ? 1 : 0, failed: isOk ? 0 : 1, skipped: 0 };
}

/**
 * A test run may also fail outside its tests: a file that cannot be loaded, an error nobody caught, a process left behind.
 * @param {string} report
 * @param {boolean} isOk
 * @returns {Counts}
 */
function countTests(report, isOk) {
  try {
    const results = JSON.parse(readFileSync(report, 'utf8'));
    const failed = Number(results.numFailedTests);
    return {
      passed: Number(results.numPassedTests),
      failed: isOk ? failed : Math.max(failed, 1),
      skipped: Number(results.numPendingTests) + Number(results.numTodoTests),
    };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

/**
 * What failed, with the first lines of each error: a log is often read, or kept, from its end.
 * @param {string} report
 * @returns {string[]}
 */
function failuresIn(report) {
  try {
    /** @type {{ name: string, message: string, assertionResults: { fullName: string, status: string, failureMessages: string[] }[] }[]} */
    const files = JSON.parse(readFileSync(report, 'utf8')).testResults;
    return files.flatMap(({ name, message, assertionResults }) => {
      const file = relative(root, name);
      const failed = assertionResults.filter(({ status }) => status === 'failed');
      const texts = failed.map(
        ({ fullName, failureMessages }) => `${fullName}\n${firstLines(failureMessages.join('\n'))}`,
      );
      if (message !== '' && failed.length === 0) texts.push(firstLines(message));
      return texts.map((text) => `${file}: ${text}`);
    });
  } catch {
    return [];
  }
}

/** @param {string} text */
function firstLines(text) {
  return text.split('\n').slice(0, 25).join('\n');
}

/**
 * Prints what failed, what came of the steps and, as the last line, the sums.
 * @param {readonly Outcome[]} all
 * @returns {boolean} Whether all went well.
 */
function summarize(all) {
  const failures = all.flatMap((outcome) => outcome.failures);
  if (failures.length > 0) console.log(`\n━━ failed ━━\n\n${failures.join('\n\n')}`);
  console.log('\n━━ summary ━━\n');
  for (const { name, counts, seconds, remark } of all) {
    const mark = counts.failed === 0 ? '✓' : '✗';
    const tests =
      counts.passed + counts.failed > 1 ? `${counts.passed} passed, ${counts.failed} failed` : '';
    const facts = [tests, remark, `${seconds.toFixed(1)} s`].filter((fact) => fact !== '');
    console.log(`${mark} ${name}: ${facts.join(', ')}`);
  }
  /** @param {keyof Counts} key */
  const sum = (key) => all.reduce((total, { counts }) => total + counts[key], 0);
  const skipped = sum('skipped') > 0 ? `, ${sum('skipped')} skipped` : '';
  console.log(`\n${sum('passed')} passed, ${sum('failed')} failed${skipped}`);
  return sum('failed') === 0;
}
