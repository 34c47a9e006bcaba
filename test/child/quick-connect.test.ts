import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { connectQuickly } from '../../src/child/quick-connect.ts';

let folder = '';
let before = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'greenroom-test-'));
  const file = join(folder, 'lsb_release');
  writeFileSync(file, '#!/bin/sh\necho "the real one: $@"\n');
  chmodSync(file, 0o755);
  before = `${folder}:/usr/bin:/bin`;
  vi.stubEnv('PATH', before);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What the code of an agent gets to see while it connects. */
async function whileConnecting<Result>(look: () => Result): Promise<Result> {
  const seen: Result[] = [];
  await connectQuickly(async () => void seen.push(look()));
  return seen[0] as Result;
}

const run = (command: string, ...args: string[]) =>
  execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });

describe.skipIf(process.platform !== 'linux')('while a room is connected quickly', () => {
  it('the programs of the agent still get what the native library does not', async () => {
    expect(await whileConnecting(() => process.env['PATH'])).not.toBe(before);
    expect(await whileConnecting(() => run('lsb_release', '-a', '-s'))).toBe(
      'the real one: -a -s\n',
    );
    const shells = ['sh', 'bash'].map((shell) => [shell, '-c', 'lsb_release -i'] as const);
    for (const [shell, ...args] of shells) {
      expect(await whileConnecting(() => run(shell, ...args))).toBe('the real one: -i\n');
    }
  });

  it('a program that is not there is not found', async () => {
    vi.stubEnv('PATH', '/nowhere');
    const exitCode = await whileConnecting(() => {
      try {
        return run('/bin/sh', '-c', 'lsb_release -a');
      } catch (error) {
        return (error as { status: number }).status;
      }
    });
    expect(exitCode).toBe(127);
  });

  it('what the agent makes of PATH stays, and nothing else of it', async () => {
    await whileConnecting(() => (process.env['PATH'] = `/mine:${process.env['PATH']}`));
    expect(process.env['PATH']).toBe(`/mine:${before}`);
  });

  it('two at once leave nothing behind', async () => {
    await Promise.all([connectQuickly(async () => {}), connectQuickly(() => Promise.resolve())]);
    expect(process.env['PATH']).toBe(before);
  });

  it('a connect that fails leaves nothing behind', async () => {
    await expect(connectQuickly(() => Promise.reject(new Error('refused')))).rejects.toThrow(
      'refused',
    );
    expect(process.env['PATH']).toBe(before);
  });
});
