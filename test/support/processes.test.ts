import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import {
  descendantsOf,
  expectNoneLeft,
  isAlive,
  listProcesses,
  processesOfRun,
  runVariable,
} from './processes.ts';

const started: ChildProcess[] = [];

function start(command: string, env: NodeJS.ProcessEnv = process.env) {
  const child = spawn('/bin/sh', ['-c', command], {
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  started.push(child);
  return child;
}

afterEach(() => {
  for (const child of started.splice(0)) {
    if (child.pid === undefined) continue;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // Its group has ended.
    }
  }
});

test('lists this process with its parent and its command', () => {
  const self = listProcesses().find(({ pid }) => pid === process.pid);
  expect(self).toMatchObject({ pid: process.pid, parent: process.ppid });
  expect(self?.command).toContain('node');
});

test('finds children and their children', async () => {
  const child = start('(sleep 300 & wait) & sleep 301 & echo up; wait');
  await once(child.stdout as NodeJS.EventEmitter, 'data');
  const pid = child.pid ?? 0;
  // The subshell may be slower than the word of the shell.
  await expect.poll(() => descendantsOf(pid)).toHaveLength(3);
  expect(descendantsOf(pid).every(({ group }) => group === pid)).toBe(true);
});

test('finds a marked process whose parent is gone', async () => {
  const mark = randomUUID();
  const child = start('sleep 300 >/dev/null & echo $!', { ...process.env, [runVariable]: mark });
  const exited = once(child, 'exit');
  const [chunk] = (await once(child.stdout as NodeJS.EventEmitter, 'data')) as [Buffer];
  await exited;
  const orphan = Number(chunk.toString());
  expect(processesOfRun(mark).map(({ pid }) => pid)).toEqual([orphan]);
  expect(processesOfRun(randomUUID())).toEqual([]);
  process.kill(orphan, 'SIGKILL');
  await expectNoneLeft([orphan]);
});

test('expectNoneLeft names what still runs', async () => {
  const child = start('echo up; sleep 300; true');
  await once(child.stdout as NodeJS.EventEmitter, 'data');
  const pid = child.pid ?? 0;
  expect(isAlive(pid)).toBe(true);
  await expect(expectNoneLeft([pid], { withinMs: 100 })).rejects.toThrow(
    new RegExp(
      `Still running after 100 ms:\\n  ${pid} \\(parent ${process.pid}, group ${pid}\\): .*sleep 300`,
    ),
  );
});
