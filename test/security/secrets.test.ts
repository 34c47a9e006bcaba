/**
 * API key, API secret and worker token, planted where nothing else looks like them, and the token of each room: whatever goes
 * wrong, none of them is in a log, an event, a snapshot, an error, a command line, a title or an answer over HTTP.
 */
import { readFileSync } from 'node:fs';
import { platform } from 'node:os';
import { Job, JobAssignment, Room } from '@livekit/protocol';
import { AccessToken } from 'livekit-server-sdk';
import { afterEach, describe, expect, it } from 'vitest';
import { Evidence } from '../support/evidence.ts';
import type { ServerAccess } from '../support/participants.ts';
import { ScriptedServer } from '../support/scripted-server.ts';
import { startSignalServer } from '../support/signal-server.ts';
import type { WorkerConnection } from '../support/worker-connection.ts';

const apiKey = 'planted-key-5d1f';
const apiSecret = 'planted-secret-of-thirty-two-characters-8a3c';
const workerToken = 'planted-worker-token-77e0';
const secrets = [apiKey, apiSecret, workerToken];

const undos: (() => unknown)[] = [];
const after = (undo: () => unknown) => void undos.push(undo);

afterEach(async () => {
  for (const undo of undos.splice(0).toReversed()) await undo();
});

function launch(url: string, more: ConstructorParameters<typeof Evidence>[2] = {}): Evidence {
  const server: ServerAccess = { url, apiKey, apiSecret };
  const env = { LIVEKIT_WORKER_TOKEN: workerToken, ...more.env };
  const evidence = new Evidence(server, secrets, { ...more, env });
  after(() => evidence.program.stop());
  return evidence;
}

/** Gives the worker a job that goes the way its metadata says, with a real token for its room. */
async function run(connection: WorkerConnection, metadata: string): Promise<string> {
  const id = `AJ_${metadata.replaceAll(' ', '-')}`;
  await connection.ask(id, { metadata });
  const token = new AccessToken(apiKey, apiSecret, { identity: `agent-${id}` });
  token.addGrant({ roomJoin: true, room: 'the-room' });
  const job = new Job({ id, metadata, room: new Room({ sid: 'RM_1', name: 'the-room' }) });
  const value = new JobAssignment({ job, token: await token.toJwt() });
  connection.send({ case: 'assignment', value });
  return id;
}

/** Room tokens are seen as such; the program has shown its snapshots with a token in them. */
function expectNoLeak(evidence: Evidence): void {
  expect(evidence.leaks()).toEqual([]);
}

const failures = ['throws', 'joins', 'crashes', 'is killed', 'talks nonsense', 'shuts down'];

describe.each(['share', 'withhold'] as const)('with credentials: %s', (credentials) => {
  it('no secret shows in jobs that go wrong', async () => {
    const server = await ScriptedServer.start({ after });
    const evidence = launch(server.access.url, { options: { credentials } });
    const connection = await server.available(1);
    const id = await run(connection, 'stays');
    await evidence.program.waitForLog(
      'Its start',
      (line) => line['jobId'] === id && line.level === 10,
    );
    evidence.lookAtProcesses();
    const environments = evidence.jobPids().map(environmentOf);
    for (const metadata of failures) {
      const { error } = await connection.jobUpdate(await run(connection, metadata), {
        timeoutMs: 20_000,
      });
      expect([metadata, error]).toEqual([metadata, expect.not.stringContaining('eyJ')]);
    }
    await evidence.lookAtHttp();
    evidence.lookAtProcesses();
    evidence.program.signal('SIGTERM');
    expect((await evidence.program.exited).code).toBe(0);

    expectNoLeak(evidence);
    const shown = evidence.lines.join('\n');
    for (const kind of ['event', 'snapshot', 'persisted', 'handle', 'cmdline', 'POST /worker']) {
      expect(shown).toContain(kind);
    }
    // What was looked through had tokens in it.
    expect(shown).toContain('"token":"sealed:');
    expect(shown).toContain('no use for <token>');
    if (platform() !== 'linux') return;
    const isShared = credentials === 'share';
    expect(environments.some((text) => text.includes(apiSecret))).toBe(isShared);
    expect(environments.some((text) => text.includes(apiKey))).toBe(isShared);
    expect(environments.some((text) => text.includes(workerToken))).toBe(isShared);
  }, 90_000);
});

describe('no secret shows when the worker', () => {
  it.each([401, 403, 404])(
    'is refused with %i by a server that quotes what it got',
    async (status) => {
      const server = await startSignalServer((request, response) => {
        const { authorization = '' } = request.headers;
        response.writeHead(status).end(`refused: ${authorization} at ${request.url}`);
      });
      after(() => server.close());
      const evidence = launch(server.url);
      expect((await evidence.program.exited).code).toBe(1);
      expectNoLeak(evidence);
      expect(evidence.lines.join('\n')).toContain('GR_REGISTRATION_REFUSED');
    },
  );

  it('does not reach its server', async () => {
    const evidence = launch('ws://127.0.0.1:9/prefix', { options: { maxRetry: 1 } });
    expect((await evidence.program.exited).code).toBe(1);
    expectNoLeak(evidence);
    expect(evidence.lines.join('\n')).toContain('GR_REGISTRATION_EXHAUSTED');
  });

  it('crashes by a bug of its program, with a job that runs', async () => {
    const server = await ScriptedServer.start({ after });
    const evidence = launch(server.access.url);
    const connection = await server.available(1);
    const id = await run(connection, 'stays');
    await evidence.program.waitForLog(
      'Its start',
      (line) => line['jobId'] === id && line.level === 10,
    );
    evidence.program.signal('SIGUSR2');
    expect((await evidence.program.exited).code).not.toBe(0);
    expectNoLeak(evidence);
    expect(evidence.lines.join('\n')).toContain('the program has a bug');
  });

  it.each([
    ['a wrong number', { maxJobs: -1 }],
    ['a secret with a space', { apiSecret: `${apiSecret} ` }],
    ['a key that is none', { apiKey: [apiKey] }],
    ['the credentials where a policy is wanted', { credentials: { apiKey, apiSecret } }],
    ['a name that is wrong', { apiSecrt: apiSecret }],
  ])('gets %s', async (_what, options) => {
    const evidence = launch('ws://127.0.0.1:9', { options });
    expect((await evidence.program.exited).code).toBe(2);
    expectNoLeak(evidence);
    expect(evidence.lines.join('\n')).toContain('GR_OPTION_INVALID');
  });
});

function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8');
  } catch {
    return '';
  }
}
