/** The machines alone, in a process that does nothing else. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { FigureName } from '../figures.ts';
import { type RunScene, sample } from './scene.ts';

const program = fileURLToPath(new URL('../micro/measure.ts', import.meta.url));
/** CPU time for each figure. */
const windowMs = { full: 1_000, short: 100 };

/** Runs the measuring program and records what it prints. */
export const runMachines: RunScene = (scene) =>
  sample(scene, async () => {
    const window = String(scene.isShort ? windowMs.short : windowMs.full);
    const args = ['--expose-gc', '--import', 'tsx', program, window];
    const env = { ...process.env, NODE_ENV: 'production' };
    const { stdout } = await promisify(execFile)(process.execPath, args, { env });
    return JSON.parse(stdout) as Partial<Record<FigureName, number>>;
  });
