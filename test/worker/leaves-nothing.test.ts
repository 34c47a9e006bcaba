/** A worker that has ended leaves no process in a program that lives on. */
import { expect, onTestFinished, test } from 'vitest';
import { LibraryWorker } from '../support/library-worker.ts';
import { descendantsOf, expectNoneLeft } from '../support/processes.ts';
import { ScriptedServer } from '../support/scripted-server.ts';

const after = { after: (undo: () => unknown) => onTestFinished(async () => void (await undo())) };
const started = () => descendantsOf(process.pid);
const sentinels = () => started().filter(({ command }) => command.includes('greenroom-sentinel'));

test('neither a job process nor the sentinel that watched over them', async () => {
  const server = await ScriptedServer.start(after);
  const worker = await LibraryWorker.start(after, server.access);
  expect(sentinels()).toHaveLength(1);
  const pids = started().map(({ pid }) => pid);
  expect(pids.length).toBeGreaterThan(1);
  await worker.handle.drain();
  await expectNoneLeft(pids);
});
