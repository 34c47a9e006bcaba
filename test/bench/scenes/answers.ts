/** A thousand job requests within a second. */
import { fileURLToPath } from 'node:url';
import { setTimeout as pause } from 'node:timers/promises';
import { startProgram, stopProgram } from '../../support/program.mjs';
import { ScriptedServer } from '../../support/scripted-server.ts';
import type { WorkerConnection } from '../../support/worker-connection.ts';
import { percentile } from '../statistics.ts';
import { type RunScene, sample } from './scene.ts';

const requests = 1_000;
const slots = 5;
const agent = fileURLToPath(new URL('../agents/agent.mjs', import.meta.url));

/** Offers a thousand jobs to a worker with five slots, one each millisecond. */
export const runAnswers: RunScene = async (scene) => {
  const { guard, node } = scene;
  const undo: (() => unknown)[] = [];
  const server = await ScriptedServer.start({ after: (work) => void undo.push(work) });
  const { url, apiKey, apiSecret } = server.access;
  const program = startProgram(guard, node, [agent, 'start', '--log-level', 'error'], {
    env: {
      ...process.env,
      LIVEKIT_URL: url,
      LIVEKIT_API_KEY: apiKey,
      LIVEKIT_API_SECRET: apiSecret,
      BENCH_OPTIONS: JSON.stringify({ maxJobs: slots, numIdleProcesses: 2, port: 0 }),
      BENCH_FACTS: '/dev/null',
    },
  });
  try {
    const connection = await server.available(1);
    await sample(scene, async () => {
      const times = await offerAll(connection);
      return { 'answers-p99': percentile(times, 99), 'answers-max': times.at(-1) ?? Number.NaN };
    });
  } finally {
    // Accepted jobs are never assigned: a drain would wait for them.
    await stopProgram(program, { graceMs: 1_000, killAfterMs: 2_000 });
    for (const work of undo) await work();
  }
};

/** How long each answer took, sorted. */
async function offerAll(connection: WorkerConnection): Promise<number[]> {
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
    await pause(1);
  }
  await Promise.all([...offered.keys()].map((jobId) => connection.answer(jobId)));
  const times = connection.received.items.flatMap((item) =>
    item.case === 'availability' ? [item.at - (offered.get(item.value.jobId) ?? 0)] : [],
  );
  return times.toSorted((one, other) => one - other);
}
