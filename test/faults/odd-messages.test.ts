/** Frames that are no messages, and messages that nobody expects: what cannot be understood ends the connection, what is only new or needless is skipped. */
import { Job } from '@livekit/protocol';
import { expect } from 'vitest';
import { fault, type FaultRecord, section } from '../support/fault.ts';
import { LibraryWorker, runs } from '../support/library-worker.ts';
import { ScriptedServer } from '../support/scripted-server.ts';
import type { WorkerConnection } from '../support/worker-connection.ts';

/** A worker with one running job, and the server's end of its connection. */
async function startBusy(record: FaultRecord) {
  const server = await ScriptedServer.start(record);
  const worker = await LibraryWorker.start(record, server.access);
  const connection = await server.available(1);
  await connection.dispatch('AJ_1');
  const pid = await worker.pidOf('AJ_1');
  return { server, worker, connection, pid };
}

section.concurrent('Server and network', () => {
  const skipped: [name: string, say: (connection: WorkerConnection) => void][] = [
    ['empty message', (to) => to.sendRaw(new Uint8Array())],
    ['empty message as text', (to) => to.sendRaw('{}')],
    ['go_away, a message of a newer server', (to) => to.sendRaw(goAway('redeploy'))],
    ['unknown message as text', (to) => to.sendRaw('{"goAway":{"reason":"redeploy"}}')],
    ['unknown field in a message', (to) => to.sendRaw(terminationWithMore('AJ_unknown'))],
    ['offer without a job', (to) => to.sendRaw(Uint8Array.of(0x12, 0x00))],
    ['assignment without a job', (to) => to.sendRaw(Uint8Array.of(0x1a, 0x00))],
    ['termination without an id', (to) => to.terminate('')],
    ['pong nobody asked for', (to) => to.sendRaw(Uint8Array.of(0x22, 0x00))],
    ['second answer to Register', (to) => to.greet()],
  ];
  for (const [name, say] of skipped) {
    fault(name, { within: 1_000 }, async (record) => {
      const { server, worker, connection, pid } = await startBusy(record);
      record.start();
      say(connection);
      expect((await connection.ask('AJ_2')).available).toBe(true);
      record('skipped; the job and the connection go on');
      expect(worker.all('registration.lost')).toEqual([]);
      expect(server.connections.items).toHaveLength(1);
      expect(connection.all('updateJob')).toEqual([]);
      expect(runs(pid)).toBe(true);
    });
  }

  const refused: [name: string, say: (connection: WorkerConnection) => void, code: number][] = [
    ['garbage in a binary frame', (to) => to.sendRaw(Uint8Array.of(0xff, 0xff, 0xff)), 1007],
    ['garbage in a text frame', (to) => to.sendRaw('<html>502 Bad Gateway</html>'), 1007],
    ['message that breaks off', (to) => to.sendRaw(Uint8Array.of(0x12, 0x7f, 0x0a)), 1007],
    ['frame of 9 MiB', (to) => to.sendRaw(new Uint8Array(9 * 1024 * 1024)), 1009],
  ];
  for (const [name, say, code] of refused) {
    // The first back-off is 0.5 s at most.
    fault(name, { within: 2_000 }, async (record) => {
      const { server, worker, connection, pid } = await startBusy(record);
      record.start();
      say(connection);
      expect(await connection.closed).toMatchObject({ code });
      const next = await server.available(2);
      record(`connection closed (${code}) and made anew, the job goes on`);
      expect(await next.next('migrateJob')).toMatchObject({ jobIds: ['AJ_1'] });
      expect(worker.all('registration.lost')).toHaveLength(1);
      expect(runs(pid)).toBe(true);
    });
  }

  fault('text frames instead of binary ones', { within: 1_000 }, async (record) => {
    const server = await ScriptedServer.start(record);
    server.answersRegister = false;
    const worker = LibraryWorker.launch(record, server.access);
    const connection = await server.registered(1);
    connection.greet({ asText: true });
    await server.available(1);
    record.start();
    connection.offer('AJ_1', {}, { asText: true });
    const { available } = await connection.answer('AJ_1');
    record('understood; answered in binary frames');
    expect(available).toBe(true);
    expect(worker.all('registration.registered')).toHaveLength(1);
  });

  fault('unknown enum values', { within: 1_000 }, async (record) => {
    const server = await ScriptedServer.start(record);
    const worker = await LibraryWorker.start(record, server.access);
    const connection = await server.available(1);
    record.start();
    const job = new Job({ type: 9 as Job['type'] });
    const { available } = await connection.ask('AJ_1', { type: job.type });
    connection.assign('AJ_1', { type: job.type });
    await worker.pidOf('AJ_1');
    record('the job runs');
    expect(available).toBe(true);
  });

  fault('other messages before the answer to Register', { within: 1_000 }, async (record) => {
    const server = await ScriptedServer.start(record);
    server.answersRegister = false;
    const worker = LibraryWorker.launch(record, server.access);
    const connection = await server.registered(1);
    record.start();
    connection.offer('AJ_early');
    connection.assign('AJ_early');
    connection.terminate('AJ_early');
    connection.greet();
    await connection.next('updateWorker');
    record('skipped; registered by the answer');
    await server.available(1);
    expect(connection.received.items.map((item) => item.case).slice(0, 2)).toEqual([
      'register',
      'updateWorker',
    ]);
    expect(connection.all('availability')).toEqual([]);
    expect(worker.all('registration.connecting')).toHaveLength(1);
  });
});

/** Field 6 of a ServerMessage, with its reason in field 1. */
function goAway(reason: string): Uint8Array {
  const text = Buffer.from(reason);
  return Uint8Array.from([0x32, text.length + 2, 0x0a, text.length, ...text]);
}

/** A JobTermination with a field 15 that nobody knows. */
function terminationWithMore(jobId: string): Uint8Array {
  const text = Buffer.from(jobId);
  return Uint8Array.from([0x2a, text.length + 4, 0x0a, text.length, ...text, 0x78, 0x01]);
}
