/** The fakes: one for each actor that the machines leave open, and a job context without a job. */
import { describe, expect, it } from 'vitest';
import { type AnyActor, type AnyStateMachine, createActor, SimulatedClock } from 'xstate';
import * as machines from '../../machines/index.ts';
import { defineAgent } from '../../src/child/agent-definition.ts';
import { getJobContext } from '../../src/child/job-context-storage.ts';
import { fakeActors } from '../../src/testing/fake-actors.ts';
import { createFakeJobContext } from '../../src/testing/fake-job-context.ts';

const workerInput: machines.WorkerInput = {
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
  maxJobs: 1,
  loadThreshold: 0.7,
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

const sessionInput = {
  jobId: 'AJ_1',
  roomSid: 'RM_1',
  linked: null,
  limits: {
    totalMs: 10_000,
    entryGraceMs: 1000,
    sessionEndMs: 1000,
    reportMs: 500,
    leaveMs: 1000,
    callbacksMs: 1000,
    flushMs: 1000,
    disposeMs: 1000,
    terminationMs: 1000,
    unconnectedWarnMs: 1000,
    orphanMs: 5000,
  },
};

/** Resolves when promises that are settled have been heard of. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('fakeActors()', () => {
  it('has one for every actor that a machine leaves open', () => {
    const { actors } = fakeActors();
    const names: Record<string, string[]> = {};
    for (const machine of Object.values(machines)) {
      if (!('implementations' in machine)) continue;
      const { id, implementations } = machine as AnyStateMachine;
      const open = Object.entries(implementations.actors).filter(
        ([, logic]) => typeof logic === 'object' && !('implementations' in logic),
      );
      if (open.length > 0) names[id] = open.map(([name]) => name).toSorted();
    }
    const faked = Object.entries(actors).map(([id, set]) => [id, Object.keys(set).toSorted()]);
    expect(Object.fromEntries(faked)).toEqual(names);
  });

  it('runs a worker from its registration to its close', async () => {
    const fakes = fakeActors();
    const told: string[] = [];
    const worker = createActor(fakes.workerMachine(), {
      input: workerInput,
      clock: new SimulatedClock(),
      inspect: ({ type, actorRef }) => {
        if (type !== '@xstate.actor') return;
        const actor = actorRef as AnyActor;
        actor.on('*', (event: { type: string }) => void told.push(event.type));
      },
    }).start();
    await settled();
    expect(worker.getSnapshot().matches('running')).toBe(true);

    fakes.server.offer({ id: 'AJ_1', metadata: 'hello' });
    await settled();
    expect(fakes.processes.all[0]?.told).toContainEqual(
      expect.objectContaining({ type: 'launch' }),
    );
    fakes.processes.all[0]?.end('room-closed');
    await settled();
    expect(fakes.server.received).toContainEqual(
      expect.objectContaining({ type: 'jobStatus', jobId: 'AJ_1', status: 'success' }),
    );
    expect(told.filter((type) => type.startsWith('job.'))).toEqual([
      'job.requested',
      'job.accepted',
      'job.assigned',
      'job.launching',
      'job.started',
      'job.connected',
      'job.closing',
      'job.ended',
    ]);
    worker.send({ type: 'worker.close', cause: 'test' });
    await settled();
    expect(worker.getSnapshot().output).toMatchObject({ outcome: 'closed' });
  });

  it('lets a test decide, load and break', async () => {
    const fakes = fakeActors({
      decide: ({ id }) => ({ type: 'reject', terminate: false, reason: 'rejected', detail: id }),
    });
    const clock = new SimulatedClock();
    const worker = createActor(fakes.workerMachine(), { input: workerInput, clock }).start();
    await settled();
    fakes.server.offer({ id: 'AJ_1' });
    await settled();
    expect(fakes.server.received).toContainEqual({
      type: 'answer',
      jobId: 'AJ_1',
      answer: { available: false, terminate: false },
    });
    fakes.load(0.9);
    expect(worker.getSnapshot().matches({ running: 'full' })).toBe(true);
    fakes.load(0.1);
    expect(worker.getSnapshot().matches({ running: 'available' })).toBe(true);
    fakes.processes.last?.exit(null, 'SIGKILL');
    // The next one is not started at once.
    clock.increment(1000);
    expect(fakes.processes.all).toHaveLength(2);
    fakes.server.drop();
    const [entry] = Object.values(worker.getSnapshot().context.entries);
    expect(entry?.workerId).toBe('');
    worker.send({ type: 'worker.kill', cause: 'test' });
    await settled();
    expect(fakes.processes.last?.signals).toContain('SIGKILL');
  });

  it('runs a session through all its steps, one of which fails', async () => {
    const fakes = fakeActors();
    fakes.session.failing.set('flushLogs', new Error('disk full'));
    const session = createActor(fakes.sessionMachine(), {
      input: sessionInput,
      clock: new SimulatedClock(),
    }).start();
    fakes.session.connect('RM_1');
    fakes.session.returnEntry();
    await settled();
    session.send({ type: 'agent.endSession', detail: 'bye' });
    await settled();
    session.send({ type: 'link.outcomeReported' });
    for (let turn = 0; turn < 8; turn += 1) await settled();
    expect(fakes.session.steps).toEqual([
      'settleEntry',
      'endSession',
      'settleConnect',
      'deleteRoom',
      'leaveRoom',
      'runCallbacks',
      'flushLogs',
      'disposeNative',
    ]);
    expect(session.getSnapshot().output).toMatchObject({
      outcome: 'succeeded',
      reason: 'session-ended',
      detail: 'bye',
      warnings: [{ step: 'flush', failure: { message: 'disk full' } }],
    });
  });
});

describe('createFakeJobContext()', () => {
  const agent = defineAgent<{ greeting: string }>({
    entry: async (ctx) => {
      await ctx.connect();
      const caller = await ctx.waitForParticipant();
      ctx.addShutdownCallback(
        (reason) => void ctx.agent?.setAttributes({ reason }).catch(() => {}),
      );
      const text = `${ctx.proc.userData.greeting} ${caller.name}, ${ctx.job.metadata}`;
      await ctx.agent?.publishData(new TextEncoder().encode(text), { topic: 'greeting' });
    },
  });

  it('runs an entry by itself', async () => {
    const job = createFakeJobContext({
      userData: { greeting: 'hello' },
      job: { metadata: 'it is late' },
    });
    const alice = await job.join({ identity: 'alice', name: 'Alice' });
    await agent.entry(job.ctx);
    expect(await alice.waitForData()).toMatchObject({
      text: 'hello Alice, it is late',
      topic: 'greeting',
      from: 'test-agent',
    });
    expect(job.ctx.tokenClaims().sub).toBe('test-agent');
    expect(job.ctx.job.room?.name).toBe('test-room');
    await job[Symbol.asyncDispose]();
    expect(job.ctx.signal.aborted).toBe(true);
    expect(alice.disconnectReason).toBe(5);
  });

  it.each([
    ['shutdown', { reason: 'agent-ended', detail: 'enough' }, true],
    ['endSession', { reason: 'session-ended', detail: 'enough' }, false],
  ] as const)('ends by ctx.%s()', async (name, end, isOpen) => {
    const job = createFakeJobContext();
    const called: unknown[] = [];
    job.ctx.on('shutdown', (event) => called.push(event));
    job.ctx.addShutdownCallback((reason) => void called.push(reason));
    await job.ctx.connect();
    job.ctx[name]('enough');
    expect(await job.ended).toEqual(end);
    await job.end();
    expect(called).toEqual([end, end.reason]);
    expect(job.ctx.room.isConnected).toBe(false);
    expect(job.server.room('test-room') !== undefined).toBe(isOpen);
    expect(job.ctx.signal.reason).toMatchObject({ name: 'AbortError' });
  });

  it('tells of a drain, deletes its room, and is found by getJobContext()', async () => {
    const job = createFakeJobContext({ room: 'lobby' });
    const drains: unknown[] = [];
    job.ctx.on('drain', (event) => drains.push(event));
    job.drain(500);
    expect(drains).toEqual([{ deadlineMs: 500 }]);
    expect(job.run((ctx) => getJobContext() === ctx)).toBe(true);
    await job.ctx.deleteRoom();
    expect(job.server.room('lobby')).toBeUndefined();
  });
});
