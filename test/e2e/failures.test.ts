/** What the server is told of a job, and that nothing of its end is waited for. What goes wrong in jobs: `test/faults`. */
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';
import { type LiveKitServer, startLiveKitServer } from '../support/livekit-server.mjs';
import { expectNoneLeft } from '../support/processes.ts';
import { parseLogLine } from '../support/program.mjs';
import { ended, pidOf, Stage, type StageJob, type StageWorker } from '../support/stage.ts';
import { testGuard } from '../support/worker-program.ts';

// One of its own, for its log tells what workers report.
let server: LiveKitServer;
let stage: Stage;

beforeAll(async () => {
  server = await startLiveKitServer({ binary: inject('liveKitBinary'), guard: testGuard() });
  stage = new Stage(server);
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
