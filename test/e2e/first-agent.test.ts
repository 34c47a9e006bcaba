/** The tutorial, step by step: `docs/tutorial/first-agent.md`, whose files a test compares with those that run here. */
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, expect, inject, test } from 'vitest';
import { Project } from '../cli/project.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const server = inject('liveKit');
const access = {
  LIVEKIT_URL: server.url,
  LIVEKIT_API_KEY: server.apiKey,
  LIVEKIT_API_SECRET: server.apiSecret,
};
const source = (name: string) =>
  readFileSync(join(root, 'docs/examples/first-agent', name), 'utf8');

let project: Project;

beforeEach(() => {
  project = new Project({ 'agent.js': source('agent.js'), 'call.js': source('call.js') });
  // What `npm install` brings for the caller.
  mkdirSync(project.path('node_modules/@livekit'));
  for (const name of ['@livekit/rtc-node', 'livekit-server-sdk'])
    symlinkSync(join(root, 'node_modules', name), project.path(`node_modules/${name}`));
});

async function call(): Promise<string> {
  const { code, stdout, stderr } = await project.run(['call.js'], {
    ...access,
    NODE_ENV: 'production',
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

test('steps 5 to 7: the agent answers, and a saved file answers the next call', async () => {
  const program = project.worker({ server, args: ['dev', '--log-format', 'json'] });
  await program.waitForLog('dev.serving', (line) => line['event'] === 'dev.serving');
  expect(await call()).toMatch(/^agent-AJ_\w+ says: Welcome to the green room, ann!\n$/);

  project.write('agent.js', source('agent.js').replace('Welcome to the green room', 'Come in'));
  await program.waitForLog('The reload', (line) => line['isReload'] === true);
  expect(await call()).toMatch(/^agent-AJ_\w+ says: Come in, ann!\n$/);

  program.signal('SIGINT');
  expect(await program.exited).toEqual({ code: 130, signal: null });
  expect(await project.left()).toBe('');
});

test('step 8: a drain waits for the session that runs', { timeout: 60_000 }, async () => {
  // The load of the machine that runs the tests is no topic here.
  const args = ['start', '--load-threshold', 'Infinity', '--port', '0'];
  const program = project.worker({ server, args });
  const { port } = (await program.waitForLog(
    'HTTP',
    (line) => typeof line['port'] === 'number',
  )) as {
    port?: number;
  };
  await program.waitForEvent('worker.available');
  expect((await fetch(`http://localhost:${port}/`)).status).toBe(200);
  expect(await call()).toContain('Welcome to the green room, ann!');

  program.signal('SIGINT');
  const isWaiting = ({ msg = '' }) =>
    msg.startsWith('SIGINT: waiting for 1 job to end, for 3600 s at most.');
  await program.waitForLog('The drain', isWaiting);
  expect(await program.waitForEvent('job.ended', undefined, { timeoutMs: 30_000 })).toMatchObject({
    session: { reason: 'room-closed' },
  });
  expect(await program.exited).toEqual({ code: 0, signal: null });
});
