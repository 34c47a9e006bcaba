/**
 * What `@livekit/agents` 1.9.0 does wrong, done right; each of these was seen in it. Where its job processes and rooms are
 * concerned, the tests are in `test/e2e/failures.test.ts` and `test/faults`.
 */
import { TrackSource } from '@livekit/protocol';
import { AgentServer, WorkerPermissions } from 'greenroom';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { LibraryWorker, runs } from '../support/library-worker.ts';
import { ScriptedServer } from '../support/scripted-server.ts';
import { agentFile } from '../support/stage.ts';
import { startWorkerProgram } from '../support/worker-program.ts';

const after = { after: (undo: () => unknown) => onTestFinished(async () => void (await undo())) };
const full = 1;

/** A worker that waits for jobs, and the server's end of its connection. */
async function start(options: ConstructorParameters<typeof LibraryWorker>[2] = {}) {
  const server = await ScriptedServer.start(after);
  const worker = await LibraryWorker.start(after, server.access, options);
  return { server, worker, connection: await server.available(1) };
}

/** The command `start` of an agent that says nothing of what it is about. */
async function startProgram(load: number, options: object = {}) {
  const server = await ScriptedServer.start(after);
  const program = startWorkerProgram({
    agent: agentFile('measures-its-load'),
    server: server.access,
    env: { LOAD: String(load), AGENT_OPTIONS: JSON.stringify({ port: 0, ...options }) },
  });
  onTestFinished(async () => void (await program.stop()));
  return { program, connection: await server.registered(1) };
}

describe('options', () => {
  test('start applies the threshold of 0.7 that is documented', async () => {
    const { program, connection } = await startProgram(0.75);
    expect(await program.waitForEvent('worker.full')).toMatchObject({ cause: 'load' });
    const { load } = await connection.next('updateWorker', ({ status }) => status === full);
    expect(load).toBe(1);
  });

  test('below that threshold jobs are taken', async () => {
    const { program } = await startProgram(0.65);
    expect(await program.waitForEvent('worker.available')).toMatchObject({ level: 30 });
    await program.stop();
    expect(program.events).not.toContain('worker.full');
  });

  test('zeros are no defaults in disguise: port, threshold, idle processes', async () => {
    const zeros = { port: 0, loadThreshold: 0, numIdleProcesses: 0, logLevel: 'debug' };
    const { program } = await startProgram(0, zeros);
    const listens = ({ msg = '' }) => msg.startsWith('HTTP server listens');
    const { port } = await program.waitForLog('The HTTP server', listens);
    expect(port).not.toBe(8081);
    expect(await program.waitForEvent('worker.full')).toMatchObject({ cause: 'load' });
    await program.stop();
    // The one that proves that the agent works.
    expect(program.events.filter((event) => event === 'process.starting')).toHaveLength(1);
  });

  test('LIVEKIT_URL is read without the command line, and its path is kept', async () => {
    const scripted = await ScriptedServer.start(after);
    const { url, apiKey, apiSecret } = scripted.access;
    vi.stubEnv('LIVEKIT_URL', `${url}/behind/a/proxy`);
    vi.stubEnv('LIVEKIT_API_KEY', apiKey);
    vi.stubEnv('LIVEKIT_API_SECRET', apiSecret);
    const server = new AgentServer({ agent: agentFile('stays'), port: null, logLevel: 'fatal' });
    const run = server.run();
    expect(await scripted.request(1)).toMatchObject({ path: '/behind/a/proxy/agent' });
    await scripted.registered(1);
    await server.close();
    await run;
  });

  test('permissions to publish only some sources are sent', async () => {
    const permissions = new WorkerPermissions(true, true, true, true, [TrackSource.MICROPHONE]);
    const { connection } = await start({ permissions });
    const { allowedPermissions } = await connection.next('register');
    expect(allowedPermissions?.canPublishSources).toEqual([TrackSource.MICROPHONE]);
  });
});

describe('the connection', () => {
  test('the status follows Register at once: a silent worker is taken for an available one', async () => {
    const { connection } = await start();
    expect(connection.received.items.map((message) => message.case)).toEqual([
      'register',
      'updateWorker',
      'ping',
      'updateWorker',
      'ping',
    ]);
    const [first, second] = connection.all('updateWorker');
    expect([first?.status, second?.status]).toEqual([full, 0]);
  });

  test('a server that accepts and then closes is tried ever more slowly', async () => {
    const { server, worker } = await start();
    for (let connection = 1; connection <= 3; connection += 1) {
      (await server.registered(connection)).drop();
    }
    await server.registered(4);
    const tries = worker.all('registration.retrying');
    expect(tries.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    const ceilings = [500, 1000, 2000];
    for (const [index, { delayMs }] of tries.entries()) {
      expect(delayMs).toBeLessThanOrEqual(ceilings[index] ?? 0);
    }
  });
});

describe('job requests', () => {
  test('one answer leaves when requestFunc accepts and then throws, and the job runs', async () => {
    const { worker, connection } = await start({
      requestFunc: (request) => {
        void request.accept();
        throw new Error('too late');
      },
    });
    expect(await connection.dispatch('AJ_1')).toBe(true);
    await worker.pidOf('AJ_1');
    await connection.settle();
    expect(connection.all('availability')).toMatchObject([{ jobId: 'AJ_1', available: true }]);
  });

  test('a rejection is sent when requestFunc gives no answer', async () => {
    const { connection } = await start({ requestFunc: () => {} });
    expect(await connection.ask('AJ_1')).toMatchObject({ available: false, terminate: false });
  });
});

describe('jobs', () => {
  test('that are terminated between acceptance and launch do not start', async () => {
    const { worker, connection } = await start();
    await connection.ask('AJ_1');
    connection.terminate('AJ_1');
    connection.assign('AJ_1');
    expect((await worker.ended('AJ_1')).end).toBe('cancelled');
    // The process that was meant for it takes the next one, which has run by then.
    await connection.dispatch('AJ_2', { metadata: 'return' });
    await worker.ended('AJ_2');
    expect(worker.all('job.started').map(({ jobId }) => jobId)).toEqual(['AJ_2']);
  });

  test('that have ended are no active jobs, though no process is kept idle', async () => {
    const scripted = await ScriptedServer.start(after);
    const { url: wsURL, apiKey, apiSecret } = scripted.access;
    const options = { wsURL, apiKey, apiSecret, port: null, logLevel: 'fatal' } as const;
    const server = new AgentServer({
      ...options,
      agent: agentFile('stays'),
      numIdleProcesses: 0,
    });
    const run = server.run();
    const connection = await scripted.available(1);
    const active = () => server.activeJobs.map(({ job }) => job.id);
    for (const jobId of ['AJ_1', 'AJ_2']) {
      await connection.dispatch(jobId, { metadata: 'return' });
      expect((await connection.jobUpdate(jobId)).status).toBe(2);
    }
    await connection.dispatch('AJ_3');
    await vi.waitFor(() => expect(active()).toEqual(['AJ_3']));
    await server.close();
    await run;
    expect(active()).toEqual([]);
  });

  test('outlive a worker that is blocked for longer than they may be silent', async () => {
    const { worker, connection } = await start({ unresponsiveTimeoutMs: 1000 });
    await connection.dispatch('AJ_1');
    const pid = await worker.pidOf('AJ_1');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3000);
    // Several pings later, each of which would have found it dead.
    expect(await connection.dispatch('AJ_2', { metadata: 'return' })).toBe(true);
    await connection.jobUpdate('AJ_2');
    await worker.next('process.exited');
    expect(runs(pid)).toBe(true);
    expect(worker.all('process.unresponsive')).toEqual([]);
    connection.terminate('AJ_1');
    expect((await worker.ended('AJ_1')).session).toMatchObject({ reason: 'terminated' });
  });
});
