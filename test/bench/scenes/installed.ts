/** What a package brings with it. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunScene } from './scene.ts';

const kibPerMiB = 1024;
/** What a new virtual environment holds already. */
const ownOfPython = /^(pip|setuptools)-/;

/** Counts packages and disk blocks. */
export const runInstalled: RunScene = ({ candidate, record }) => {
  const { packages } = candidate.installation;
  if (packages !== null) {
    const [kib = ''] = execFileSync('du', ['-sk', packages], { encoding: 'utf8' }).split('\t');
    record('installed-size', Number(kib) / kibPerMiB, null);
    const count = candidate.name === 'agents-py' ? countPython(packages) : countNode(packages);
    record('installed-packages', count, null);
  }
  return Promise.resolve();
};

function countNode(nodeModules: string): number {
  const lock = JSON.parse(readFileSync(join(nodeModules, '.package-lock.json'), 'utf8')) as {
    packages: Record<string, unknown>;
  };
  return Object.keys(lock.packages).length;
}

function countPython(lib: string): number {
  const [version = ''] = readdirSync(lib);
  const names = readdirSync(join(lib, version, 'site-packages'));
  return names.filter((name) => name.endsWith('.dist-info') && !ownOfPython.test(name)).length;
}
