/** Connections that are lost, that nobody notices to be lost, that are slow, and that never come about. */
import { expect } from 'vitest';
import { fault, section } from '../support/fault.ts';
import { makeGate } from '../support/gate.ts';
import { LibraryWorker, runs } from '../support/library-worker.ts';
import { ScriptedServer } from '../support/scripted-server.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import type { WorkerConnection } from '../support/worker-connection.ts';

/** Resolves with the n-th ping that comes of silence, every 5 s: two came before, behind FULL and behind AVAILABLE. */
function pingOfSilence(connection: WorkerConnection, nth: number): Promise<unknown> {
  return connection.next('ping', () => connection.all('ping').length >= nth + 2);
}

section.concurrent('Server and network', () => {
  fault('half-open connection', { within: 15_000 }, async (record) => {
    const server = await ScriptedServer.start(record);
    const proxy = await startTcpProxy(server.access.url);
    record.after(() => proxy.close());
    const worker = await LibraryWorker.start(record, { ...server.access, url: proxy.url });
    const first = await server.available(1);
    await first.dispatch('AJ_1');
    const pid = await worker.pidOf('AJ_1');
    const stalled = await proxy.waitForConnection('/agent');
    record.start();
    stalled.stall();
    const { reason } = await worker.next('registration.lost', undefined, { timeoutMs: 16_000 });
    const second = await server.available(2);
    record(`given up (${reason}) and made anew, the job goes on`);
    expect(await second.next('migrateJob')).toMatchObject({ jobIds: ['AJ_1'] });
    expect(runs(pid)).toBe(true);
    stalled.resume();
  });

  fault('TCP connection accepted, upgrade never answered', { within: 11_000 }, async (record) => {
    const server = await ScriptedServer.start(record);
    server.upgrade = 'ignore';
    const worker = LibraryWorker.launch(record, server.access);
    await server.request(1);
    record.start();
    server.upgrade = 'accept';
    const { reason } = await worker.next('registration.retrying', undefined, { timeoutMs: 12_000 });
    record('given up after 10 s and tried again');
    await server.available(1);
    expect(reason).toMatch(/^could not connect to .*: no answer within 10000 ms$/);
  });

  fault('Register never answered', { within: 11_000 }, async (record) => {
    const server = await ScriptedServer.start(record);
    server.answersRegister = false;
    const worker = LibraryWorker.launch(record, server.access);
    const first = await server.registered(1);
    record.start();
    server.answersRegister = true;
    const { reason } = await worker.next('registration.retrying', undefined, { timeoutMs: 12_000 });
    record('given up after 10 s and tried again');
    await server.available(2);
    expect(reason).toBe('the server did not answer Register');
    expect(await first.closed).toMatchObject({ code: 1000 });
  });

  fault('connection lost after it had lasted 10 s', { within: 2_000 }, async (record) => {
    const server = await ScriptedServer.start(record);
    server.upgrade = 503;
    const worker = LibraryWorker.launch(record, server.access);
    await server.request(2);
    server.upgrade = 'accept';
    const first = await server.available(1);
    await pingOfSilence(first, 1);
    await pingOfSilence(first, 2);
    record.start();
    first.drop();
    await server.available(2);
    record('the back-off starts anew: 0.5 s at most');
    expect(worker.all('registration.retrying').map(({ attempt }) => attempt)).toEqual([1, 2, 1]);
  });

  fault('slow network: 500 ms each way', { within: 2_000 }, async (record) => {
    const server = await ScriptedServer.start(record);
    const proxy = await startTcpProxy(server.access.url);
    record.after(() => proxy.close());
    proxy.delay(500);
    const worker = await LibraryWorker.start(record, { ...server.access, url: proxy.url });
    const connection = await server.available(1);
    // The latency holds while pings go to and fro.
    await pingOfSilence(connection, 1);
    await connection.settle();
    record.start();
    const { available } = await connection.ask('AJ_1');
    record('the offer is answered in time, the connection holds');
    expect(available).toBe(true);
    connection.assign('AJ_1', { metadata: 'return' });
    expect(await connection.jobUpdate('AJ_1')).toMatchObject({ status: 2 });
    expect(worker.all('registration.lost')).toEqual([]);
  });

  fault('connection lost while a request is being decided', { within: 2_000 }, async (record) => {
    const server = await ScriptedServer.start(record);
    const decision = makeGate();
    const worker = await LibraryWorker.start(record, server.access, {
      requestFunc: async (request) => {
        if (request.id === 'AJ_1') await decision.opened;
        await request.accept();
      },
    });
    const first = await server.available(1);
    first.offer('AJ_1');
    await worker.next('job.requested');
    record.start();
    first.drop();
    const { end } = await worker.ended('AJ_1');
    const second = await server.available(2);
    record(`the job is ${end}; nothing of it is answered on the next connection`);
    decision.open();
    expect((await second.ask('AJ_2')).available).toBe(true);
    expect(second.all('availability').map(({ jobId }) => jobId)).toEqual(['AJ_2']);
  });

  fault('connection lost before the assignment', { within: 2_000 }, async (record) => {
    const server = await ScriptedServer.start(record);
    const worker = await LibraryWorker.start(record, server.access, { maxJobs: 1 });
    const first = await server.available(1);
    expect((await first.ask('AJ_1')).available).toBe(true);
    record.start();
    first.drop();
    const { end } = await worker.ended('AJ_1');
    const second = await server.available(2);
    record(`the job is ${end}, its slot and its process are free`);
    await second.dispatch('AJ_2');
    const claimed = worker.all('process.claimed').map(({ process }) => process);
    expect(claimed).toEqual(['process.1', 'process.1']);
    expect(await worker.pidOf('AJ_2')).toBe(worker.all('process.starting')[0]?.pid);
  });

  fault('another worker id after the reconnect', { within: 2_000 }, async (record) => {
    const server = await ScriptedServer.start(record);
    const worker = await LibraryWorker.start(record, server.access);
    const first = await server.available(1);
    await first.dispatch('AJ_1');
    await worker.pidOf('AJ_1');
    expect(worker.handle.id).toBe('AW_1');
    record.start();
    first.drop();
    const second = await server.available(2);
    await second.next('migrateJob');
    record('the job goes on; the server is told of it, and asked for nothing of the old id');
    expect(worker.handle.id).toBe('AW_2');
    // The server of this connection does not know the job: its end is no news for it.
    second.terminate('AJ_1');
    expect(await worker.ended('AJ_1')).toMatchObject({ workerId: 'AW_1', end: 'succeeded' });
    expect(await second.dispatch('AJ_2')).toBe(true);
    expect(await worker.next('job.started', ({ jobId }) => jobId === 'AJ_2')).toMatchObject({
      workerId: 'AW_2',
    });
    expect(second.all('updateJob')).toEqual([]);
  });

  fault('nothing listens at first', { within: 5_000 }, async (record) => {
    const server = await ScriptedServer.start(record);
    const proxy = await startTcpProxy(server.access.url);
    record.after(() => proxy.close());
    proxy.refuse();
    const worker = LibraryWorker.launch(record, { ...server.access, url: proxy.url });
    record.start();
    await worker.next('registration.retrying', ({ attempt }) => attempt === 3);
    await proxy.accept();
    await server.available(1);
    record('tried until somebody listens');
    expect(worker.all('registration.retrying')[0]?.reason).toContain('nothing listens');
  });

  fault('worker closed while it waits for the next try', { within: 1_000 }, async (record) => {
    const server = await ScriptedServer.start(record);
    server.upgrade = 503;
    const worker = LibraryWorker.launch(record, server.access);
    await worker.next('registration.retrying', ({ attempt }) => attempt === 3);
    record.start();
    const { outcome } = await worker.handle.close();
    record(`${outcome} at once`);
  });
});
