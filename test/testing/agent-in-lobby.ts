/** An agent in a simulated room, and everything its room tells. */
import type { Room } from '@livekit/rtc-node';
import { afterEach } from 'vitest';
import { type AgentDefinition, defineAgent } from '../../src/child/agent-definition.ts';
import type { JobContext } from '../../src/child/job-context.ts';
import type { TestJob } from '../../src/testing/test-job.ts';
import { createTestWorker, type TestWorker } from '../../src/testing/test-worker.ts';

let current: TestWorker | null = null;

/** Ends the worker after each test of the file that calls this. */
export function endAfterEach(): void {
  afterEach(async () => {
    await current?.close();
    current = null;
  });
}

/** Starts the worker of a test. */
export async function startWorker(agent: AgentDefinition): Promise<TestWorker> {
  current = await createTestWorker(agent);
  return current;
}

/** An agent in the room "lobby". */
export interface AgentInLobby {
  test: TestWorker;
  job: TestJob;
  ctx: JobContext;
  told: unknown[][];
}

/** Brings an agent into the room "lobby", in a job process that runs inline. */
export async function agentInLobby(): Promise<AgentInLobby> {
  const told: unknown[][] = [];
  let resolve!: (ctx: JobContext) => void;
  const ready = new Promise<JobContext>((settle) => (resolve = settle));
  const agent = defineAgent({
    entry: async (ctx) => {
      listen(ctx.room, told);
      await ctx.connect();
      resolve(ctx);
    },
  });
  const test = await startWorker(agent);
  const job = test.dispatch('lobby');
  return { test, job, ctx: await ready, told };
}

/** Keeps the events of a room, with what they say in plain values. */
export function listen(room: Room, told: unknown[][]): void {
  const names = [
    'participantConnected',
    'participantDisconnected',
    'participantMetadataChanged',
    'participantNameChanged',
    'participantAttributesChanged',
    'roomMetadataChanged',
    'trackPublished',
    'trackUnpublished',
    'connectionStateChanged',
    'reconnecting',
    'reconnected',
    'disconnected',
    'chatMessage',
    'dtmfReceived',
  ] as const;
  for (const name of names) {
    room.on(name, (...values: unknown[]) => void told.push([name, ...values.map(plain)]));
  }
}

function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if ('identity' in value) return value.identity;
  return 'setSubscribed' in value && 'name' in value ? value.name : value;
}

/** Resolves when the messages on their way have arrived. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
