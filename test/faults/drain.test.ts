/** A worker that drains while something is under way, runs out of time, or is told something else meanwhile. */
import type { WorkerOptionsInit } from 'greenroom';
import { expect } from 'vitest';
import { fault, type FaultRecord, section } from '../support/fault.ts';
import { makeGate } from '../support/gate.ts';
import { LibraryWorker, runs } from '../support/library-worker.ts';
import { MemoryLog } from '../support/memory-log.ts';
import { ScriptedServer } from '../support/scripted-server.ts';

/** A worker that takes jobs, its log, and the server's end of its connection. */
async function start(record: FaultRecord, options: Partial<WorkerOptionsInit> = {}) {
  const log = new MemoryLog();
  const server = await ScriptedServer.start(record);
  const own = { logger: log.logger, ...options };
  const worker = await LibraryWorker.start(record, server.access, own);
  const connection = await server.available(1);
  const run = async (jobId: string) => {
    expect(await connection.dispatch(jobId)).toBe(true);
    return worker.pidOf(jobId);
  };
  return { log, server, worker, connection, run };
}

const drained = { outcome: 'drained', cause: 'drained', abandoned: [], failure: null };

section.concurrent('Drain and close', () => {
  fault('drain while two sessions run', { within: 2_000 }, async (record) => {
    const { worker, connection, run } = await start(record);
    await run('AJ_1');
    await run('AJ_2');
    const done = worker.handle.drain();
    await connection.next('updateWorker', ({ status }) => status === 1);
    expect((await connection.ask('AJ_3')).available).toBe(false);
    connection.terminate('AJ_1');
    await worker.ended('AJ_1');
    expect(worker.all('worker.closing')).toEqual([]);
    record.start();
    connection.terminate('AJ_2');
    const output = await done;
    record('other jobs are refused; it closes when the last session has ended');
    expect(output).toEqual(drained);
    expect(worker.all('job.rejected')).toMatchObject([{ jobId: 'AJ_3', reason: 'draining' }]);
  });

  for (const accepts of [true, false]) {
    const name = `drain while a request is being decided, ${accepts ? 'accepted' : 'rejected'}`;
    fault(name, { within: 2_000 }, async (record) => {
      const decision = makeGate();
      const { worker, connection } = await start(record, {
        requestFunc: async (request) => {
          await decision.opened;
          await (accepts ? request.accept() : request.reject());
        },
      });
      connection.offer('AJ_1');
      await worker.next('job.requested');
      record.start();
      const done = worker.handle.drain();
      decision.open();
      expect((await connection.answer('AJ_1')).available).toBe(accepts);
      if (accepts) {
        connection.assign('AJ_1');
        await worker.pidOf('AJ_1');
        connection.terminate('AJ_1');
      }
      const output = await done;
      record(accepts ? 'the job runs to its end, then it closes' : 'it closes at once');
      expect(output).toEqual(drained);
      expect(connection.all('availability')).toHaveLength(1);
    });
  }

  fault('drain before the assignment', { within: 2_000 }, async (record) => {
    const { worker, connection } = await start(record);
    await connection.ask('AJ_1');
    record.start();
    const done = worker.handle.drain();
    await connection.next('updateWorker', ({ status }) => status === 1);
    connection.assign('AJ_1');
    await worker.pidOf('AJ_1');
    connection.terminate('AJ_1');
    const output = await done;
    record('the job runs to its end, then it closes');
    expect(output).toEqual(drained);
  });

  fault('drain, and the assignment never comes', { within: 6_000 }, async (record) => {
    const { worker, connection } = await start(record);
    await connection.ask('AJ_1');
    record.start();
    const output = await worker.handle.drain();
    const [job] = worker.all('job.ended');
    record(`after 5 s the job is ${job?.end}, and it closes`);
    expect(output).toEqual(drained);
  });

  fault('drain while the server is away', { within: 2_000 }, async (record) => {
    const { server, worker, connection, run } = await start(record);
    const pid = await run('AJ_1');
    server.upgrade = 503;
    connection.drop();
    await worker.next('registration.lost');
    const done = worker.handle.drain();
    record.start();
    process.kill(pid, 'SIGKILL');
    const output = await done;
    record('it closes when the session has ended');
    expect(output).toEqual(drained);
    expect(server.connections.items).toHaveLength(1);
  });

  fault('the server comes back during a drain', { within: 2_000 }, async (record) => {
    const { server, worker, connection, run } = await start(record);
    await run('AJ_1');
    const done = worker.handle.drain();
    record.start();
    connection.drop();
    const second = await server.registered(2);
    await second.next('migrateJob');
    const [status] = [await second.next('updateWorker')];
    second.offer('AJ_2');
    expect((await second.answer('AJ_2')).available).toBe(false);
    record('it is told FULL first, and that the job goes on');
    expect(status).toMatchObject({ status: 1, load: 1 });
    second.terminate('AJ_1');
    // The job is not one of this connection, but its id is.
    expect(await done).toEqual(drained);
  });

  fault('drain timeout', { within: 2_000 }, async (record) => {
    const { log, worker, run } = await start(record, { drainTimeoutMs: 500 });
    const pids = [await run('AJ_1'), await run('AJ_2')];
    record.start();
    const output = await worker.handle.drain();
    record('the sessions are ended in order; log and output name them');
    expect(output).toEqual({
      outcome: 'closed',
      cause: 'drain-timeout',
      abandoned: ['AJ_1', 'AJ_2'],
      failure: null,
    });
    expect(log.texts).toContain('shutting down worker: ending 2 running jobs: AJ_1, AJ_2');
    expect(log.texts).toContain('worker closed; abandoned 2 jobs: AJ_1, AJ_2');
    for (const { session } of worker.all('job.ended')) {
      expect(session).toMatchObject({ outcome: 'failed', reason: 'drain-timeout' });
    }
    expect(pids.filter(runs)).toEqual([]);
  });

  // The session's own budget, 5 s more for link and exit, 5 s for the answer to the request to end, 2 s for SIGTERM.
  const ladderMs = 500 + 5_000 + 5_000 + 2_000;
  fault('close with a session that hangs', { within: ladderMs + 1_000 }, async (record) => {
    const { log, worker, run } = await start(record, {
      agent: 'hangs-when-told-to-end',
      shutdownTimeoutMs: 500,
    });
    const pid = await run('AJ_1');
    record.start();
    const output = await worker.handle.close();
    const [job] = worker.all('job.ended');
    record(`the kill ladder ends it: ${job?.failure?.message}`);
    expect(output).toMatchObject({ outcome: 'closed', cause: 'closed', failure: null });
    expect(job?.session).toMatchObject({ reason: 'worker-closing' });
    expect(log.texts).toContain('shutting down worker: ending 1 running job: AJ_1');
    expect(runs(pid)).toBe(false);
  });

  fault('kill while a session that hangs is being closed', { within: 1_000 }, async (record) => {
    const { log, worker, run } = await start(record, { agent: 'hangs-when-told-to-end' });
    const pid = await run('AJ_1');
    const done = worker.handle.close();
    await worker.next('worker.closing');
    record.start();
    void worker.handle.kill();
    const output = await done;
    record('its process is killed at once; log and output name the job');
    expect(output).toMatchObject({ outcome: 'closed', abandoned: ['AJ_1'] });
    expect(log.texts).toContain('worker closed; abandoned 1 job: AJ_1');
    expect(runs(pid)).toBe(false);
  });

  fault('drain called twice, then close', { within: 2_000 }, async (record) => {
    const { worker, run } = await start(record);
    await run('AJ_1');
    const { handle } = worker;
    const first = handle.drain();
    const second = handle.drain(1);
    record.start();
    const outputs = await Promise.all([first, second, handle.close('enough')]);
    record('one drain, one close; every promise settles with the same output');
    expect(new Set(outputs).size).toBe(1);
    expect(outputs[0]).toMatchObject({ outcome: 'closed', cause: 'enough' });
    expect(worker.all('worker.draining')).toHaveLength(1);
    expect(worker.all('worker.closing')).toHaveLength(1);
    expect(await handle.drain()).toBe(outputs[0]);
  });

  fault('drain called off', { within: 2_000 }, async (record) => {
    const { log, worker, connection, run } = await start(record);
    const pid = await run('AJ_1');
    const done = worker.handle.drain(1_000);
    await connection.next('updateWorker', ({ status }) => status === 1);
    record.start();
    const from = connection.received.items.length;
    worker.handle.resume();
    await connection.next('updateWorker', ({ status }) => status === 0, { from });
    await run('AJ_2');
    record('jobs are taken again, the running session stays');
    expect(log.texts).toContain('resumed');
    // The deadline of the first drain is over by the time that this one ends.
    const last = worker.handle.drain(1_500);
    expect(await last).toBe(await done);
    expect(worker.all('job.ended').map(({ session }) => session?.reason)).toEqual([
      'drain-timeout',
      'drain-timeout',
    ]);
    expect(worker.all('worker.draining')).toMatchObject([
      { timeoutMs: 1_000 },
      { timeoutMs: 1_500 },
    ]);
    expect(runs(pid)).toBe(false);
  });

  fault('resume when the worker closes already', { within: 2_000 }, async (record) => {
    const { worker, connection, run } = await start(record);
    await run('AJ_1');
    const done = worker.handle.close();
    record.start();
    worker.handle.resume();
    expect((await connection.ask('AJ_2')).available).toBe(false);
    const output = await done;
    record('it closes');
    expect(output).toMatchObject({ outcome: 'closed' });
    expect(worker.all('worker.resumed')).toEqual([]);
  });
});
