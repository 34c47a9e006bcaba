/** The worker dies: its job processes end their sessions by themselves, and what does not is ended. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject } from 'vitest';
import { fault, type FaultRecord, section } from '../support/fault.ts';
import { familyOf } from '../support/faulty-jobs.ts';
import { expectNoneLeft } from '../support/processes.ts';
import { newRoom, pidOf, Stage, type StageWorkerOptions } from '../support/stage.ts';

/** A job process that has lost its worker closes its session within this time, and is killed after the next. */
const closeWithin = 25_000;
const killWithin = 32_000;

function makeStage(record: FaultRecord): Stage {
  const stage = new Stage(inject('liveKit'));
  record.after(() => stage.clear());
  return stage;
}

/** A worker with a call, and everything it has started. */
async function call(record: FaultRecord, metadata = '', options: StageWorkerOptions = {}) {
  const stage = makeStage(record);
  const folder = mkdtempSync(join(tmpdir(), 'greenroom-faults-'));
  record.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'callbacks');
  const worker = await stage.startWorker('harms-its-worker', {
    env: { CALLBACKS_FILE: file },
    ...options,
  });
  const room = newRoom();
  const caller = await stage.join(room, 'caller');
  const job = await stage.call(worker, { room, metadata });
  await caller.waitForParticipant(job.identity);
  const pids = familyOf(worker.program.pid);
  expect(pids).toContain(await pidOf(worker, job));
  const callbacks = () => readFileSync(file, 'utf8');
  return { stage, worker, room, job, pids, callbacks };
}

section.concurrent('Worker dies', () => {
  const ways = [
    ['kill -9 of the worker', [], 'kill', { code: null, signal: 'SIGKILL' }],
    ['an error in the worker that nobody catches', [], 'crash', { code: 1, signal: null }],
    [
      'the worker is out of memory',
      ['--max-old-space-size=60'],
      'leak',
      { code: null, signal: 'SIGABRT' },
    ],
  ] as const;
  for (const [name, nodeArgs, way, exit] of ways) {
    fault(name, { within: closeWithin }, async (record) => {
      const { stage, worker, room, pids, callbacks } = await call(record, '', {
        nodeArgs: [...nodeArgs],
      });
      record.start();
      if (way === 'kill') worker.program.signal('SIGKILL');
      else await stage.dispatch(worker.agentName, { metadata: way });
      expect(await worker.program.exited).toEqual(exit);
      await expectNoneLeft(pids, { withinMs: closeWithin });
      record('sessions end in order, nothing is left');
      expect(callbacks()).toBe('orphaned\n');
      expect(await stage.whoIsIn(room)).toEqual(['caller']);
    });
  }

  fault(
    'kill -9 of the worker, and a session that hangs at its end',
    { within: closeWithin },
    async (record) => {
      const { stage, worker, room, pids, callbacks } = await call(record, 'hangs at the end');
      record.start();
      worker.program.signal('SIGKILL');
      await expectNoneLeft(pids, { withinMs: closeWithin });
      record('the session is cut, nothing is left');
      expect(callbacks()).toBe('orphaned\n');
      expect(await stage.whoIsIn(room)).toEqual(['caller']);
    },
  );

  fault(
    'kill -9 of the worker, and a job whose event loop is blocked',
    { within: killWithin },
    async (record) => {
      const { stage, worker, room, pids } = await call(record);
      // It blocks at once, long before the worker would find out.
      await stage.tell(room, 'loop');
      record.start();
      worker.program.signal('SIGKILL');
      await expectNoneLeft(pids, { withinMs: killWithin });
      record('the sentinel kills it, nothing is left');
    },
  );

  const warmUps = [
    ['hangs', 'a process that is being warmed up', closeWithin, 'it exits'],
    ['blocks', 'a process whose prewarm blocks', killWithin, 'the sentinel kills it'],
  ] as const;
  for (const [prewarm, what, within, outcome] of warmUps) {
    fault(`kill -9 of the worker, and ${what}`, { within }, async (record) => {
      const { program } = makeStage(record).launchWorker('harms-its-worker', {
        env: { PREWARM: prewarm },
      });
      const { jobPid } = await program.waitForEvent('process.starting');
      await program.output.waitFor('prewarm', (line) => line === 'prewarm runs');
      const pids = familyOf(program.pid);
      expect(pids).toContain(jobPid);
      record.start();
      program.signal('SIGKILL');
      await expectNoneLeft(pids, { withinMs: within });
      record(`${outcome}, nothing is left`);
    });
  }
});
