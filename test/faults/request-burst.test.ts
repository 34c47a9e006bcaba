/** A thousand job requests within a second: every one is answered, once, in time. */
import { setTimeout as pause } from 'node:timers/promises';
import type { AvailabilityResponse } from '@livekit/protocol';
import { expect } from 'vitest';
import { fault, type FaultRecord, section } from '../support/fault.ts';
import { ScriptedServer } from '../support/scripted-server.ts';
import { agentFile } from '../support/stage.ts';
import type { WorkerConnection } from '../support/worker-connection.ts';
import { startWorkerProgram } from '../support/worker-program.ts';

const requests = 1_000;

// The time is that of the slowest answer.
section('Server and network', () => {
  fault('1,000 requests in a second, five slots', { within: 2_000 }, async (record) => {
    const connection = await startWorker(record, 'stays', { maxJobs: 5 });
    const { answers, slowestMs } = await offerAll(connection);
    record('each is answered once, five are accepted', slowestMs);
    expectOneEach(answers);
    expect(answers.filter(({ available }) => available)).toHaveLength(5);
  });

  fault('1,000 requests in a second, no limit', { within: 2_000 }, async (record) => {
    const connection = await startWorker(record, 'decides-in-every-way');
    const { answers, slowestMs } = await offerAll(connection);
    record('each is decided and answered once', slowestMs);
    expectOneEach(answers);
    expect(answers.filter(({ terminate }) => terminate)).toHaveLength(requests / 5);
  });
});

/** A program of its own: the worker shares its event loop with nobody. */
async function startWorker(record: FaultRecord, agent: string, options: { maxJobs?: number } = {}) {
  const server = await ScriptedServer.start(record);
  const program = startWorkerProgram({
    agent: agentFile(agent),
    server: server.access,
    env: { AGENT_OPTIONS: JSON.stringify({ logLevel: 'error', ...options }) },
  });
  // Accepted jobs are never assigned: a drain would wait for them.
  record.after(() => program.stop({ withinMs: 2_000 }));
  return server.available(1);
}

/** One request each millisecond; answers all answers and how long the slowest took. */
async function offerAll(connection: WorkerConnection) {
  const offered = new Map<string, number>();
  const started = performance.now();
  while (offered.size < requests) {
    // What the timer was late is made up for.
    const due = Math.min(requests, Math.ceil(performance.now() - started));
    while (offered.size < due) {
      const jobId = `AJ_${offered.size}`;
      offered.set(jobId, performance.now());
      connection.offer(jobId);
    }
    await pause(10);
  }
  await Promise.all([...offered.keys()].map((jobId) => connection.answer(jobId)));
  await connection.settle();
  const times = connection.received.items.flatMap((item) =>
    item.case === 'availability' ? [item.at - (offered.get(item.value.jobId) ?? 0)] : [],
  );
  return { answers: connection.all('availability'), slowestMs: Math.max(...times) };
}

function expectOneEach(answers: AvailabilityResponse[]): void {
  expect(answers).toHaveLength(requests);
  expect(new Set(answers.map(({ jobId }) => jobId)).size).toBe(requests);
}
