/** The inspector from the command line: `greenroom inspect`, and the flags of a worker. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createActor } from 'xstate';
import { createDispatchServer, type DispatchServer } from 'greenroom/testing';
import { connectInspector } from '../../src/inspect/client.ts';
import { PageClient } from '../inspect/page-client.ts';
import { toggle } from '../inspect/toggle.ts';
import { type Program, startProgram } from '../support/program.mjs';
import { agentFile } from '../support/stage.ts';
import { testGuard } from '../support/worker-program.ts';

const binary = fileURLToPath(new URL('../../dist/src/bundle/main.js', import.meta.url));
let folder: string;
let server: DispatchServer;
const programs: Program[] = [];
const pages: PageClient[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'greenroom-inspect-'));
  server = await createDispatchServer();
});
afterEach(async () => {
  for (const page of pages.splice(0)) page.close();
  for (const program of programs.splice(0)) {
    program.kill('SIGKILL');
    await program.exited;
  }
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

function run(...args: string[]): Program {
  const program = startProgram(testGuard(), process.execPath, [binary, ...args], {
    env: {
      ...process.env,
      LIVEKIT_URL: server.url,
      LIVEKIT_API_KEY: server.apiKey,
      LIVEKIT_API_SECRET: server.apiSecret,
    },
  });
  programs.push(program);
  return program;
}

/** The address in what a program prints. */
async function addressIn({ output }: Program): Promise<string> {
  const pattern = /http:\/\/127\.0\.0\.1:\d+\/[\w-]{24}\/(?:stately\/)?/;
  const line = await output.waitFor('The address', (text) => pattern.test(text));
  return pattern.exec(line)?.[0] ?? '';
}

async function open(program: Program): Promise<PageClient> {
  const page = new PageClient(await addressIn(program));
  pages.push(page);
  await page.replayed();
  return page;
}

describe('greenroom inspect', () => {
  it('alone prints the one line for an app, shows the app, and ends by a signal', async () => {
    const program = run('inspect');
    const page = await open(program);
    expect(page.frames.items[0]).toMatchObject({ type: 'hello', source: 'apps' });
    const line = await program.output.waitFor('The line', (text) => text.includes('connectInsp'));
    const [, address = ''] = /'(.*)'/.exec(line) ?? [];
    const connection = connectInspector(address);
    createActor(toggle, { inspect: connection.inspect }).start();
    await page.next((message) => message.type === '@xstate.snapshot');
    await connection.close();
    program.kill('SIGINT');
    expect(await program.exited).toEqual({ code: 0, signal: null });
  });

  it('with the file that a worker has recorded shows it from beginning to end', async () => {
    const file = join(folder, 'run.ndjson');
    const worker = run('start', agentFile('stays'), '--record', file, '--port', 'none');
    await worker.output.waitFor('It is available', (text) => text.includes('worker.available'));
    worker.kill('SIGTERM');
    expect(await worker.exited).toEqual({ code: 0, signal: null });

    const page = await open(run('inspect', file));
    expect(page.frames.items[0]).toMatchObject({ source: 'recording' });
    const states = page.messages.flatMap((message) =>
      message.type === '@greenroom.worker' ? [message.worker.state] : [],
    );
    expect(states[0]).toBe('starting.preparing');
    expect(states.at(-1)).toBe('closed');
    expect(readFileSync(file, 'utf8')).not.toContain(server.apiSecret);
  });

  it.each([
    [['no-such-file.ndjson'], 'Error GR_RECORDING: The file'],
    [['a', 'b'], 'Error: inspect takes one file, received also "b".'],
    [['--port', 'x'], 'Error: --port x: allowed is a port from 0 to 65535.'],
    [['--portt', '1'], "Error: Unknown option '--portt'"],
  ])('refuses %j', async (args, message) => {
    const program = run('inspect', ...args);
    expect(await program.exited).toEqual({ code: 1, signal: null });
    expect(program.output.items.join('\n')).toContain(message);
  });

  it('has a help of its own', async () => {
    const program = run('inspect', '--help');
    expect(await program.exited).toEqual({ code: 0, signal: null });
    expect(program.output.items.join('\n')).toContain('Usage: greenroom inspect [FILE]');
  });
});

describe('a worker', () => {
  it('with --inspect-control logs where its page is, and obeys it', async () => {
    const worker = run('start', agentFile('stays'), '--inspect-control', '--port', 'none');
    const page = await open(worker);
    expect(page.frames.items[0]).toMatchObject({ source: 'worker', canSend: true });
    const root = await page.next(
      (message) => message.type === '@xstate.actor' && message.name === 'worker',
    );
    await worker.output.waitFor('It is available', (text) => text.includes('worker.available'));
    const { sessionId } = root as { sessionId: string };
    expect(await page.send(1, sessionId, { type: 'worker.drain' })).toMatchObject({
      failure: null,
    });
    expect(await worker.exited).toEqual({ code: 0, signal: null });
    expect(worker.output.items.join('\n')).toContain('the inspector sends worker.drain to');
    // The page has seen the end.
    await page.next(
      (message) => message.type === '@greenroom.worker' && message.worker.outcome === 'drained',
    );
  });

  it('with --inspect stately logs the page for the hosted inspector', async () => {
    const worker = run('start', agentFile('stays'), '--inspect', 'stately', '--port', 'none');
    const address = await addressIn(worker);
    expect(address).toMatch(/\/stately\/$/);
    expect(await (await fetch(address)).text()).toContain('https://stately.ai/inspect');
    worker.kill('SIGTERM');
    expect(await worker.exited).toEqual({ code: 0, signal: null });
  });

  it('without a flag has no page', async () => {
    const worker = run('start', agentFile('stays'), '--port', 'none');
    await worker.output.waitFor('It is available', (text) => text.includes('worker.available'));
    expect(worker.output.items.join('\n')).not.toContain('inspector');
    worker.kill('SIGTERM');
    expect(await worker.exited).toEqual({ code: 0, signal: null });
  });
});
