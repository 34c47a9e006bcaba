/**
 * Brings the packages that are compared into a cache, as a user's project has them: the rivals from their registries, ours
 * packed. Nothing of it becomes a dependency of ours.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const agents = fileURLToPath(new URL('agents', import.meta.url));
const installTimeoutMs = 10 * 60_000;

/** What is compared with. */
export const rivalVersions = {
  'agents-js': { '@livekit/agents': '1.9.0', '@livekit/rtc-node': '0.13.35', zod: '3.25.76' },
  'agents-py': { 'livekit-agents': '1.8.9' },
} as const;

/** Where a Python may be: the usual one first. */
const pythons = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.10'];

/** Somewhere a candidate can be started. */
export interface Installation {
  /** Holds the agent files. */
  folder: string;
  /** What the package manager has installed; `null`: not installed as a user would. */
  packages: string | null;
}

/** Where everything is kept. */
export function benchCache(env: NodeJS.ProcessEnv = process.env): string {
  const cache = env['XDG_CACHE_HOME'] ?? join(env['HOME'] ?? homedir(), '.cache');
  return join(cache, 'greenroom', 'bench');
}

/** Our own package, packed and installed in a project of its own. */
export async function installGreenroom(): Promise<Installation> {
  const packed = join(benchCache(), 'packed');
  mkdirSync(packed, { recursive: true });
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', packed], {
    cwd: root,
  });
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
  const tarball = join(packed, filename);
  const hash = createHash('sha256').update(readFileSync(tarball)).digest('hex').slice(0, 12);
  const name = `greenroom-${hash}`;
  for (const other of readdirSync(benchCache())) {
    // Earlier builds of ours.
    if (/^greenroom-[0-9a-f]{12}$/.test(other) && other !== name) removeCached(other);
  }
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    devDependencies: Record<'xstate' | '@livekit/rtc-node', string>;
  };
  const peers = ['xstate', '@livekit/rtc-node'] as const;
  const specs = peers.map((peer) => `${peer}@${devDependencies[peer]}`);
  return npmProject(name, [tarball, ...specs]);
}

/** Our own package as it was built here: nothing to install. */
export function builtGreenroom(): Installation {
  return { folder: agents, packages: null };
}

/** The Node rival. */
export function installAgentsJs(): Promise<Installation> {
  const specs = Object.entries(rivalVersions['agents-js']).map((entry) => entry.join('@'));
  return npmProject(nameOf('agents-js'), specs);
}

/** The Python rival, in a virtual environment. */
export async function installAgentsPy(): Promise<Installation> {
  const name = nameOf('agents-py');
  await once(name, async (folder) => {
    const python = await findPython();
    await run(python, ['-m', 'venv', '--copies', folder]);
    const specs = Object.entries(rivalVersions['agents-py']).map((entry) => entry.join('=='));
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...specs];
    await run(join(folder, 'bin', 'python'), pip, { timeout: installTimeoutMs });
  });
  const folder = join(benchCache(), name);
  cpSync(join(agents, 'agent.py'), join(folder, 'agent.py'));
  return { folder, packages: join(folder, 'lib') };
}

/** Written last: a folder without it is the rest of an installation that was cut short. */
const markFile = '.installed';

function nameOf(rival: keyof typeof rivalVersions): string {
  const [version] = Object.values(rivalVersions[rival]);
  return `${rival}-${version}`;
}

async function npmProject(name: string, specs: readonly string[]): Promise<Installation> {
  await once(name, async (folder) => {
    writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
    const args = ['install', '--no-audit', '--no-fund', ...specs];
    await run('npm', args, { cwd: folder, timeout: installTimeoutMs });
  });
  const folder = join(benchCache(), name);
  for (const file of ['agent.mjs', 'tell.mjs']) cpSync(join(agents, file), join(folder, file));
  return { folder, packages: join(folder, 'node_modules') };
}

async function once(name: string, install: (folder: string) => Promise<void>): Promise<void> {
  const folder = join(benchCache(), name);
  if (existsSync(join(folder, markFile))) return;
  removeCached(name);
  mkdirSync(folder, { recursive: true });
  await install(folder);
  writeFileSync(join(folder, markFile), '');
}

/** Moved away first: another run that reads it meanwhile finds all of it or nothing. */
function removeCached(name: string): void {
  const folder = join(benchCache(), name);
  if (!existsSync(folder)) return;
  const gone = join(benchCache(), `removed-${name}`);
  rmSync(gone, { recursive: true, force: true });
  renameSync(folder, gone);
  rmSync(gone, { recursive: true, force: true });
}

/** The version of the Python that the rival runs on: `Python 3.11.7`. */
export async function pythonVersion({ folder }: Installation): Promise<string> {
  const { stdout } = await run(join(folder, 'bin', 'python'), ['--version']);
  return stdout.trim();
}

async function findPython(): Promise<string> {
  for (const name of pythons) {
    try {
      await run(name, ['-c', 'import sys, venv; assert sys.version_info >= (3, 10)']);
      return name;
    } catch {
      // The next one.
    }
  }
  throw new Error(`no Python 3.10 or newer with venv (looked for ${pythons.join(', ')})`);
}
