/** How many jobs a worker takes: never more than `maxJobs`, and what the real server is told of it. */
import type { WorkerSnapshot } from 'greenroom';
import { expect, inject } from 'vitest';
import { fault, type FaultRecord, section } from '../support/fault.ts';
import { LibraryWorker } from '../support/library-worker.ts';
import { MemoryLog } from '../support/memory-log.ts';
import { newRoom, Stage } from '../support/stage.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';

type Options = ConstructorParameters<typeof LibraryWorker>[2];

/** A worker of these agent names on the real server, whose agents wait in their processes. */
function startWorker(record: FaultRecord, agentNames: string[], options: Options = {}) {
  const registrations = agentNames.map((agentName) => ({ agentName }));
  const named = { agent: 'waits', registrations, ...options };
  return LibraryWorker.start(record, inject('liveKit'), named);
}

/** Another worker of the same names that takes nothing: it is asked for whatever the first one does not take. */
function startWitness(record: FaultRecord, agentNames: string[]) {
  return startWorker(record, agentNames, { requestFunc: (request) => request.reject() });
}

/**
 * Dispatches until that has come of it. Not every dispatch reaches a worker: the server may lose those of an agent name that
 * it has only just heard of, and never tells.
 */
async function dispatchUntil(
  agentName: string,
  worker: LibraryWorker,
  what: string,
  isDone: () => boolean,
): Promise<void> {
  const stage = new Stage(inject('liveKit'));
  for (let attempt = 1; ; attempt += 1) {
    await stage.dispatch(agentName);
    try {
      await worker.events.waitFor(what, isDone, { timeoutMs: 1_500 });
      return;
    } catch (error) {
      if (attempt === 10) throw error;
    }
  }
}

/** The most jobs a worker had at any time, from what it told of each. */
function mostAtOnce(worker: LibraryWorker): number {
  let now = 0;
  let most = 0;
  for (const { type } of worker.events.items) {
    if (type === 'job.accepted') now += 1;
    if (type === 'job.ended') now -= 1;
    most = Math.max(most, now);
  }
  return most;
}

/** Fifty dispatches at once, over these names; 5 are taken by the worker, and all others were offered elsewhere. */
async function dispatchFifty(record: FaultRecord, agentNames: string[], url?: string) {
  const stage = new Stage(inject('liveKit'));
  const witness = await startWitness(record, agentNames);
  const refusals = () => witness.all('job.rejected').length;
  for (const [index, agentName] of agentNames.entries()) {
    await dispatchUntil(agentName, witness, 'A request', () => refusals() > index);
  }
  const before = refusals();
  const worker = await startWorker(record, agentNames, {
    maxJobs: 5,
    ...(url === undefined ? {} : { wsURL: url }),
  });
  record.start();
  await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      stage.dispatch(agentNames[index % agentNames.length] as string),
    ),
  );
  await witness.events.waitFor('45 refusals', () => refusals() >= before + 45, {
    timeoutMs: 20_000,
  });
  record(`${mostAtOnce(worker)} jobs at once, the others are offered elsewhere`);
  expect(worker.all('job.accepted')).toHaveLength(5);
  expect(mostAtOnce(worker)).toBe(5);
  for (const { jobId } of worker.all('job.accepted')) await worker.pidOf(jobId);
  return worker;
}

section('Capacity', () => {
  fault('fifty dispatches at once, maxJobs 5', { within: 10_000 }, async (record) => {
    await dispatchFifty(record, [newRoom()]);
  });

  const two = 'fifty dispatches at once over two registrations, maxJobs 5';
  fault(two, { within: 10_000 }, async (record) => {
    const worker = await dispatchFifty(record, [newRoom(), newRoom()]);
    const names = worker.all('registration.registered').map(({ agentName }) => agentName);
    expect(new Set(names).size).toBe(2);
  });

  const late = 'fifty dispatches at once while statuses are late, maxJobs 5';
  fault(late, { within: 10_000 }, async (record) => {
    const proxy = await startTcpProxy(inject('liveKit').url);
    record.after(() => proxy.close());
    proxy.delay(20);
    const worker = await dispatchFifty(record, [newRoom()], proxy.url);
    // Those that the server sent before it knew better.
    const reasons = worker.all('job.rejected').map(({ reason }) => reason);
    expect(reasons.length).toBeGreaterThan(0);
    expect(new Set(reasons)).toEqual(new Set(['full']));
  });

  fault('load 0.8 with loadThreshold 0.9', { within: 10_000 }, async (record) => {
    const name = newRoom();
    const worker = await startWorker(record, [name], { loadThreshold: 0.9, loadFunc: () => 0.8 });
    await until(worker, ({ context }) => context.load === 0.8);
    record.start();
    await expectServed(worker, name);
    const { told } = worker.handle.getSnapshot().context;
    record('the server is told less than its own gate of 0.7, and sends jobs');
    expect(told?.status).toBe('available');
    expect(told?.load).toBeCloseTo((0.69 * 0.8) / 0.9, 5);
  });

  fault('load 0.95 with loadThreshold 0.9', { within: 10_000 }, async (record) => {
    const name = newRoom();
    const witness = await startWitness(record, [name]);
    const worker = await startWorker(record, [name], { loadThreshold: 0.9, loadFunc: () => 0.95 });
    await worker.next('worker.full', ({ cause }) => cause === 'load');
    await expectPassedBy(record, { worker, witness, name });
    record('the server is told FULL, and sends no job');
  });

  fault('at the cap', { within: 10_000 }, async (record) => {
    const name = newRoom();
    const worker = await startWorker(record, [name], { maxJobs: 1 });
    await expectServed(worker, name);
    const { jobId } = await worker.next('job.started');
    const witness = await startWitness(record, [name]);
    await expectPassedBy(record, { worker, witness, name });
    record('the server sends no job until the slot is free');
    process.kill(await worker.pidOf(jobId), 'SIGKILL');
    await worker.ended(jobId);
    await expectServed(worker, name);
  });

  fault('paused by the operator, then resumed', { within: 10_000 }, async (record) => {
    const name = newRoom();
    const log = new MemoryLog();
    const worker = await startWorker(record, [name], { logger: log.logger, port: 0 });
    const witness = await startWitness(record, [name]);
    await expectServed(worker, name);
    const { activeJobs } = worker.handle;
    worker.handle.pause();
    await expectPassedBy(record, { worker, witness, name });
    record('the server sends no job, running ones go on; then it sends them again');
    expect(log.texts).toContain('paused: no new jobs are taken');
    expect(worker.handle.activeJobs).toEqual(activeJobs);
    // Healthy: whoever looks after it must not restart it.
    const health = await fetch(`http://127.0.0.1:${worker.handle.port}/`);
    expect([health.status, await health.text()]).toEqual([200, 'OK']);

    worker.handle.resume();
    await expectServed(worker, name);
    expect(log.texts.slice(log.texts.indexOf('resumed'))).toContain('worker is available');
  });
});

/** Waits for a snapshot of the worker. */
function until(
  { handle }: LibraryWorker,
  matches: (snapshot: WorkerSnapshot) => boolean,
): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (!matches(handle.getSnapshot())) return;
      unsubscribe();
      resolve();
    };
    const unsubscribe = handle.subscribe(look);
    look();
  });
}

/** Three jobs are offered to the witness and not to the worker. */
async function expectPassedBy(
  record: FaultRecord,
  { worker, witness, name }: { worker: LibraryWorker; witness: LibraryWorker; name: string },
): Promise<void> {
  const refusals = () => witness.all('job.rejected').length;
  const [asked, before] = [worker.all('job.requested').length, refusals()];
  record.start();
  for (const count of [1, 2, 3]) {
    await dispatchUntil(name, witness, `Refusal ${count}`, () => refusals() >= before + count);
  }
  expect(worker.all('job.requested')).toHaveLength(asked);
}

/** The worker gets jobs. */
async function expectServed(worker: LibraryWorker, name: string): Promise<void> {
  const started = () => worker.all('job.started').length;
  const before = started();
  await dispatchUntil(name, worker, 'Another job', () => started() > before);
}
