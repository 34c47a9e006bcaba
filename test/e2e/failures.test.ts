/** What goes wrong in a job, what the server and the room are told of it, and that nothing is left. */
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';
import { type LiveKitServer, startLiveKitServer } from '../support/livekit-server.mjs';
import { descendantsOf, expectNoneLeft } from '../support/processes.ts';
import { parseLogLine } from '../support/program.mjs';
import { ended, newRoom, pidOf, Stage, type StageJob, type StageWorker } from '../support/stage.ts';
import { testGuard } from '../support/worker-program.ts';

// One of its own, for its log tells what workers report.
let server: LiveKitServer;
let stage: Stage;
let forgetful: StageWorker;
let forgetfulJob: { dispatchId: string };

beforeAll(async () => {
  server = await startLiveKitServer({ binary: inject('liveKitBinary'), guard: testGuard() });
  stage = new Stage(server);
  // Its warning comes after 10 s, in the last test.
  forgetful = await stage.startWorker('waits');
  forgetfulJob = await stage.dispatch(forgetful.agentName);
});
afterEach(() => stage.clearCallers());
afterAll(async () => {
  await stage.clear();
  await server.stop();
});

/** What the server was told of the end of a job. */
async function reported({ jobId }: StageJob) {
  const line = await server.output.waitFor(
    `The report of ${jobId}`,
    (text) => text.includes('"job ended"') && text.includes(jobId),
  );
  const { status, error } = parseLogLine(line) ?? {};
  return { status, error };
}

/** The exit of the process of a job. */
async function exitOf(worker: StageWorker, job: StageJob) {
  const pid = await pidOf(worker, job);
  const { code, signal } = await worker.program.waitForEvent(
    'process.exited',
    ({ jobPid }) => jobPid === pid,
  );
  await expectNoneLeft([pid]);
  return { code, signal };
}

test('a job that ends well is reported as a success, before the agent leaves', async () => {
  const worker = await stage.startWorker('obeys');
  const job = await stage.call(worker);
  await stage.tell(job.room, 'shutdown');
  expect(await reported(job)).toEqual({ status: 'JS_SUCCESS', error: '' });
  const left = await server.output.waitFor(
    'The leave of the agent',
    (line) => line.includes('participant closing') && line.includes(job.identity),
  );
  const lines = server.output.items;
  const report = lines.findIndex((line) => line.includes('"job ended"'));
  expect(report).toBeLessThan(lines.indexOf(left));
});

test('entry throws: the job fails with its text, and the agent leaves at once', async () => {
  const worker = await stage.startWorker('throws');
  const room = newRoom();
  await stage.join(room, 'caller');
  const job = await stage.call(worker, { room });
  const { session, end, level } = await ended(worker, job);
  expect({ end, level }).toEqual({ end: 'failed', level: 50 });
  expect(session).toMatchObject({
    reason: 'entry-failed',
    failure: { code: 'GR_ENTRY_FAILED', message: 'the cat sat on the keyboard' },
  });
  expect(session?.failure?.stack).toMatch(/throws\.mjs:8:11/);
  expect(await reported(job)).toEqual({
    status: 'JS_FAILED',
    error: 'entry-failed: the cat sat on the keyboard',
  });
  expect(await exitOf(worker, job)).toEqual({ code: 1, signal: null });
  expect(await stage.whoIsIn(room)).toEqual(['caller']);
});

test.each([
  ['is killed', { code: null, signal: 'SIGKILL' }, /^crashed: .*SIGKILL/],
  ['calls process.exit()', { code: 3, signal: null }, /^crashed: .*exited with code 3/],
])('a job process that %s is taken out of its room at once', async (how, exit, error) => {
  const worker = await stage.startWorker('obeys');
  const room = newRoom();
  const caller = await stage.join(room, 'caller');
  const job = await stage.call(worker, { room });
  await caller.waitForParticipant(job.identity);

  if (how === 'is killed') process.kill(await pidOf(worker, job), 'SIGKILL');
  else await stage.tell(room, 'exit');

  const started = performance.now();
  expect(await ended(worker, job)).toMatchObject({ end: 'failed', session: { reason: 'crashed' } });
  expect(await stage.whoIsIn(room)).toEqual(['caller']);
  // By itself the server notices after 21 s.
  expect(performance.now() - started).toBeLessThan(5000);
  expect((await reported(job)).error).toMatch(error);
  expect(await exitOf(worker, job)).toEqual(exit);
});

test('a warm job process that dies gets no job', async () => {
  const worker = await stage.startWorker('obeys');
  const { jobPid } = await worker.program.waitForEvent('process.warm');
  process.kill(Number(jobPid), 'SIGKILL');
  const job = await stage.call(worker);
  expect(await pidOf(worker, job)).not.toBe(jobPid);
});

test('nothing of the end is waited for without a limit', async () => {
  const worker = await stage.startWorker('hangs-at-the-end', {
    options: { shutdownTimeoutMs: 1500, entryGraceTimeoutMs: 300, sessionEndTimeoutMs: 300 },
  });
  const job = await stage.call(worker);
  const started = performance.now();
  expect(await ended(worker, job)).toMatchObject({
    end: 'succeeded',
    session: { reason: 'agent-ended', detail: 'enough' },
  });
  expect(performance.now() - started).toBeLessThan(6500);
  const steps = worker.program.log.items
    .filter(({ event }) => event === 'job.warning')
    .map(({ step }) => step);
  expect(steps).toEqual(['entry', 'sessionEnd', 'callbacks']);
  expect(await exitOf(worker, job)).toEqual({ code: 0, signal: null });
});

test.each(['ends', 'is killed'])('what a job has started ends with it when it %s', async (how) => {
  const worker = await stage.startWorker('leaves-a-grandchild');
  const job = await stage.call(worker);
  const pid = await pidOf(worker, job);
  const { grandchild } = await worker.program.waitForLog('The program', (line) =>
    Boolean(line['grandchild']),
  );
  const family = descendantsOf(pid).map((info) => info.pid);
  expect(family).toContain(grandchild);
  if (how === 'ends') await stage.tell(job.room, 'end');
  else process.kill(pid, 'SIGKILL');
  await ended(worker, job);
  await expectNoneLeft([pid, ...family]);
});

test('an entry that never connects is warned of after 10 s, and its job goes on', async () => {
  const warning = await forgetful.program.waitForEvent('job.warning', () => true, {
    timeoutMs: 12_000,
  });
  expect(warning).toMatchObject({
    dispatchId: forgetfulJob.dispatchId,
    step: 'connect',
    failure: { code: 'GR_ROOM_NOT_CONNECTED' },
  });
  expect(warning.msg).toContain('Is ctx.connect() missing in entry?');
  expect(forgetful.program.events).not.toContain('job.closing');
});
