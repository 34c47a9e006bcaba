/** What `requestFunc` may do to a job request: whatever it is, exactly one answer leaves in time. */
import type { JobRequest } from 'greenroom';
import { expect } from 'vitest';
import { fault, type FaultRecord, section } from '../support/fault.ts';
import { makeGate } from '../support/gate.ts';
import { LibraryWorker } from '../support/library-worker.ts';
import { MemoryLog } from '../support/memory-log.ts';
import { ScriptedServer } from '../support/scripted-server.ts';

/** `requestTimeoutMs`, and the turn of the event loop in which its timer fires. */
const inTimeMs = 2_200;
const never = new Promise<void>(() => {});

type Options = ConstructorParameters<typeof LibraryWorker>[2];

/** A worker with its log, and the server's end of its connection. */
async function start(record: FaultRecord, options: Options) {
  const log = new MemoryLog();
  const server = await ScriptedServer.start(record);
  const worker = await LibraryWorker.start(record, server.access, {
    logger: log.logger,
    ...options,
  });
  const connection = await server.available(1);
  return { log, worker, connection };
}

/** Offers one job; nothing but its one answer comes, and the worker goes on taking jobs. */
async function offer(record: FaultRecord, requestFunc: (request: JobRequest) => unknown) {
  const { log, worker, connection } = await start(record, {
    requestFunc: async (request) => {
      if (request.id === 'AJ_next') return request.accept();
      await requestFunc(request);
    },
  });
  record.start();
  const { available } = await connection.ask('AJ_1');
  const [rejected] = worker.all('job.rejected');
  record(available ? 'accepted' : `rejected: ${rejected?.reason}`);
  expect((await connection.ask('AJ_next')).available).toBe(true);
  await connection.settle();
  expect(connection.all('availability').map(({ jobId }) => jobId)).toEqual(['AJ_1', 'AJ_next']);
  return { log, rejected, available };
}

/** Keeps the event loop busy. */
function block(milliseconds: number): void {
  const until = performance.now() + milliseconds;
  while (performance.now() < until);
}

section.concurrent('Capacity', () => {
  fault('requestFunc throws', { within: 1_000 }, async (record) => {
    const { rejected, log } = await offer(record, () => {
      throw new Error('no disk');
    });
    expect(rejected).toMatchObject({ reason: 'request-failed', detail: 'no disk' });
    expect(log.texts).toContain('rejected job request: request-failed (no disk)');
  });

  fault('requestFunc rejects later', { within: 1_000 }, async (record) => {
    const { rejected } = await offer(record, () => Promise.reject(new Error('no disk')));
    expect(rejected).toMatchObject({ reason: 'request-failed', detail: 'no disk' });
  });

  fault('requestFunc returns without an answer', { within: 1_000 }, async (record) => {
    const { rejected } = await offer(record, () => {});
    expect(rejected).toMatchObject({ reason: 'no-answer' });
  });

  fault('requestFunc never answers', { within: inTimeMs }, async (record) => {
    const { rejected, log } = await offer(record, () => never);
    expect(rejected).toMatchObject({ reason: 'request-timeout' });
    expect(log.texts).toContain(
      'rejected job request: request-timeout (requestFunc did not answer within 2000 ms)',
    );
  });

  fault('requestFunc accepts, then rejects', { within: 1_000 }, async (record) => {
    const { available, log } = await offer(record, async (request) => {
      void request.accept();
      await request.reject();
    });
    expect(available).toBe(true);
    expect(log.texts).toContain('requestFunc failed after its answer');
  });

  fault('requestFunc rejects, then accepts', { within: 1_000 }, async (record) => {
    const { rejected, log } = await offer(record, async (request) => {
      await request.reject({ reason: 'too late' });
      await request.accept();
    });
    expect(rejected).toMatchObject({ reason: 'rejected', detail: 'too late' });
    expect(log.texts).toContain('requestFunc failed after its answer');
  });

  fault('requestFunc accepts and never returns', { within: 1_000 }, async (record) => {
    const { available } = await offer(record, (request) => {
      void request.accept();
      return never;
    });
    expect(available).toBe(true);
  });
});

// These need the event loop for themselves.
section('Capacity', () => {
  const blocks = 'requestFunc blocks the event loop for 2.5 s';
  fault(blocks, { within: 250 }, async (record) => {
    const { rejected, log } = await offer(record, async (request) => {
      block(2_500);
      record.start();
      await request.accept();
    });
    expect(rejected?.reason).toBe('request-timeout');
    const line = /^rejected job request: request-timeout \(requestFunc answered after 2[56]\d\d ms/;
    expect(log.texts).toContainEqual(expect.stringMatching(line));
  });

  const another = 'another request is being decided while requestFunc blocks for 2.5 s';
  fault(another, { within: 250 }, async (record) => {
    const first = makeGate();
    const { connection, worker } = await start(record, {
      requestFunc: async (request) => {
        if (request.id === 'AJ_1') await first.opened;
        else {
          first.open();
          block(2_500);
          record.start();
        }
        await request.accept();
      },
    });
    connection.offer('AJ_1');
    connection.offer('AJ_2');
    const answers = [await connection.answer('AJ_1'), await connection.answer('AJ_2')];
    record('both are rejected in the next turn: request-timeout');
    expect(answers.map(({ available }) => available)).toEqual([false, false]);
    expect(worker.all('job.rejected').map(({ reason }) => reason)).toEqual([
      'request-timeout',
      'request-timeout',
    ]);
  });
});
