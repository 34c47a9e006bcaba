/** Connections that break: the worker's, the agent's, and all of them when the server dies. */
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { type LiveKitServer, type Ports, startLiveKitServer } from '../support/livekit-server.mjs';
import { isAlive } from '../support/processes.ts';
import { newRoom, pidOf, Stage, type StageJob, type StageWorker } from '../support/stage.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { testGuard } from '../support/worker-program.ts';

let server: LiveKitServer;
let stage: Stage;
let lasting: { worker: StageWorker; job: StageJob };

const start = (again: { ports?: Ports; apiSecret?: string } = {}) =>
  startLiveKitServer({ binary: inject('liveKitBinary'), guard: testGuard(), ...again });

// A server of its own, which can be killed and whose log tells what it sends to workers.
beforeAll(async () => {
  server = await start();
  stage = new Stage(server);
  // The server knows of a job 5 s after its dispatch; only then does it terminate it.
  const worker = await stage.startWorker('obeys');
  lasting = { worker, job: await stage.call(worker) };
});
afterAll(async () => {
  await stage.clear();
  await server.stop();
});

/** The agent does what it is told. */
async function expectGoesOn({ program }: StageWorker, { jobId, room }: StageJob) {
  const from = program.log.items.length;
  await stage.tell(room, 'ping');
  const isAnswer = (line: { msg?: string; jobId?: unknown }) =>
    line.msg === 'pong' && line.jobId === jobId;
  await program.log.waitFor('The answer', isAnswer, { from });
}

/** The next time that the worker is registered: under which id. */
async function registered({ program }: StageWorker, from: number): Promise<string> {
  const line = await program.log.waitFor(
    'The registration',
    ({ event }) => event === 'registration.registered',
    { from, timeoutMs: 20_000 },
  );
  return String(line['workerId']);
}

test("the worker's socket is cut: it registers again, calls go on, and new ones come", async () => {
  const proxy = await startTcpProxy(stage.server.url);
  const worker = await stage.startWorker('obeys', { url: proxy.url });
  const { program } = worker;
  const before = await registered(worker, 0);
  const room = newRoom();
  const caller = await stage.join(room, 'caller');
  const job = await stage.call(worker, { room });
  await caller.waitForParticipant(job.identity);
  const media = await proxy.waitForConnection('/rtc/v1');

  const from = program.log.items.length;
  (await proxy.waitForConnection('/agent')).cut();
  await program.waitForEvent('registration.lost');
  await stage.ready(worker, { from });
  const after = await registered(worker, from);
  expect(after).not.toBe(before);
  expect(media.open).toBe(true);
  await expectGoesOn(worker, job);

  const second = await stage.call(worker);
  await expectGoesOn(worker, second);
  expect(program.events).not.toContain('job.closing');
  expect(program.events).not.toContain('job.reconnecting');
  await stage.endWorker(worker);
  await proxy.close();
});

test("the agent's own connection is made anew: the JobTermination that comes of it does not end the call", async () => {
  const { worker, job } = lasting;
  const { program } = worker;
  const { sid } = await stage.participant(job.room, job.identity);
  await vi.waitFor(
    async () => {
      const dispatch = await stage.dispatches.getDispatch(job.dispatchId, job.room);
      expect(dispatch?.state?.jobs).toHaveLength(1);
    },
    { timeout: 7000, interval: 50 },
  );

  await stage.tell(job.room, 'reconnect');
  await program.waitForEvent('job.reconnecting');
  await server.output.waitFor(
    'The JobTermination',
    (line) => line.includes(job.jobId) && line.includes('agent worker left the room'),
  );
  await program.waitForLog('What the agent says later', ({ msg }) => msg === 'still here');
  expect((await stage.participant(job.room, job.identity)).sid).not.toBe(sid);
  await expectGoesOn(worker, job);
  expect(program.events).not.toContain('job.closing');
  expect(isAlive(await pidOf(worker, job))).toBe(true);
});

test('the server is killed and comes back: the worker can be dispatched to again', async () => {
  const { worker, job } = lasting;
  const { program } = worker;
  const from = program.log.items.length;
  server.kill('SIGKILL');
  await server.exited;
  await program.waitForEvent('registration.lost');

  server = await start(server);
  stage.server = server;
  await stage.ready(worker, { from });
  await expectGoesOn(worker, await stage.call(worker));

  const settled = await program.log.waitFor(
    'What becomes of the call',
    ({ event, type, jobId }) =>
      jobId === job.jobId && (event === 'job.ended' || type === 'session.reconnected'),
    { from, timeoutMs: 30_000 },
  );
  if (settled.event === 'job.ended') {
    expect(settled).toMatchObject({ end: 'failed', session: { reason: 'connection-lost' } });
  } else await expectGoesOn(worker, job);
});
