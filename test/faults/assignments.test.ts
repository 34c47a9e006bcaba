/** Requests, assignments and terminations that come twice, late, never, or for jobs nobody knows. */
import { expect } from 'vitest';
import { fault, type FaultRecord, section } from '../support/fault.ts';
import { makeGate } from '../support/gate.ts';
import { LibraryWorker, runs } from '../support/library-worker.ts';
import { ScriptedServer } from '../support/scripted-server.ts';

const failed = 3;

/** A worker that waits for jobs, and the server's end of its connection. */
async function start(
  record: FaultRecord,
  options: ConstructorParameters<typeof LibraryWorker>[2] = {},
) {
  const server = await ScriptedServer.start(record);
  const worker = await LibraryWorker.start(record, server.access, options);
  const connection = await server.available(1);
  return { server, worker, connection };
}

/** A worker with one running job. */
async function startBusy(record: FaultRecord) {
  const running = await start(record);
  await running.connection.dispatch('AJ_1');
  return { ...running, pid: await running.worker.pidOf('AJ_1') };
}

section.concurrent('Server and network', () => {
  fault('the same request twice while it is being decided', { within: 1_000 }, async (record) => {
    const decision = makeGate();
    const { worker, connection } = await start(record, {
      requestFunc: async (request) => {
        await decision.opened;
        await request.accept();
      },
    });
    connection.offer('AJ_1');
    await worker.next('job.requested');
    record.start();
    connection.offer('AJ_1');
    await connection.settle();
    decision.open();
    await connection.answer('AJ_1');
    await connection.settle();
    record('one answer, one job');
    expect(connection.all('availability')).toMatchObject([{ jobId: 'AJ_1', available: true }]);
    expect(worker.all('job.requested')).toHaveLength(1);
    connection.assign('AJ_1');
    await worker.pidOf('AJ_1');
  });

  fault('request for a job that runs already', { within: 1_000 }, async (record) => {
    const { worker, connection, pid } = await startBusy(record);
    record.start();
    connection.offer('AJ_1');
    await connection.settle();
    record('not answered again; the job goes on');
    expect(connection.all('availability')).toMatchObject([{ jobId: 'AJ_1', available: true }]);
    expect(worker.handle.activeJobs).toEqual([{ jobId: 'AJ_1', phase: 'running' }]);
    expect(runs(pid)).toBe(true);
  });

  fault('the same job on two registrations of a worker', { within: 1_000 }, async (record) => {
    const server = await ScriptedServer.start(record);
    const accepted: string[] = [];
    const worker = await LibraryWorker.start(record, server.access, {
      registrations: [{ agentName: 'one' }, { agentName: 'other' }],
      requestFunc: async (request) => {
        await request.accept();
        accepted.push(request.id);
      },
    });
    const [first, second] = [await server.available(1), await server.available(2)];
    record.start();
    expect((await first.ask('AJ_1')).available).toBe(true);
    expect((await second.ask('AJ_1')).available).toBe(false);
    record('refused on the second, the job goes on');
    first.assign('AJ_1');
    await worker.pidOf('AJ_1');
    await first.settle();
    // What accept() has promised is kept.
    expect(accepted).toEqual(['AJ_1']);
  });

  fault('assignment without a request', { within: 1_000 }, async (record) => {
    const { worker, connection } = await start(record);
    record.start();
    connection.assign('AJ_1');
    const { status, error } = await connection.jobUpdate('AJ_1');
    record(`answered FAILED: ${error}`);
    expect(status).toBe(failed);
    expect(worker.handle.activeJobs).toEqual([]);
    expect((await connection.ask('AJ_2')).available).toBe(true);
  });

  fault('the same assignment twice', { within: 1_000 }, async (record) => {
    const { worker, connection, pid } = await startBusy(record);
    record.start();
    connection.assign('AJ_1');
    await connection.settle();
    record('the job runs once');
    expect(worker.all('job.launching')).toHaveLength(1);
    expect(connection.all('updateJob')).toEqual([]);
    expect(runs(pid)).toBe(true);
  });

  fault('assignment that never comes', { within: 5_500 }, async (record) => {
    const { worker, connection } = await start(record, { maxJobs: 1 });
    record.start();
    await connection.ask('AJ_1');
    const { end, failure } = await worker.ended('AJ_1');
    record(`after 5 s the job is ${end} (${failure?.code}), its slot and its process are free`);
    await connection.dispatch('AJ_2');
    expect(await worker.pidOf('AJ_2')).toBe(worker.all('process.starting')[0]?.pid);
  });

  fault('late assignment', { within: 1_000 }, async (record) => {
    const { worker, connection } = await start(record, { assignmentTimeoutMs: 100 });
    await connection.ask('AJ_1');
    await worker.ended('AJ_1');
    record.start();
    connection.assign('AJ_1');
    const { status, error } = await connection.jobUpdate('AJ_1');
    record(`answered FAILED: ${error}`);
    expect(status).toBe(failed);
    expect(worker.all('job.launching')).toEqual([]);
  });

  fault('termination of an unknown job', { within: 1_000 }, async (record) => {
    const { worker, connection, pid } = await startBusy(record);
    record.start();
    connection.terminate('AJ_unknown');
    await connection.settle();
    record('skipped');
    expect(worker.all('job.closing')).toEqual([]);
    expect(connection.all('updateJob')).toEqual([]);
    expect(runs(pid)).toBe(true);
  });

  fault('termination of an accepted job', { within: 1_000 }, async (record) => {
    const { worker, connection } = await start(record, { maxJobs: 1 });
    await connection.ask('AJ_1');
    record.start();
    connection.terminate('AJ_1');
    const { end } = await worker.ended('AJ_1');
    record(`the job is ${end} before it starts, its slot and its process are free`);
    // They may cross.
    connection.assign('AJ_1');
    expect(await connection.jobUpdate('AJ_1')).toMatchObject({ status: failed });
    await connection.dispatch('AJ_2');
    expect(await worker.pidOf('AJ_2')).toBe(worker.all('process.starting')[0]?.pid);
  });

  fault('termination of a starting job', { within: 1_000 }, async (record) => {
    const { worker, connection } = await start(record);
    await connection.ask('AJ_1');
    record.start();
    connection.assign('AJ_1');
    connection.terminate('AJ_1');
    const { end, session } = await worker.ended('AJ_1');
    record(`the job has ${end} (${session?.reason})`);
    await expectOneReport(connection, worker);
  });

  fault('termination of a job whose process still warms up', { within: 2_000 }, async (record) => {
    const { worker, connection } = await start(record, { agent: 'warms-slowly' });
    await connection.dispatch('AJ_0');
    await worker.pidOf('AJ_0');
    await connection.ask('AJ_1');
    record.start();
    connection.assign('AJ_1');
    connection.terminate('AJ_1');
    const { end } = await worker.ended('AJ_1');
    record(`the job is ${end} before it starts, its process is stopped`);
    expect(await connection.jobUpdate('AJ_1')).toMatchObject({ status: failed });
    expect(worker.handle.activeJobs).toEqual([{ jobId: 'AJ_0', phase: 'running' }]);
  });

  fault('termination of a running job, twice', { within: 1_000 }, async (record) => {
    const { worker, connection, pid } = await startBusy(record);
    record.start();
    connection.terminate('AJ_1');
    connection.terminate('AJ_1');
    const { end, session } = await worker.ended('AJ_1');
    record(`the job has ${end} (${session?.reason}), once`);
    await expectOneReport(connection, worker);
    expect(runs(pid)).toBe(false);
  });

  fault('termination of a finished job', { within: 1_000 }, async (record) => {
    const { worker, connection } = await start(record);
    await connection.dispatch('AJ_1', { metadata: 'return' });
    await worker.ended('AJ_1');
    record.start();
    connection.terminate('AJ_1');
    await connection.settle();
    record('skipped');
    await expectOneReport(connection, worker);
    expect((await connection.ask('AJ_2')).available).toBe(true);
  });
});

/** One end, one report of it, and nothing more after whatever is still on its way. */
async function expectOneReport(
  connection: Awaited<ReturnType<typeof start>>['connection'],
  worker: LibraryWorker,
): Promise<void> {
  await connection.jobUpdate('AJ_1');
  await connection.settle();
  expect(connection.all('updateJob')).toHaveLength(1);
  expect(worker.all('job.ended')).toHaveLength(1);
  expect(worker.handle.activeJobs).toEqual([]);
}
