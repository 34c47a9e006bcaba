/** How jobs spread over workers and processes, and how many a worker takes. */
import { afterEach, expect, inject, test } from 'vitest';
import { listProcesses } from '../support/processes.ts';
import { Recorder } from '../support/recorder.mjs';
import { ended, newRoom, pidOf, Stage, type StageWorker } from '../support/stage.ts';
import type { WorkerProgram } from '../support/worker-program.ts';

const stage = new Stage(inject('liveKit'));

afterEach(() => stage.clear());

/** Workers of one agent name, by how many jobs they may run, with who has accepted what. */
async function startWorkers(...maxJobs: number[]) {
  const agentName = newRoom();
  const workers = await Promise.all(
    maxJobs.map((most) =>
      stage.startWorker('waits', { options: { agentName, maxJobs: most, numIdleProcesses: 2 } }),
    ),
  );
  const accepted = new Recorder<{ dispatchId: unknown; program: WorkerProgram }>();
  for (const { program } of workers) {
    program.log.watch(({ event, dispatchId }) => {
      if (event === 'job.accepted') accepted.add({ dispatchId, program });
    });
  }
  const taken = async () => {
    const { dispatchId } = await stage.dispatch(agentName);
    return accepted.waitFor(dispatchId, (item) => item.dispatchId === dispatchId);
  };
  const counts = () =>
    workers.map(({ program }) => accepted.items.filter((item) => item.program === program).length);
  return { workers, taken, counts };
}

test('of 20 dispatches to two workers each gets at least 4, and none is lost', async () => {
  const { taken, counts } = await startWorkers(16, 16);
  for (let dispatch = 0; dispatch < 20; dispatch += 1) await taken();
  expect(counts().reduce((sum, count) => sum + count)).toBe(20);
  expect(Math.min(...counts())).toBeGreaterThanOrEqual(4);
});

test('a full worker gets nothing beyond maxJobs, also in a burst, and is asked again later', async () => {
  const { workers, taken, counts } = await startWorkers(2, 30);
  const small = workers[0] as StageWorker;
  await Promise.all([taken(), taken(), taken(), taken(), taken(), taken()]);
  while (counts()[0] !== 2) await taken();
  await small.program.waitForEvent('worker.full', ({ cause }) => cause === 'slots');
  await taken();
  await taken();
  expect(counts()[0]).toBe(2);

  const { jobPid, jobId } = await small.program.waitForEvent('job.started');
  process.kill(Number(jobPid), 'SIGTERM');
  const from = small.program.log.items.length;
  await ended(small, { jobId });
  await small.program.waitForEvent('worker.available', () => true, { from });
  while (counts()[0] === 2) await taken();
  expect(counts()[0]).toBe(3);
});

test('ten jobs at once run in ten processes, and two that crash hurt no other', async () => {
  const worker = await stage.startWorker('obeys', {
    options: { maxJobs: 10, numIdleProcesses: 10 },
  });
  const { program } = worker;
  const warm = new Set<unknown>();
  for (let process = 0; process < 10; process += 1) {
    const { jobPid } = await program.waitForEvent('process.warm', (line) => !warm.has(line.jobPid));
    warm.add(jobPid);
  }

  const jobs = await Promise.all(Array.from({ length: 10 }, () => stage.call(worker)));
  const pids = await Promise.all(jobs.map((job) => pidOf(worker, job)));
  expect(new Set(pids).size).toBe(10);
  const groups = listProcesses().filter(({ pid }) => pids.includes(pid));
  expect(new Set(groups.map(({ group }) => group))).toEqual(new Set(pids));

  const [exits, killed, ...others] = jobs;
  if (exits === undefined || killed === undefined) throw new Error('There are ten jobs.');
  await stage.tell(exits.room, 'exit');
  process.kill(await pidOf(worker, killed), 'SIGKILL');
  await ended(worker, exits);
  await ended(worker, killed);

  await Promise.all(others.map(({ room }) => stage.tell(room, 'ping')));
  for (const { jobId } of others) {
    await program.waitForLog(
      `The answer of ${jobId}`,
      (line) => line.msg === 'pong' && line['jobId'] === jobId,
    );
  }
  const over = program.log.items.filter(({ event }) => event === 'job.ended');
  expect(over.map(({ jobId }) => jobId)).toEqual(
    expect.arrayContaining([exits.jobId, killed.jobId]),
  );
  expect(over).toHaveLength(2);
});
