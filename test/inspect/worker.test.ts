/** A worker with real job processes, watched. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createTestWorker, type TestWorker, type TestWorkerOptions } from 'greenroom/testing';
import type { ActorMessage, InspectMessage, JobMessage } from '../../src/inspect/messages.ts';
import { agentFile } from '../support/stage.ts';
import { MemoryLog } from '../support/memory-log.ts';
import { PageClient } from './page-client.ts';

let test: TestWorker | null = null;
const pages: PageClient[] = [];
afterEach(async () => {
  for (const page of pages.splice(0)) page.close();
  await test?.close();
  test = null;
});

async function start(options: TestWorkerOptions): Promise<TestWorker> {
  test = await createTestWorker(agentFile('inspected'), { executor: 'process', ...options });
  return test;
}

async function open({ worker }: TestWorker): Promise<PageClient> {
  const page = new PageClient(worker.inspectorUrl ?? '');
  pages.push(page);
  await page.replayed();
  return page;
}

/** The names from the root down to an actor; the process of a job is shown below it. */
function pathOf(messages: InspectMessage[], id: string): string[] {
  const actors = new Map<string, ActorMessage>();
  const jobs = new Map<string, string>();
  for (const message of messages) {
    if (message.type === '@xstate.actor') actors.set(message.sessionId, message);
    if (message.type === '@greenroom.job' && message.job.processId !== null) {
      jobs.set(message.job.processId, message.sessionId);
    }
  }
  const path: string[] = [];
  for (let actor = actors.get(id); actor !== undefined;) {
    path.unshift(actor.name);
    actor = actors.get(jobs.get(actor.sessionId) ?? actor.parentId ?? '');
  }
  return path;
}

const isCall = (message: InspectMessage): boolean =>
  message.type === '@xstate.actor' && message.name === 'call';

describe('a worker that is watched', () => {
  it('shows one tree over all processes, live, to a late viewer, and to the end; no secret in it', async () => {
    const worker = await start({ inspect: true, inspectControl: true });
    const page = await open(worker);
    const jobs = [worker.dispatch('one'), worker.dispatch('two'), worker.dispatch('three')];
    await Promise.all(jobs.map((job) => job.connected()));
    const isTalking = (message: InspectMessage): boolean =>
      message.type === '@xstate.snapshot' && message.snapshot.value === 'talking';
    await page.count(3, isTalking);

    const late = await open(worker);
    for (const messages of [page.messages, late.messages]) {
      const calls = messages.filter(isCall) as ActorMessage[];
      expect(calls).toHaveLength(3);
      const paths = calls.map(({ sessionId }) => pathOf(messages, sessionId).join(' > '));
      expect(paths.toSorted()).toEqual(
        [1, 2, 3].map((slot) =>
          expect.stringMatching(
            new RegExp(`^worker > job\\.${slot} > process\\.\\d > session > call$`),
          ),
        ),
      );
      const roots = new Set(messages.flatMap((one) => ('rootId' in one ? [one.rootId] : [])));
      expect(roots.size).toBe(1);
      expect(new Set(calls.map(({ pid }) => pid)).size).toBe(3);
    }

    // Every machine has its definition, before its first actor.
    const known = new Set<string>();
    for (const message of late.messages) {
      if (message.type === '@greenroom.definition') known.add(message.definitionId);
      if (message.type !== '@xstate.actor') continue;
      expect(message.definitionId !== undefined).toBe(message.kind === 'machine');
      if (message.kind === 'machine') expect(known).toContain(message.definitionId);
    }

    for (const [index, call] of late.messages.filter(isCall).entries()) {
      const { sessionId } = call as ActorMessage;
      expect(await late.send(index, sessionId, { type: 'hangUp' })).toMatchObject({
        failure: null,
      });
    }
    await Promise.all(jobs.map((job) => job.outcome()));
    const isOver = (message: InspectMessage): boolean =>
      message.type === '@greenroom.job' && message.job.phase === 'ended';
    await page.count(3, isOver);
    const ends = page.messages.filter(isOver) as JobMessage[];
    expect(ends.map(({ job }) => job.outcome)).toEqual(['succeeded', 'succeeded', 'succeeded']);
    expect(ends.map(({ job }) => job.reason)).toEqual([
      'agent-ended',
      'agent-ended',
      'agent-ended',
    ]);
    // The last words of a process come before its end.
    const gone = page.messages.filter(
      (message) =>
        message.type === '@xstate.snapshot' &&
        message.sessionId.includes('/') &&
        message.isLost === true,
    );
    expect(gone).toEqual([]);

    const text = JSON.stringify(page.frames.items);
    const { apiKey, apiSecret } = worker.server;
    for (const secret of ['planted-output', 'planted-context', apiSecret, apiKey, 'eyJ']) {
      expect(text).not.toContain(secret);
    }
  });

  it('tells the header what it needs, from the start to the end of a drain', async () => {
    const worker = await start({ inspect: true, maxJobs: 2 });
    const page = await open(worker);
    const job = worker.dispatch('one');
    await job.connected();
    const drained = worker.drain();
    await page.count(
      1,
      (message) => message.type === '@greenroom.worker' && message.worker.drain?.jobsLeft === 1,
    );
    const facts = page.messages.flatMap((message) =>
      message.type === '@greenroom.worker' ? [message.worker] : [],
    );
    expect(facts.at(-1)).toMatchObject({
      state: 'draining',
      registrations: [{ agentName: 'test-agent', isRegistered: true }],
      slots: { reserved: 0, running: 1, max: 2 },
      processes: { claimed: 1 },
      told: { status: 'full', load: 1 },
      drain: { jobsAtStart: 1, jobsLeft: 1 },
      outcome: null,
    });
    const call = (await page.next(isCall)) as ActorMessage;
    // Only watched: nothing is sent.
    expect(await page.send(1, call.sessionId, { type: 'hangUp' })).toMatchObject({
      failure: expect.stringContaining('--inspect-control'),
    });
    await worker.worker.close();
    await drained;
    await page.next(
      (message) => message.type === '@greenroom.worker' && message.worker.outcome === 'closed',
    );
  });

  it('shows what a crashed job was doing, marked as lost; its last events are in the log', async () => {
    const log = new MemoryLog();
    const worker = await start({ inspect: true, logger: log.logger });
    const page = await open(worker);
    const job = worker.dispatch('one', { metadata: 'crash' });
    expect(await job.outcome()).toMatchObject({ end: 'failed' });
    const lost = (await page.next(
      (message) => message.type === '@xstate.snapshot' && message.isLost === true,
    )) as { snapshot: object };
    expect(lost.snapshot).toMatchObject({ status: 'stopped' });
    const line = log.lines.items.find(({ event }) => event === 'job.ended')!;
    const told = (line['lastEvents'] as { to: string; event: { type: string } }[]).map(
      ({ to, event }) => `${to} ${event.type}`,
    );
    expect(told).toEqual(
      expect.arrayContaining([
        'job.1 server.jobAssigned',
        'job.1 session.started',
        expect.stringMatching(/^process\.\d session\.connected$/),
        'job.1 process.exited',
      ]),
    );
    expect(JSON.stringify(line)).not.toContain('sealed:');
  });
});

describe('a worker that nobody watches', () => {
  it('keeps the last events of a job all the same', async () => {
    const log = new MemoryLog();
    const worker = await start({ logger: log.logger });
    const job = worker.dispatch('one', { metadata: 'crash' });
    await job.outcome();
    const line = log.lines.items.find(({ event }) => event === 'job.ended');
    expect(line?.['lastEvents']).toContainEqual({
      at: expect.any(Number),
      to: 'job.1',
      event: expect.objectContaining({ type: 'process.exited', code: 3 }),
    });
  });

  it('has no page', async () => {
    const worker = await start({});
    expect(worker.worker.inspectorUrl).toBeNull();
  });
});

describe('an observer of the user’s', () => {
  it('gets XState’s own events; one that throws does no harm and is told of once', async () => {
    const log = new MemoryLog();
    const seen = new Set<string>();
    const worker = await start({
      logger: log.logger,
      inspect: ({ type }) => {
        seen.add(type);
        throw new Error('observer');
      },
    });
    const job = worker.dispatch('one', { metadata: 'crash' });
    expect(await job.outcome()).toMatchObject({ end: 'failed' });
    expect([...seen]).toEqual(
      expect.arrayContaining(['@xstate.actor', '@xstate.event', '@xstate.snapshot']),
    );
    expect(log.texts.filter((text) => text.includes('option inspect'))).toHaveLength(1);
  });
});

describe('a recording', () => {
  it('has everything from the start to the end of the worker', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'greenroom-recording-'));
    try {
      const record = join(folder, 'run.ndjson');
      const worker = await start({ record });
      const job = worker.dispatch('one', { metadata: 'crash' });
      await job.outcome();
      await worker.close();
      const lines = readFileSync(record, 'utf8').trimEnd().split('\n');
      const messages = lines.map((line) => JSON.parse(line) as InspectMessage);
      expect(messages[0]).toMatchObject({ type: '@greenroom.recording', part: 1 });
      expect(messages.filter(isCall)).toHaveLength(1);
      const last = messages.findLast(({ type }) => type === '@greenroom.worker');
      expect(last).toMatchObject({ worker: { outcome: 'closed' } });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
