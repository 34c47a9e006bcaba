/** Job processes that die or fail before a job runs in them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, expect } from 'vitest';
import { fault, type FaultRecord, section } from '../support/fault.ts';
import { LibraryWorker, runs } from '../support/library-worker.ts';
import { parseLogLine } from '../support/program.mjs';
import { Recorder } from '../support/recorder.mjs';
import { ScriptedServer } from '../support/scripted-server.ts';
import type { LogLine } from '../support/worker-program.ts';

/** A server, and a worker that keeps one process warm. */
async function start(record: FaultRecord, options: ConstructorParameters<typeof LibraryWorker>[2]) {
  const server = await ScriptedServer.start(record);
  const log = new Recorder<LogLine>();
  const logger = pino(
    { base: null },
    { write: (line: string) => log.add(parseLogLine(line) ?? {}) },
  );
  const all = { numIdleProcesses: 1, logger, ...options };
  const worker = LibraryWorker.launch(record, server.access, all);
  return { server, worker, log };
}

async function startWarm(record: FaultRecord) {
  const { server, worker } = await start(record, {});
  const connection = await server.available(1);
  const { pid } = await worker.next('process.warm');
  return { worker, connection, pid: signalled(pid, 'SIGCONT') };
}

/** Sends a signal to a process that must be there: 0 would be everyone in our own group. */
function signalled(pid: number | null, signal: NodeJS.Signals): number {
  if (pid === null || pid <= 1) throw new Error(`There is no such process: ${pid}.`);
  process.kill(pid, signal);
  return pid;
}

/** What the HTTP endpoint says. */
async function health({ handle }: LibraryWorker) {
  const response = await fetch(`http://127.0.0.1:${handle.port}/`);
  return `${response.status} ${await response.text()}`;
}

section.concurrent('Processes', () => {
  let folder: string;
  let modelFile: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'greenroom-faults-'));
    modelFile = join(folder, 'model');
    process.env['MODEL_FILE'] = modelFile;
  });
  afterAll(() => {
    delete process.env['MODEL_FILE'];
    rmSync(folder, { recursive: true });
  });

  fault('a warm process dies', { within: 3_000 }, async (record) => {
    const { worker, connection, pid } = await startWarm(record);
    record.start();
    process.kill(pid, 'SIGKILL');
    const { pid: next } = await worker.next('process.warm', (event) => event.pid !== pid);
    record('replaced, and given no job');
    expect(worker.all('process.exited')).toMatchObject([
      { pid, signal: 'SIGKILL', failure: { code: 'GR_PROCESS_KILLED' } },
    ]);
    expect(await connection.dispatch('AJ_1')).toBe(true);
    expect(await worker.pidOf('AJ_1')).toBe(next);
  });

  fault('a warm process dies as a job comes', { within: 3_000 }, async (record) => {
    const { worker, connection, pid } = await startWarm(record);
    record.start();
    process.kill(pid, 'SIGKILL');
    expect(await connection.dispatch('AJ_1')).toBe(true);
    const started = await worker.pidOf('AJ_1');
    record('the job runs in another process');
    expect(started).not.toBe(pid);
    expect(connection.all('updateJob')).toEqual([]);
  });

  fault('a process dies before entry was called', { within: 3_000 }, async (record) => {
    const { worker, connection, pid } = await startWarm(record);
    // It hears nothing of the job.
    process.kill(pid, 'SIGSTOP');
    expect(await connection.dispatch('AJ_1')).toBe(true);
    await worker.next('job.launching');
    record.start();
    process.kill(pid, 'SIGKILL');
    const started = await worker.pidOf('AJ_1');
    record('the job is launched on another process');
    expect(worker.all('job.launching').map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(runs(started)).toBe(true);
    expect(connection.all('updateJob')).toEqual([]);
  });

  fault('three processes die before entry was called', { within: 6_000 }, async (record) => {
    const { worker, connection, pid } = await startWarm(record);
    process.kill(pid, 'SIGSTOP');
    record.start();
    expect(await connection.dispatch('AJ_1')).toBe(true);
    const dead: number[] = [];
    for (const attempt of [1, 2, 3]) {
      const launch = await worker.next('job.launching', (job) => job.attempt === attempt);
      const { pid: next } = await worker.next(
        'process.starting',
        (event) => event.process === launch.process && !dead.includes(event.pid ?? 0),
      );
      dead.push(signalled(next, 'SIGKILL'));
      await worker.next('process.exited', (event) => event.pid === next);
    }
    const { end, failure } = await worker.ended('AJ_1');
    const { error } = await connection.jobUpdate('AJ_1');
    record('the job is given up, the server is told');
    expect({ end, code: failure?.code }).toEqual({ end: 'failed', code: 'GR_LAUNCH_FAILED' });
    expect(failure?.message).toContain('could not be launched on 3 processes');
    expect(error).toBe('the job could not be launched');
    expect(worker.handle.activeJobs).toEqual([]);
  });

  fault('prewarm fails again and again', { within: 45_000 }, async (record) => {
    writeFileSync(modelFile, 'model');
    const { server, worker, log } = await start(record, { agent: 'needs-a-file', port: 0 });
    const connection = await server.available(1);
    expect(await connection.dispatch('AJ_1')).toBe(true);
    const job = await worker.pidOf('AJ_1');
    const warm = (pid: number | null) => pid !== job;
    const { pid } = await worker.next('process.warm', (event) => warm(event.pid));
    expect(await health(worker)).toBe('200 OK');

    record.start();
    rmSync(modelFile);
    signalled(pid, 'SIGKILL');
    const { failure } = await worker.next('worker.unavailable');
    expect(failure.message).toMatch(/^prewarm failed: ENOENT/);
    // The loss, and three that failed: after 0.5 s, 1 s and 2 s.
    const tries = worker
      .all('process.starting')
      .filter((event) => event.pid !== job)
      .slice(1);
    const pauses = tries.map(
      ({ at }, index) => at - (worker.all('process.exited')[index]?.at ?? 0),
    );
    expect(pauses.map((ms) => Math.floor(ms / 500))).toEqual([1, 2, 4]);
    expect(log.items.filter(({ event }) => event === 'worker.unavailable')).toMatchObject([
      { level: 50, msg: expect.stringContaining('prewarm failed: ENOENT') as string },
    ]);
    expect(await health(worker)).toBe('503 job processes fail to start');
    expect(worker.handle.getSnapshot().matches({ running: 'unavailable' })).toBe(true);
    await connection.next('updateWorker', ({ status }) => status === 1);
    expect(await connection.dispatch('AJ_2')).toBe(false);
    expect(runs(job)).toBe(true);

    writeFileSync(modelFile, 'model');
    await worker.next('pool.recovered', () => true, { timeoutMs: 40_000 });
    await connection.next('updateWorker', ({ status }) => status === 0, {
      from: connection.received.items.findLastIndex(({ case: kind }) => kind === 'availability'),
    });
    record('backed off, unavailable after the fourth failure, comes back when it works again');
    expect(await health(worker)).toBe('200 OK');
    expect(await connection.dispatch('AJ_3')).toBe(true);
    await worker.pidOf('AJ_3');
    expect(runs(job)).toBe(true);
  });
});
