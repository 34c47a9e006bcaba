/** How a worker ends while calls are running: by one signal, by two, by three, and at its deadline. By SIGKILL: see `test/faults`. */
import { afterEach, expect, inject, test } from 'vitest';
import { descendantsOf, expectNoneLeft } from '../support/processes.ts';
import { ended, newRoom, Stage, type StageJob, type StageWorker } from '../support/stage.ts';
import type { WorkerOptionsInit } from '../../src/worker-options.ts';

const stage = new Stage(inject('liveKit'));

afterEach(() => stage.clear());

/** A worker with a call, and everything it has started. */
async function call(options: Partial<WorkerOptionsInit> = {}, agent = 'obeys') {
  const worker = await stage.startWorker(agent, { options });
  const room = newRoom();
  const caller = await stage.join(room, 'caller');
  const job = await stage.call(worker, { room });
  await caller.waitForParticipant(job.identity);
  const { program } = worker;
  const pids = [program.pid, ...descendantsOf(program.pid).map(({ pid }) => pid)];
  return { worker, program, room, caller, job, pids };
}

/** The agent does what it is told. */
async function expectGoesOn({ program }: StageWorker, { jobId, room }: StageJob) {
  const from = program.log.items.length;
  await stage.tell(room, 'ping');
  const isAnswer = (line: { msg?: string; jobId?: unknown }) =>
    line.msg === 'pong' && line.jobId === jobId;
  await program.log.waitFor('The answer', isAnswer, { from });
}

test('SIGTERM: no new jobs, the running call goes on, and after its natural end the worker exits with 0', async () => {
  const { worker, program, room, caller, job, pids } = await call();
  program.signal('SIGTERM');
  expect(await program.waitForEvent('worker.draining')).toMatchObject({ jobIds: [job.jobId] });
  await program.waitForLog('What the agent hears', ({ msg }) => msg === 'told of the drain');

  const next = await stage.startWorker('obeys', { options: { agentName: worker.agentName } });
  const other = await stage.call(next);
  await expectGoesOn(worker, job);
  await caller.publishTone({ durationMs: 100 });
  expect(await stage.whoIsIn(room)).toEqual([job.identity, 'caller'].toSorted());
  expect(program.events).not.toContain('job.closing');

  await caller.leave();
  expect(await ended(worker, job)).toMatchObject({ session: { reason: 'room-closed' } });
  expect(await program.exited).toEqual({ code: 0, signal: null });
  expect(await program.waitForEvent('worker.closed')).toMatchObject({ outcome: 'drained' });
  await expectNoneLeft(pids);
  const asked = program.log.items.filter(({ event }) => event === 'job.requested');
  expect(asked.map(({ jobId }) => jobId)).toEqual([job.jobId]);
  await expectGoesOn(next, other);
});

test('a second SIGTERM ends the sessions in order and exits with 143', async () => {
  const { worker, program, room, caller, job, pids } = await call();
  program.signal('SIGTERM');
  await program.waitForEvent('worker.draining');
  // Longer than the time in which the same signal is taken for an echo of itself.
  await caller.publishTone({ durationMs: 200 });
  program.signal('SIGTERM');
  expect(await ended(worker, job)).toMatchObject({
    end: 'failed',
    session: { reason: 'worker-closing' },
  });
  const callback = ({ msg }: { msg?: string }) => msg === 'shutdown callback';
  expect(await program.waitForLog('The shutdown callback', callback)).toMatchObject({
    reason: 'worker-closing',
  });
  expect(await program.exited).toEqual({ code: 143, signal: null });
  expect(await stage.whoIsIn(room)).toEqual(['caller']);
  await expectNoneLeft(pids);
});

test('a third signal kills, and nothing of the agent stands in the room', async () => {
  const { worker, program, room, job, pids } = await call({}, 'lingers');
  for (const [signal, step] of [
    ['SIGTERM', 'drain'],
    ['SIGINT', 'close'],
    ['SIGQUIT', 'kill'],
  ] as const) {
    program.signal(signal);
    await program.waitForLog(step, (line) => line.event === 'cli.signal' && line['step'] === step);
  }
  expect(await ended(worker, job)).toMatchObject({ end: 'failed' });
  expect(await program.exited).toEqual({ code: 131, signal: null });
  expect(await program.waitForEvent('worker.closed')).toMatchObject({ abandoned: [job.jobId] });
  expect(await stage.whoIsIn(room)).toEqual(['caller']);
  await expectNoneLeft(pids);
});

test('a call that outlives drainTimeoutMs is cut', async () => {
  const { worker, program, room, job, pids } = await call({ drainTimeoutMs: 200 });
  program.signal('SIGTERM');
  expect(await ended(worker, job)).toMatchObject({
    end: 'failed',
    session: { reason: 'drain-timeout' },
  });
  expect(await program.exited).toEqual({ code: 143, signal: null });
  expect(await stage.whoIsIn(room)).toEqual(['caller']);
  await expectNoneLeft(pids);
});
