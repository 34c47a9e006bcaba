/** Greenroom's own worker on the embedded server: it registers, is dispatched, works, and goes. */
import { DisconnectReason, JobStatus } from '@livekit/protocol';
import { AgentDispatchClient } from 'livekit-server-sdk';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDispatchServer, type DispatchServer } from '../../src/testing/index.ts';
import { LibraryWorker } from '../support/library-worker.ts';

const endings: (() => Promise<void>)[] = [];
const record = { after: (end: () => Promise<void>) => void endings.push(end) };
let server: DispatchServer;
let client: AgentDispatchClient;

beforeEach(async () => {
  server = await createDispatchServer();
  client = new AgentDispatchClient(server.url, server.apiKey, server.apiSecret);
  record.after(() => server.close());
});

afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end();
});

const start = (options: ConstructorParameters<typeof LibraryWorker>[2] = {}) =>
  LibraryWorker.start(record as never, server, {
    agent: 'waits',
    agentName: 'greeter',
    ...options,
  });

/** Dispatches, and waits until a worker has the job. */
async function dispatch(room: string) {
  const { id } = await client.createDispatch(room, 'greeter', { metadata: 'MD' });
  const offered = await server.waitFor('job.offered', { matches: (one) => one.dispatchId === id });
  const { jobId } = offered;
  const assigned = await server.waitFor('job.assigned', { matches: (one) => one.jobId === jobId });
  return { id, ...assigned };
}

describe('a worker on the embedded server', () => {
  it('registers, is dispatched, is given the job, and ends it when the dispatch is deleted', async () => {
    const worker = await start();
    const registered = await server.waitFor('worker.registered');
    expect(registered).toMatchObject({ agentName: 'greeter', jobType: 0, deployment: '' });
    const { id, jobId, identity } = await dispatch('a-room');
    expect(await worker.next('job.assigned')).toMatchObject({ jobId, dispatchId: id });
    expect(identity).toBe(`agent-${jobId}`);
    await worker.next('job.started');

    await client.deleteDispatch(id, 'a-room');
    await server.waitFor('job.terminated', { matches: (one) => one.jobId === jobId });
    expect(await worker.next('job.ended')).toMatchObject({
      jobId,
      end: 'succeeded',
      session: { reason: 'terminated' },
    });
    const updated = await server.waitFor('job.updated', { matches: ({ status }) => status > 1 });
    expect(updated).toMatchObject({ jobId, status: JobStatus.JS_SUCCESS });
  });

  it('is told when its agent leaves the room', async () => {
    const worker = await start();
    const { jobId, token } = await dispatch('a-room');
    await worker.next('job.started');
    // The agent of this test does not connect: the test goes in with its token.
    const agent = server.joinWithToken(token);
    server.join('a-room', 'alice').leave();
    await server.waitFor('room.closed');
    expect(agent.disconnectReason).toBe(DisconnectReason.ROOM_CLOSED);
    const terminated = await server.waitFor('job.terminated');
    expect(terminated).toMatchObject({ jobId, reason: 'agent left' });
  });

  it('takes no job while it drains, and goes when the last one has ended', async () => {
    const worker = await start();
    const { id } = await dispatch('a-room');
    await worker.next('job.started');
    const from = server.events.length;
    const drained = worker.handle.drain();
    await server.waitFor('worker.status', { from, matches: ({ isFull }) => isFull });
    server.dispatch('another-room', 'greeter');
    const dropped = await server.waitFor('job.dropped', {
      from,
      matches: ({ agentName }) => agentName === 'greeter',
    });
    expect(dropped.reason).toBe('all workers are full');

    await client.deleteDispatch(id, 'a-room');
    await drained;
    expect(await server.waitFor('worker.gone')).toMatchObject({ cause: null });
  });

  it('C102 goes on when it gets a message of a later version', async () => {
    const worker = await start();
    const { workerId } = await server.waitFor('worker.registered');
    // Field 6, empty: go_away.
    server.worker(workerId).sendRaw(new Uint8Array([0x32, 0x00]));
    await dispatch('a-room');
    await worker.next('job.assigned');
    expect(server.events.filter(({ type }) => type === 'worker.gone')).toEqual([]);
  });

  it('connects again when the server cuts it off, and its jobs go on', async () => {
    const worker = await start();
    const { jobId, workerId } = await dispatch('a-room');
    await worker.next('job.started');
    const from = server.events.length;
    server.worker(workerId).cut('the test wants it');
    const again = await server.waitFor('worker.registered', { from });
    expect(again.workerId).not.toBe(workerId);
    expect(await server.waitFor('worker.migrated')).toMatchObject({ jobIds: [jobId] });
    expect(worker.all('job.ended')).toEqual([]);
  });

  it('gives a job up whose assignment is lost', async () => {
    const worker = await start({ assignmentTimeoutMs: 500 });
    server.faults.lose('assignment');
    server.dispatch('a-room', 'greeter');
    expect(await worker.next('job.ended')).toMatchObject({ end: 'unassigned' });
  });

  it('tries again while the server refuses it or is silent, and takes jobs late', async () => {
    server.faults.upgrades = 503;
    const worker = LibraryWorker.launch(record as never, server, {
      agent: 'waits',
      agentName: 'greeter',
    });
    expect(await server.waitFor('worker.refused')).toEqual({
      type: 'worker.refused',
      status: 503,
      body: 'no',
    });
    server.faults.clear();
    await worker.next('worker.available');
    await dispatch('a-room');
  });
});
