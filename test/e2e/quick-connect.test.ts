/** What LiveKit's library runs before it connects, with the option `quickConnect` and without. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, inject, test } from 'vitest';
import { Stage } from '../support/stage.ts';

const stage = new Stage(inject('liveKit'));
const folder = mkdtempSync(join(tmpdir(), 'greenroom-test-'));
const notes = join(folder, 'notes');

/** Comes first in the PATH of the worker, and notes that it was run. */
function noteRunsOf(program: string): void {
  const file = join(folder, program);
  writeFileSync(file, `#!/bin/sh\necho ${program} >> ${notes}\n`);
  chmodSync(file, 0o755);
}

async function programsRun(quickConnect: boolean): Promise<string[]> {
  const env = { PATH: `${folder}:${process.env['PATH']}` };
  const worker = await stage.startWorker('stays', { options: { quickConnect }, env });
  await stage.call(worker, { metadata: 'join' });
  const run = existsSync(notes) ? readFileSync(notes, 'utf8').trim().split('\n') : [];
  rmSync(notes, { force: true });
  await stage.endWorker(worker);
  return run;
}

noteRunsOf('lsb_release');
noteRunsOf('getconf');

afterEach(() => stage.clearCallers());
afterAll(async () => {
  await stage.clear();
  rmSync(folder, { recursive: true, force: true });
});

test.skipIf(process.platform !== 'linux')(
  'a job runs no other program to connect, unless the option is off',
  async () => {
    expect(await programsRun(false)).toEqual(['lsb_release', 'getconf']);
    expect(await programsRun(true)).toEqual([]);
  },
);
