/**
 * `npm run test:nodes`: the unit tests on each supported Node, and on each a real job of the packed package, with the oldest
 * and the newest `@livekit/rtc-node` that the package allows. Needs what the end-to-end tests need, and the npm registry.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findLiveKitServer } from '../support/find-livekit-server.mjs';
import { startGuard } from '../support/guard.mjs';
import { startLiveKitServer } from '../support/livekit-server.mjs';
import {
  describeExit,
  lastLines,
  parseLogLine,
  startProgram,
  stopProgram,
} from '../support/program.mjs';

const nodeVersions = ['20', '22', '24'];
const rtcVersions = ['0.13.34', '1.1.0'];
const xstateVersion = '5.33.3';
const availableWithinMs = 60_000;
const endedWithinMs = 30_000;

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'greenroom-nodes-'));
const guard = startGuard();
let passed = 0;
let failed = 0;

try {
  const nodes = nodeVersions.map((version) => ({ version, path: findNode(version) }));
  for (const { version, path } of nodes) {
    await attempt(`unit tests on Node ${version}`, () => runUnitTests(path));
  }
  const { path: binary } = await findLiveKitServer({ guard, report: print });
  const server = await startLiveKitServer({ binary, guard });
  const tarball = pack();
  for (const rtcVersion of rtcVersions) {
    const project = install(tarball, rtcVersion);
    for (const { version, path } of nodes) {
      const name = `a job on Node ${version} with @livekit/rtc-node ${rtcVersion}`;
      await attempt(name, () => runJob(path, project, server));
    }
  }
  await server.stop();
} finally {
  await guard.close();
  rmSync(folder, { recursive: true, force: true });
}
print(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/**
 * @param {string} name
 * @param {() => void | Promise<void>} work
 */
async function attempt(name, work) {
  try {
    await work();
    passed += 1;
    print(`✓ ${name}`);
  } catch (error) {
    failed += 1;
    print(`✗ ${name}: ${messageOf(error)}`);
  }
}

/**
 * The path of a Node of that version: this one, or one from the npm registry.
 * @param {string} version
 */
function findNode(version) {
  if (process.versions.node.startsWith(`${version}.`)) return process.execPath;
  return run('npx', ['-y', '-p', `node@${version}`, '-c', 'command -v node'], root).trim();
}

/** @param {string} node */
function runUnitTests(node) {
  const quiet = ['--reporter', 'dot', '--silent'];
  const options = ['--config', 'test/vitest.config.ts', '--project', 'unit', ...quiet];
  run(node, ['node_modules/vitest/vitest.mjs', 'run', ...options], root);
}

/** Packs the package as it would be published; answers the file. */
function pack() {
  const [packed] = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', folder], root));
  return join(folder, packed.filename);
}

/**
 * Installs the packed package in a project of its own, as a user would; answers the folder.
 * @param {string} tarball
 * @param {string} rtcVersion
 */
function install(tarball, rtcVersion) {
  const project = join(folder, rtcVersion);
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }\n');
  const packages = [tarball, `xstate@${xstateVersion}`, `@livekit/rtc-node@${rtcVersion}`];
  run('npm', ['install', '--no-audit', '--no-fund', '--strict-peer-deps', ...packages], project);
  for (const file of ['agent.js', 'call.js']) {
    cpSync(join(root, 'docs/examples/main-job', file), join(project, file));
  }
  return project;
}

/**
 * Starts a worker, calls its agent, waits for the end of the job, and drains the worker.
 * @param {string} node
 * @param {string} project
 * @param {import('../support/livekit-server.mjs').LiveKitServer} server
 */
async function runJob(node, project, { url, apiKey, apiSecret }) {
  const env = {
    ...process.env,
    NODE_ENV: 'production',
    LIVEKIT_URL: url,
    LIVEKIT_API_KEY: apiKey,
    LIVEKIT_API_SECRET: apiSecret,
  };
  // However busy this machine is with other things.
  const args = ['agent.js', 'start', '--load-threshold', 'Infinity'];
  const worker = startProgram(guard, node, args, { cwd: project, env });
  /**
   * @param {string} event
   * @param {number} timeoutMs
   */
  const waitFor = async (event, timeoutMs) =>
    parseLogLine(
      await worker.output.waitFor(event, (line) => parseLogLine(line)?.['event'] === event, {
        timeoutMs,
      }),
    );
  try {
    await waitFor('worker.available', availableWithinMs);
    const caller = startProgram(guard, node, ['call.js'], { cwd: project, env });
    expectCleanExit('The caller', await caller.exited, caller.output.items);
    const ended = await waitFor('job.ended', endedWithinMs);
    if (ended?.['end'] !== 'succeeded')
      throw new Error(`The job has ended: ${JSON.stringify(ended)}`);
  } catch (error) {
    throw new Error(`${messageOf(error)}\nThe worker: ${lastLines(worker.output.items)}`, {
      cause: error,
    });
  } finally {
    await stopProgram(worker, { graceMs: 10_000, killAfterMs: 20_000 });
  }
  expectCleanExit('The worker', await worker.exited, worker.output.items);
}

/**
 * @param {string} who
 * @param {import('../support/program.mjs').Exit} exit
 * @param {readonly string[]} lines
 */
function expectCleanExit(who, exit, lines) {
  if (exit.code === 0) return;
  throw new Error(`${who} has ended with ${describeExit(exit)}. ${lastLines(lines)}`);
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {string} cwd
 */
function run(command, args, cwd) {
  try {
    return execFileSync(command, args, {
      cwd,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  } catch (error) {
    const { stdout, stderr } = /** @type {{ stdout: string, stderr: string }} */ (error);
    const lines = `${stdout}${stderr}`.trimEnd().split('\n');
    throw new Error(`${command} ${args.join(' ')} failed. ${lastLines(lines)}`, { cause: error });
  }
}

/** @param {unknown} error */
function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}

/** @param {string} line */
function print(line) {
  console.log(line);
}
