/** Brings a fresh clone to where the worker can run: packages installed, TypeScript built. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  describeExit,
  lastLines,
  startProgram,
  tellProgress,
} from '../../../test/support/program.mjs';

/** @typedef {import('../../../test/support/guard.mjs').Guard} Guard */

/**
 * Installs what the lock file names, unless it is there already.
 * @param {{ root: string, guard: Guard, report: (line: string) => void }} options
 * @returns {Promise<string>} What was done.
 */
export async function installPackages({ root, guard, report }) {
  if (arePackagesInstalled(root)) return 'installed already';
  const npm = process.env['npm_execpath'];
  const [command, ...first] = npm?.endsWith('.js') ? [process.execPath, npm] : ['npm'];
  // The build needs the development packages, whatever NODE_ENV says.
  const args = [...first, 'ci', '--include=dev', '--no-audit', '--no-fund'];
  report('installs the packages: npm ci');
  await tellProgress(report, 'npm ci', () =>
    runToEnd(guard, 'npm ci', command ?? 'npm', args, root),
  );
  return 'npm ci';
}

/**
 * Builds what is not built yet.
 * @param {{ root: string, guard: Guard, report: (line: string) => void }} options
 * @returns {Promise<string>} What was done.
 */
export async function build({ root, guard, report }) {
  report('builds: tsc -b src');
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  await runToEnd(guard, 'tsc -b src', process.execPath, [compiler, '-b', 'src'], root);
  await buildBundles({ root, guard });
  await buildPage({ root, guard });
  return 'tsc -b src';
}

/**
 * What programs load and what job processes run: a part of it is made of what the compiler wrote.
 * @param {{ root: string, guard: Guard }} options
 */
async function buildBundles({ root, guard }) {
  for (const name of ['bundle', 'job-bundle']) {
    const script = join(root, 'src', name, 'build.mjs');
    await runToEnd(guard, `the build of the ${name}`, process.execPath, [script], root);
  }
}

/**
 * The page of the inspector, once: whoever changes it has `npm run build`.
 * @param {{ root: string, guard: Guard }} options
 */
async function buildPage({ root, guard }) {
  if (existsSync(join(root, 'dist/src/inspect/page/index.html'))) return;
  const script = join(root, 'src/inspect/page/build.mjs');
  await runToEnd(guard, 'the build of the inspector page', process.execPath, [script], root);
}

/**
 * npm notes in node_modules what it has installed, as its last act. Packages for other platforms are missing there.
 * @param {string} root
 */
export function arePackagesInstalled(root) {
  const note = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(note)) return false;
  const installed = readPackages(note);
  const wanted = Object.entries(readPackages(join(root, 'package-lock.json')));
  return wanted.every(
    ([path, { version, optional }]) =>
      path === '' || optional || installed[path]?.version === version,
  );
}

/**
 * @param {string} file
 * @returns {Record<string, { version?: string, optional?: boolean }>}
 */
function readPackages(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages ?? {};
}

/**
 * @param {Guard} guard
 * @param {string} name
 * @param {string} command
 * @param {readonly string[]} args
 * @param {string} cwd
 */
async function runToEnd(guard, name, command, args, cwd) {
  const program = startProgram(guard, command, args, { cwd });
  const exit = await program.exited;
  if (exit.code === 0) return;
  throw new Error(`${name} ended with ${describeExit(exit)}. ${lastLines(program.output.items)}`);
}
