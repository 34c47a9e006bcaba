/** The rules for a correct worker, as the server sees it; those that need a room are in `rules-in-rooms.test.ts`. */
import { WorkerPermissions } from 'greenroom';
import { expect } from 'vitest';
import { fault, type FaultRecord, section } from '../support/fault.ts';
import { makeGate } from '../support/gate.ts';
import { LibraryWorker, runs } from '../support/library-worker.ts';
import { ScriptedServer } from '../support/scripted-server.ts';

type Options = ConstructorParameters<typeof LibraryWorker>[2];

const available = 0;
const full = 1;
const success = 2;

async function start(record: FaultRecord, options: Options = {}) {
  const server = await ScriptedServer.start(record);
  const worker = await LibraryWorker.start(record, server.access, options);
  return { server, worker, connection: await server.available(1) };
}

section.concurrent('Server and network', () => {
  // The timer is 2 s, then the answer has to leave; the server waits 2.8 s.
  fault('R1 answers every offer within 2 s', { within: 2_500 }, async (record) => {
    const { connection } = await start(record, { requestFunc: () => new Promise(() => {}) });
    record.start();
    const answer = await connection.ask('AJ_1');
    record('requestFunc that never answers: rejected');
    expect(answer.available).toBe(false);
  });

  fault(
    'R2 reserves the slot until the assignment, 5 s at most',
    { within: 5_500 },
    async (record) => {
      const { worker, connection } = await start(record, { maxJobs: 1 });
      record.start();
      expect((await connection.ask('AJ_1')).available).toBe(true);
      expect(worker.handle.activeJobs).toEqual([{ jobId: 'AJ_1', phase: 'reserved' }]);
      expect((await connection.ask('AJ_2')).available).toBe(false);
      await worker.ended('AJ_1');
      record('reserved with the answer, free again when no assignment came');
      expect((await connection.ask('AJ_3')).available).toBe(true);
    },
  );

  fault('R3 keeps open offers apart and answers each once', { within: 1_000 }, async (record) => {
    const gates = { AJ_1: makeGate(), AJ_2: makeGate(), AJ_3: makeGate() };
    const { worker, connection } = await start(record, {
      requestFunc: async (request) => {
        await gates[request.id as keyof typeof gates].opened;
        await (request.id === 'AJ_2' ? request.reject() : request.accept());
      },
    });
    record.start();
    for (const jobId of Object.keys(gates)) connection.offer(jobId);
    await worker.next('job.requested', ({ jobId }) => jobId === 'AJ_3');
    for (const jobId of ['AJ_3', 'AJ_2', 'AJ_1'] as const) {
      gates[jobId].open();
      await connection.answer(jobId);
    }
    await connection.settle();
    record('three open at once, answered in another order');
    expect(connection.all('availability').map((one) => [one.jobId, one.available])).toEqual([
      ['AJ_3', true],
      ['AJ_2', false],
      ['AJ_1', true],
    ]);
  });

  fault(
    'R4 reports status and load together, at each change',
    { within: 2_000 },
    async (record) => {
      const { worker, connection } = await start(record, {
        maxJobs: 2,
        loadFunc: () => Number.NaN,
      });
      const told = () => connection.all('updateWorker').at(-1);
      record.start();
      await connection.dispatch('AJ_1');
      expect(told()).toMatchObject({ status: available, jobCount: 1 });
      expect(told()?.load).toBeCloseTo(0.345);
      await connection.dispatch('AJ_2');
      expect(told()).toMatchObject({ status: full, load: 1, jobCount: 2 });
      await worker.pidOf('AJ_2');
      connection.terminate('AJ_2');
      await connection.next(
        'updateWorker',
        ({ status, jobCount }) => status === 0 && jobCount === 1,
        {
          from: connection.received.items.length,
        },
      );
      record('below 0.7 while it wants jobs, FULL with 1 when it does not, never NaN');
      for (const { status, load } of connection.all('updateWorker')) {
        expect(status).toBeDefined();
        expect(load).not.toBeNaN();
        if (status === available) expect(load).toBeLessThan(0.7);
        else expect(load).toBe(1);
      }
    },
  );

  fault('R5 gives every agent an identity of its own', { within: 1_000 }, async (record) => {
    const { connection } = await start(record, {
      requestFunc: (request) => request.accept({ identity: request.id === 'AJ_3' ? 'mabel' : '' }),
    });
    record.start();
    const jobIds = ['AJ_1', 'AJ_2', 'AJ_3'];
    const answers = await Promise.all(jobIds.map((jobId) => connection.ask(jobId)));
    record('agent-<job id>, also for an empty one');
    const identities = answers.map(({ participantIdentity }) => participantIdentity);
    expect(identities).toEqual(['agent-AJ_1', 'agent-AJ_2', 'mabel']);
  });

  fault('R8 reports the end once, when it has come', { within: 1_000 }, async (record) => {
    const { worker, connection } = await start(record);
    record.start();
    await connection.dispatch('AJ_1', { metadata: 'return' });
    const { status } = await connection.jobUpdate('AJ_1');
    await worker.ended('AJ_1');
    await connection.settle();
    record('once, after entry has returned; not with the assignment');
    expect(status).toBe(success);
    expect(connection.all('updateJob')).toHaveLength(1);
    const { at: closingAt } = await worker.next('job.closing');
    const report = connection.received.items.find((item) => item.case === 'updateJob');
    expect(report?.at).toBeGreaterThan(closingAt);
  });

  fault('R11 keeps its jobs when the socket is lost', { within: 2_000 }, async (record) => {
    const { server, worker, connection } = await start(record);
    await connection.dispatch('AJ_1');
    const pid = await worker.pidOf('AJ_1');
    record.start();
    connection.drop();
    const next = await server.available(2);
    const { jobIds } = await next.next('migrateJob');
    record('connects and registers anew, names the jobs that run on');
    expect(jobIds).toEqual(['AJ_1']);
    expect(next.received.items[0]?.case).toBe('register');
    expect(runs(pid)).toBe(true);
    expect(worker.all('job.closing')).toEqual([]);
  });

  fault(
    'R12 tells a refused Register from a lost connection',
    { within: 5_000 },
    async (record) => {
      const server = await ScriptedServer.start(record);
      server.answersRegister = false;
      const worker = LibraryWorker.launch(record, server.access, { deployment: 'blue' });
      const connection = await server.registered(1);
      record.start();
      connection.drop();
      const { outcome, failure } = await worker.handle.done;
      record(`closed in answer to the first Register: the worker ends (${failure?.code})`);
      expect(outcome).toBe('failed');
      expect(failure?.message).toContain('job type (room) and the deployment ("blue")');
      expect(server.requests.items).toHaveLength(1);
    },
  );

  fault('R13 drops a socket whose ping gets no pong', { within: 11_000 }, async (record) => {
    const server = await ScriptedServer.start(record);
    server.answersPings = false;
    const worker = LibraryWorker.launch(record, server.access);
    const { at } = await worker.next('registration.registered');
    record.start();
    const { reason, at: lostAt } = await worker.next('registration.lost', undefined, {
      timeoutMs: 12_000,
    });
    record(`pings after 5 s, waits 5 s: ${reason}`);
    server.answersPings = true;
    const [first] = server.connections.items;
    const ping = first!.received.items.findLast((item) => item.case === 'ping');
    expect(ping!.at - at).toBeGreaterThan(4_900);
    expect(lostAt - ping!.at).toBeGreaterThan(4_900);
    await server.available(2);
  });

  fault('R14 answers the WebSocket pings of the server', { within: 1_000 }, async (record) => {
    const { connection } = await start(record);
    record.start();
    await connection.settle();
    record('with a pong');
  });

  fault('R15 registers with explicit permissions', { within: 1_000 }, async (record) => {
    const { connection } = await start(record);
    const { connection: other } = await start(record, {
      permissions: new WorkerPermissions(false),
    });
    record.start();
    const { allowedPermissions } = await connection.next('register');
    const changed = (await other.next('register')).allowedPermissions;
    record('all of them, also when one was set');
    const all = {
      canPublish: true,
      canSubscribe: true,
      canPublishData: true,
      canUpdateMetadata: true,
    };
    expect(allowedPermissions).toMatchObject(all);
    expect(changed).toMatchObject({ ...all, canPublish: false });
  });

  fault('R16 drains: full, answering, then closed with 1000', { within: 2_000 }, async (record) => {
    const { worker, connection } = await start(record);
    await connection.dispatch('AJ_1');
    const pid = await worker.pidOf('AJ_1');
    record.start();
    const done = worker.handle.drain();
    await connection.next('updateWorker', ({ status, load }) => status === full && load === 1);
    expect((await connection.ask('AJ_2')).available).toBe(false);
    expect(runs(pid)).toBe(true);
    connection.terminate('AJ_1');
    const [{ outcome }, { code }] = await Promise.all([done, connection.closed]);
    record(`says FULL, rejects, waits for its job, closes with ${code}`);
    expect(outcome).toBe('drained');
    expect(connection.all('updateJob')).toHaveLength(1);
  });

  fault('R17 never simulates a job without a room', { within: 1_000 }, async (record) => {
    const { worker, connection } = await start(record);
    record.start();
    for (const room of ['', undefined as unknown as string]) {
      expect(() => worker.handle.simulateJob(room)).toThrow(
        'simulateJob() needs the name of a room',
      );
    }
    worker.handle.simulateJob('the-room');
    await connection.next('simulateJob');
    record('refused with an error');
    expect(connection.all('simulateJob').map(({ room }) => room?.name)).toEqual(['the-room']);
  });

  fault('R18 takes the URL of the assignment, else its own', { within: 5_000 }, async (record) => {
    const { server, connection } = await start(record, { numIdleProcesses: 2 });
    const other = await ScriptedServer.start(record);
    const joins = (where: ScriptedServer) =>
      where.requests.waitFor('A join', ({ path }) => path.startsWith('/rtc'));
    record.start();
    await connection.dispatch('AJ_1', { metadata: 'join' }, other.access.url);
    await joins(other);
    expect(server.requests.items.map(({ path }) => path)).toEqual(['/agent']);
    await connection.dispatch('AJ_2', { metadata: 'join' });
    await joins(server);
    record('joins there, and here');
  });
});
