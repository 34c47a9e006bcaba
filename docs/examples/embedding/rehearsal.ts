/**
 * The service without a server, without job processes and without waiting: fakes play the world, and the clock is wound by
 * hand.
 *
 *   node --import tsx docs/examples/embedding/rehearsal.ts
 */
import { createActor, SimulatedClock } from 'xstate';
import type { WorkerInput } from 'greenroom/machines';
import { callMs, fakeWorker } from './fakes.ts';
import { serviceMachine } from './service.ts';

/** What `workerLogic()` makes of the options. */
const input: WorkerInput = {
  registrations: [{ key: 'greeter', agentName: 'greeter', jobType: 'room', deployment: '' }],
  version: '0.1.0',
  url: 'ws://nowhere',
  permissions: {
    canPublish: true,
    canSubscribe: true,
    canPublishData: true,
    canUpdateMetadata: true,
    canSubscribeMetrics: false,
    canPublishSources: [],
    hidden: false,
  },
  maxRetry: null,
  maxJobs: 2,
  loadThreshold: null,
  numIdleProcesses: 1,
  maxStarting: 1,
  restartIntensity: 3,
  drainTimeoutMs: null,
  jobLimits: { requestTimeoutMs: 2000, assignmentTimeoutMs: 5000, closeTimeoutMs: 60_000 },
  processLimits: {
    initializeTimeoutMs: 10_000,
    unresponsiveTimeoutMs: 60_000,
    memoryWarnBytes: 0,
    memoryLimitBytes: 0,
  },
};

/** Opens the service, takes a call, shuts it during the call; answers what could be seen. */
export async function rehearse(): Promise<string[]> {
  const clock = new SimulatedClock();
  const { server, machine } = fakeWorker();
  const service = createActor(serviceMachine.provide({ actors: { worker: machine } }), {
    input: { worker: input },
    clock,
  }).start();
  const seen: string[] = [];
  const look = () => {
    const { value, children, context } = service.getSnapshot();
    const worker = children.worker?.getSnapshot().value;
    const end = context.end === null ? '' : `, ${context.end.outcome}`;
    seen.push(`service ${JSON.stringify(value)}, worker ${JSON.stringify(worker)}${end}`);
  };

  look();
  server.offer('AJ_1', 'lobby');
  // The user's requestFunc is a promise, so it decides a turn later.
  await new Promise((resolve) => setImmediate(resolve));
  service.send({ type: 'service.shut' });
  look();
  server.offer('AJ_2', 'lobby');
  clock.increment(callMs);
  look();
  service.send({ type: 'service.open' });
  look();
  return seen;
}

if (import.meta.url === new URL(process.argv[1] ?? '', 'file:').href) {
  for (const line of await rehearse()) console.log(line);
}
