/** The benchmark's own measures, held against processes whose cost is known. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { platform } from 'node:os';
import { describe, expect, onTestFinished, test } from 'vitest';
import { isRunning } from './bench-worker.ts';
import { memoryOf, ownCpuMs, treeCpuMs } from './process-usage.ts';

const mebibyte = 1024 ** 2;

/** Uses 200 ms of CPU time in a grandchild that ends, then as much itself, and waits. */
const burns = `
  const burn = () => { while (process.cpuUsage().user < 200_000); };
  if (process.argv[1] === 'grandchild') { burn(); process.exit(); }
  const { spawn } = require('node:child_process');
  const grandchild = spawn(process.execPath, ['-e', process.argv[1], 'grandchild']);
  grandchild.on('close', () => { burn(); console.log('done'); setInterval(() => {}, 1000); });
`;
const holds = `
  const held = Buffer.alloc(64 * ${mebibyte}, 1);
  console.log('done'); setInterval(() => held.at(0), 1000);
`;

async function start(script: string): Promise<number> {
  const child = spawn(process.execPath, ['-e', script, script]);
  const exited = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  await once(child.stdout, 'data');
  return child.pid!;
}

describe.skipIf(platform() !== 'linux')('on Linux', () => {
  test('CPU time of descendants that have ended is counted, that of strangers is not', async () => {
    const before = treeCpuMs(process.pid);
    const pid = await start(burns);
    expect(treeCpuMs(pid)).toBeGreaterThanOrEqual(390);
    expect(treeCpuMs(process.pid) - before).toBeGreaterThanOrEqual(390);
    const own = ownCpuMs(pid);
    expect(own).toBeGreaterThanOrEqual(195);
    expect(own).toBeLessThan(treeCpuMs(pid) - 150);
  });

  test('memory that a process has for itself is its own', async () => {
    const [bare, holding] = await Promise.all([
      start(`console.log('done'); setInterval(() => {}, 1000)`),
      start(holds),
    ]);
    const more = memoryOf(holding).privateBytes - memoryOf(bare).privateBytes;
    expect(more).toBeGreaterThan(60 * mebibyte);
    expect(more).toBeLessThan(70 * mebibyte);
    expect(memoryOf(holding).pssBytes).toBeGreaterThan(memoryOf(holding).privateBytes);
  });

  test('a process that is gone takes nothing', async () => {
    const child = spawn(process.execPath, ['-e', '']);
    await once(child, 'exit');
    expect(isRunning(child.pid!)).toBe(false);
    expect(memoryOf(child.pid!)).toEqual({ pssBytes: 0, privateBytes: 0 });
  });
});
