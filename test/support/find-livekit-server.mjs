/**
 * Finds a LiveKit server program on this machine, or builds one with Go. Plain JavaScript without dependencies: `npm
 * start` uses it before anything is installed or built.
 */
import { execFile } from 'node:child_process';
import { accessSync, constants, readdirSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir, platform } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { describeExit, lastLines, startProgram, tellProgress } from './program.mjs';

/** The version that is built, and that the tests are written against. */
export const serverVersion = '1.13.5';

const module = `github.com/livekit/livekit-server/cmd/server@v${serverVersion}`;
const abandonedAfterMs = 3_600_000;

/**
 * A server program that runs on this machine.
 * @typedef {object} FoundServer
 * @property {string} path
 * @property {string} version
 * @property {string} origin Where it was found, for people.
 */

/**
 * @typedef {object} FindOptions
 * @property {import('./guard.mjs').Guard} guard Runs the build.
 * @property {(line: string) => void} [report] Told what happens, and how long a build has been running.
 * @property {NodeJS.ProcessEnv} [env]
 */

/**
 * Finds a LiveKit server: `LIVEKIT_SERVER_BIN`, the PATH, one built before, one built now.
 * @param {FindOptions} options
 * @returns {Promise<FoundServer>}
 */
export async function findLiveKitServer({ guard, report = () => {}, env = process.env }) {
  const named = env['LIVEKIT_SERVER_BIN'];
  if (named) {
    const found = await probe(named, 'LIVEKIT_SERVER_BIN');
    if (found) return found;
    throw new Error(
      `LIVEKIT_SERVER_BIN is ${JSON.stringify(named)}, which is not a LiveKit server that runs here.`,
    );
  }
  const target = join(cacheFolder(env), `livekit-server-v${serverVersion}`, 'server');
  const found =
    (await probe(onPath('livekit-server', env), 'on the PATH')) ??
    (await probe(target, 'built before'));
  if (found) return found;
  const go = onPath('go', env);
  if (go === null) throw new NoLiveKitServerError(howToGetOne);
  await build({ go, target, guard, report, env });
  const built = await probe(target, 'built now');
  if (built) return built;
  throw new Error(`The LiveKit server built at ${target} does not run.`);
}

const howToGetOne = `There is no LiveKit server on this machine. Any one of these is enough:
  - set LIVEKIT_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET to use a server that runs elsewhere;
  - put the program livekit-server on the PATH (macOS: brew install livekit;
    Linux and others: https://github.com/livekit/livekit/releases);
  - set LIVEKIT_SERVER_BIN to the program's path;
  - install Go (https://go.dev/dl), and the server is built from source, once.`;

/** There is no server on this machine, and no Go to build one with. */
export class NoLiveKitServerError extends Error {}

/**
 * Builds the server beside its place and moves it there in one step, so that a build that was cut short leaves no half of
 * a program.
 * @param {{ go: string, target: string, guard: import('./guard.mjs').Guard, report: (line: string) => void, env: NodeJS.ProcessEnv }} options
 */
async function build({ go, target, guard, report, env }) {
  const cache = cacheFolder(env);
  await mkdir(join(target, '..'), { recursive: true });
  await removeAbandoned(cache);
  const folder = await mkdtemp(join(cache, 'building-'));
  report(`building LiveKit server ${serverVersion} with Go; it takes a few minutes, once`);
  try {
    await tellProgress(report, 'building the LiveKit server', () =>
      runGo(guard, go, { ...env, GOBIN: folder, GOTMPDIR: folder }),
    );
    await rename(join(folder, 'server'), target);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * @param {import('./guard.mjs').Guard} guard
 * @param {string} go
 * @param {NodeJS.ProcessEnv} env
 */
async function runGo(guard, go, env) {
  const program = startProgram(guard, go, ['install', module], { env });
  const exit = await program.exited;
  if (exit.code === 0) return;
  const output = lastLines(program.output.items);
  throw new Error(
    `go install ${module} ended with ${describeExit(exit)}. ${output}\n\n${howToGetOne}`,
  );
}

/**
 * A build that was killed could not remove its folder.
 * @param {string} cache
 */
async function removeAbandoned(cache) {
  for (const name of readdirSync(cache)) {
    const path = join(cache, name);
    if (!name.startsWith('building-') || Date.now() - statSync(path).mtimeMs < abandonedAfterMs)
      continue;
    await rm(path, { recursive: true, force: true });
  }
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {string}
 */
function cacheFolder(env) {
  const home = env['HOME'] ?? homedir();
  const usual = platform() === 'darwin' ? join(home, 'Library', 'Caches') : join(home, '.cache');
  return join(env['XDG_CACHE_HOME'] || usual, 'greenroom');
}

/**
 * @param {string} name
 * @param {NodeJS.ProcessEnv} env
 * @returns {string | null}
 */
function onPath(name, env) {
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find(isProgram) ?? null;
}

/** @param {string} path */
function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/**
 * A program with the version it says it has; `null` when it does not run or is something else.
 * @param {string | null} path
 * @param {string} origin
 * @returns {Promise<FoundServer | null>}
 */
async function probe(path, origin) {
  if (path === null || !isProgram(path)) return null;
  try {
    const { stdout } = await promisify(execFile)(path, ['--version'], { timeout: 10_000 });
    const version = /livekit-server version (\S+)/.exec(stdout)?.[1];
    return version === undefined ? null : { path, version, origin };
  } catch {
    return null;
  }
}
