import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { isAlive } from '../support/processes.ts';

const program = fileURLToPath(new URL('../fixtures/watched-by-sentinel.ts', import.meta.url));

/** A program that starts three groups, lets one go again and prints all pids. */
async function startProgram(graceSeconds: number) {
  const child = spawn(process.execPath, ['--import', 'tsx', program, String(graceSeconds)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const pids = JSON.parse(line.toString()) as Record<
    'kept' | 'obeys' | 'forgotten' | 'sentinel',
    number
  >;
  return { child, ...pids };
}

const gone = (pid: number, timeout: number) =>
  expect.poll(() => isAlive(pid), { timeout, interval: 50 }).toBe(false);

describe('sentinel', () => {
  test('kills what is left of the groups when the grace period of a killed worker is over', async () => {
    const { child, kept, obeys, forgotten, sentinel } = await startProgram(2);
    process.kill(child.pid ?? 0, 'SIGKILL');
    await once(child, 'exit');
    process.kill(obeys, 'SIGKILL');
    process.kill(sentinel, 'SIGTERM');
    expect(isAlive(kept)).toBe(true);
    await gone(kept, 6_000);
    await gone(sentinel, 3_000);
    expect(isAlive(forgotten)).toBe(true);
    process.kill(-forgotten, 'SIGKILL');
    await gone(forgotten, 3_000);
  });

  test('goes with the worker when nothing is left to watch', async () => {
    const { child, kept, obeys, forgotten, sentinel } = await startProgram(60);
    for (const pid of [kept, obeys, forgotten]) process.kill(-pid, 'SIGKILL');
    process.kill(child.pid ?? 0, 'SIGKILL');
    await once(child, 'exit');
    await gone(sentinel, 5_000);
  });
});
