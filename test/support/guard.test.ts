import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { startGuard } from './guard.mjs';
import {
  descendantsOf,
  expectNoneLeft,
  isAlive,
  processesOfRun,
  runVariable,
  waitForNone,
} from './processes.ts';

const fixture = fileURLToPath(new URL('../fixtures/starts-guarded-programs.mjs', import.meta.url));
const mark = randomUUID();

function startFixture(args: string[]) {
  const env = { ...process.env, [runVariable]: mark };
  return spawn(process.execPath, [fixture, ...args], { env, stdio: ['ignore', 'pipe', 'inherit'] });
}

afterEach(() => {
  for (const { pid } of processesOfRun(mark)) process.kill(pid, 'SIGKILL');
});

describe('a program that is killed with SIGKILL', () => {
  test('leaves nothing of what it started, nor the guard', async () => {
    const program = startFixture([]);
    await once(program.stdout, 'data');
    // The program, its guard, the shell and its two children.
    expect(processesOfRun(mark)).toHaveLength(5);

    program.kill('SIGKILL');

    expect(await waitForNone(() => processesOfRun(mark), 5000)).toEqual([]);
  });

  test('leaves nothing when it is killed in the tick in which it starts something', async () => {
    for (let round = 0; round < 10; round += 1) {
      const program = startFixture(['at-once']);
      const [code, signal] = await once(program, 'exit');
      expect({ code, signal }).toEqual({ code: null, signal: 'SIGKILL' });
      expect(await waitForNone(() => processesOfRun(mark), 5000)).toEqual([]);
    }
  });

  test('leaves nothing when the guard was sent the signals of a shutdown before', async () => {
    const program = startFixture([]);
    await once(program.stdout, 'data');
    const guard = processesOfRun(mark).find(({ command }) => command.includes('guard.sh'));
    if (!guard) throw new Error('The guard does not run.');
    for (const signal of ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'] as const)
      process.kill(guard.pid, signal);

    program.kill('SIGKILL');

    expect(await waitForNone(() => processesOfRun(mark), 5000)).toEqual([]);
  });
});

test('a started program is the leader of its own group and is known by its own pid', async () => {
  const guard = startGuard();
  const child = guard.spawn('/bin/sh', ['-c', 'ps -o pgid= -p $$; echo $$']);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = await once(child, 'close');
  await guard.close();
  expect({ code, output: output.split(/\s+/).filter(Boolean) }).toEqual({
    code: 0,
    output: [String(child.pid), String(child.pid)],
  });
});

test('arguments and environment arrive as they were given', async () => {
  const guard = startGuard();
  const print = 'process.stdout.write(JSON.stringify([process.argv.slice(1), process.env.WORD]))';
  const args = ['a b', '$HOME', '"', ''];
  const child = guard.spawn(process.execPath, ['-e', print, '--', ...args], {
    env: { WORD: "it's" },
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await once(child, 'close');
  await guard.close();
  expect(JSON.parse(output)).toEqual([args, "it's"]);
});

test('close() ends what is left and the guard itself', async () => {
  const guard = startGuard();
  const child = guard.spawn('/bin/sh', ['-c', 'sleep 300 & sleep 300 & echo up; wait']);
  await once(child.stdout, 'data');
  const pids = [...descendantsOf(child.pid ?? 0).map(({ pid }) => pid), child.pid ?? 0, guard.pid];
  expect(pids).toHaveLength(4);
  await guard.close();
  await expectNoneLeft(pids);
});

test('a program that ended is forgotten, one that left a child behind is not', async () => {
  const guard = startGuard();
  const child = guard.spawn('/bin/sh', ['-c', 'sleep 300 >/dev/null 2>&1 & echo $!']);
  const exited = once(child, 'exit');
  const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
  await exited;
  const grandchild = Number(chunk.toString());
  expect(isAlive(grandchild)).toBe(true);
  await guard.close();
  await expectNoneLeft([grandchild]);
});

test('a guard does not keep its program alive', async () => {
  const url = new URL('guard.mjs', import.meta.url).href;
  const code = `import { startGuard } from ${JSON.stringify(url)}; startGuard().spawn('/bin/sh', ['-c', 'true']);`;
  const env = { ...process.env, [runVariable]: mark };
  const program = spawn(process.execPath, ['--input-type=module', '-e', code], {
    env,
    stdio: 'ignore',
  });
  expect(await once(program, 'exit')).toEqual([0, null]);
  expect(await waitForNone(() => processesOfRun(mark), 5000)).toEqual([]);
});
