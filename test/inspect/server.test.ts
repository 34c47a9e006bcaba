import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createWebSocketInspector, createWebSocketReceiver } from '@statelyai/inspect';
import { type ActorRefFrom, createActor } from 'xstate';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { STREAM_PATH, type ToPage } from '../../src/inspect/frames.ts';
import { InspectHub } from '../../src/inspect/hub.ts';
import { type InspectServer, serveInspector } from '../../src/inspect/server.ts';
import { WireWriter } from '../../src/inspect/wire/writer.ts';
import { jobMachine } from '../../machines/index.ts';
import { Recorder } from '../support/recorder.mjs';
import { toggle } from './toggle.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

async function serve(
  options: Partial<Parameters<typeof serveInspector>[0]> & { takesApps?: boolean } = {},
): Promise<{ server: InspectServer; hub: InspectHub }> {
  const { takesApps = false, ...rest } = options;
  const hub = new InspectHub({ isAlwaysOn: takesApps });
  const facts = { source: 'worker' as const, title: 'test', version: '0' };
  const apps = takesApps ? { apps: hub } : {};
  const server = await serveInspector({ hub, facts, ...apps, ...rest });
  cleanups.push(() => server.close());
  return { server, hub };
}

/** The answer to a GET; `fetch` lets nobody set `Host`, nor ask for a path with `..`. */
function get(
  url: string,
  headers: Record<string, string> = {},
  path?: string,
): Promise<{ status: number; headers: object; body: string }> {
  return new Promise((resolve, reject) => {
    const { port, pathname } = new URL(url);
    const asked = request({ port, path: path ?? pathname, headers }, (response) => {
      let body = '';
      response.on('data', (chunk) => (body += chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
      );
    });
    asked.on('error', reject).end();
  });
}

function upgradeStatus(url: string, headers: Record<string, string> = {}): Promise<number> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url, { headers });
    socket.on('unexpected-response', (_, { statusCode = 0 }) => resolve(statusCode));
    socket.on('open', () => {
      socket.close();
      resolve(101);
    });
    socket.on('error', () => {});
  });
}

class Page {
  readonly frames = new Recorder<ToPage>((frames) => frames.map(({ type }) => type).join('\n'));
  readonly socket: WebSocket;
  constructor(url: string) {
    this.socket = new WebSocket(new URL(STREAM_PATH, url.replace('http:', 'ws:')));
    this.socket.on('message', (data: Buffer) =>
      this.frames.add(JSON.parse(data.toString()) as ToPage),
    );
    cleanups.push(() => this.socket.terminate());
  }
}

const isAnswerTo =
  (number: number) =>
  (frame: ToPage): boolean =>
    frame.type === 'sent' && frame.request === number;

/** Each time two messages, of 4 kB together. */
async function toggleOften(actor: ActorRefFrom<typeof toggle>, times: number): Promise<void> {
  for (let index = 0; index < times; index += 1) {
    actor.send({ type: 'toggle' });
    if (index % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

describe('an inspector server', () => {
  it('is on loopback only, and says nothing to who has no token, another name or another origin', async () => {
    const { server } = await serve();
    const { port, origin } = new URL(server.url);
    const stream = new URL(STREAM_PATH, server.url.replace('http:', 'ws:')).href;
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[\w-]{24}\/$/);

    expect(await get(origin)).toMatchObject({ status: 403 });
    expect(await get(`${origin}/${'x'.repeat(24)}/`)).toMatchObject({ status: 403 });
    expect(await get(server.url, { host: `attacker.example:${port}` })).toMatchObject({
      status: 403,
    });
    const { pathname } = new URL(server.url);
    for (const path of ['../server.js', '%2e%2e/server.js', './', 'x/../../server.js']) {
      expect(await get(server.url, {}, pathname + path)).toMatchObject({ status: 404 });
    }
    expect(await get(server.statelyUrl)).toMatchObject({ status: 200 });
    expect(await upgradeStatus(stream, { origin: 'https://attacker.example' })).toBe(403);
    expect(await upgradeStatus(stream, { host: `attacker.example:${port}` })).toBe(403);
    expect(await upgradeStatus(stream.replace(/[\w-]{24}/, 'x'.repeat(24)))).toBe(403);
    expect(await upgradeStatus(server.appUrl)).toBe(403);
    expect(await upgradeStatus(stream, { origin })).toBe(101);
    // No other address of this machine answers.
    const other = connect({ host: '127.0.0.2', port: Number(port) });
    const [error] = (await once(other, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNREFUSED');
  });

  it('lets its page load nothing but its own files', async () => {
    const { server } = await serve();
    const { headers } = await get(server.statelyUrl);
    expect(headers).toMatchObject({
      'content-security-policy': expect.stringContaining("default-src 'none'"),
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    });
    expect(headers).toHaveProperty(
      'content-security-policy',
      expect.stringContaining("frame-ancestors 'none'"),
    );
  });

  it('tells a page of everything, and delivers its events only when it may', async () => {
    const sent: unknown[] = [];
    const { server, hub } = await serve({
      send: (sessionId, event) => (sent.push([sessionId, event]), null),
    });
    const actor = createActor(toggle).start();
    hub.addSource({ start: (send) => new WireWriter({ send }).attach(actor) });
    const page = new Page(server.url);
    await page.frames.waitFor('The end of the replay', ({ type }) => type === 'live');
    expect(page.frames.items[0]).toMatchObject({ type: 'hello', source: 'worker', canSend: true });
    const event = { type: 'toggle' };
    page.socket.send(JSON.stringify({ type: 'send', request: 7, sessionId: 'x:1', event }));
    page.socket.send('nonsense');
    const stop = { type: 'send', request: 8, sessionId: 'x:1', event: { type: 'xstate.stop' } };
    page.socket.send(JSON.stringify(stop));
    const answer = await page.frames.waitFor('The second answer', isAnswerTo(8));
    expect(answer).toMatchObject({ failure: expect.stringContaining('xstate.stop') });
    expect(sent).toEqual([['x:1', event]]);

    const { server: watched } = await serve();
    const onlooker = new Page(watched.url);
    await onlooker.frames.waitFor('The end of the replay', ({ type }) => type === 'live');
    expect(onlooker.frames.items[0]).toMatchObject({ canSend: false });
    onlooker.socket.send(JSON.stringify({ type: 'send', request: 8, sessionId: 'x:1', event }));
    const refused = await onlooker.frames.waitFor('The answer', ({ type }) => type === 'sent');
    expect(refused).toMatchObject({
      request: 8,
      failure: expect.stringContaining('--inspect-control'),
    });
  });

  it('keeps no more than its limits for a page that has stalled', async () => {
    const { server, hub } = await serve();
    const actor = createActor(toggle, { input: { text: 'x'.repeat(1_900) } }).start();
    hub.addSource({ start: (send) => new WireWriter({ send }).attach(actor) });
    const page = new Page(server.url);
    await page.frames.waitFor('The end of the replay', ({ type }) => type === 'live');
    let told = 0;
    hub.read({ join: () => {}, next: ({ seq }) => (told = seq) });
    // What the hub itself keeps is there before, and nothing waits.
    await toggleOften(actor, 2_000);
    const isLast = (frame: ToPage): boolean =>
      'messages' in frame && frame.messages.some(({ seq }) => seq === told);
    await page.frames.waitFor('The last message', isLast);
    page.socket.pause();
    const from = page.frames.items.length;
    const memory = (): number => {
      collectGarbage();
      const { arrayBuffers, external, heapUsed } = process.memoryUsage();
      return arrayBuffers + external + heapUsed;
    };
    const before = memory();
    // The kernel takes some megabytes of them.
    await toggleOften(actor, 10_000);
    const kept = memory() - before;
    page.socket.resume();
    const isCount = ({ type }: ToPage): boolean => type === 'dropped';
    const dropped = await page.frames.waitFor('The count', isCount, { from });
    expect(dropped).toMatchObject({ count: expect.any(Number) });
    expect(kept).toBeLessThan(10_000_000);
  });
});

describe('Stately’s own tools', () => {
  it('read the stream: every machine comes with its full definition, also for a late viewer', async () => {
    const { server, hub } = await serve();
    const actor = createActor(toggle).start();
    hub.addSource({ start: (send) => new WireWriter({ send }).attach(actor) });
    const page = new Page(server.url);
    await page.frames.waitFor('The end of the replay', ({ type }) => type === 'live');
    for (let index = 0; index < 300; index += 1) actor.send({ type: 'toggle' });

    const received = new Recorder<Record<string, unknown>>((items) => JSON.stringify(items));
    const receiver = createWebSocketReceiver({ server: server.statelyStreamUrl });
    receiver.subscribe((event) => received.add(event as unknown as Record<string, unknown>));
    const first = await received.waitFor('The actor', ({ type }) => type === '@xstate.actor');
    expect(JSON.parse(String(first['definition']))).toMatchObject({
      id: 'toggle',
      states: { on: {}, off: {} },
    });
    expect(first).toMatchObject({ sessionId: actor.sessionId, id: null, name: 'toggle' });
    actor.send({ type: 'toggle' });
    const snapshot = await received.waitFor(
      'The snapshot',
      ({ type }) => type === '@xstate.snapshot',
    );
    expect(snapshot).toMatchObject({ snapshot: { value: 'on' }, event: { type: 'toggle' } });
    expect(received.items.every(({ type }) => String(type).startsWith('@xstate.'))).toBe(true);
  });

  it('write to it: any app with createWebSocketInspector is shown, its secrets taken out', async () => {
    const { server } = await serve({ takesApps: true });
    const page = new Page(server.url);
    const hello = await page.frames.waitFor('The greeting', ({ type }) => type === 'hello');
    expect(hello).toMatchObject({
      appLines: [expect.stringContaining(server.appUrl), expect.any(String)],
    });
    const inspector = createWebSocketInspector({ url: server.appUrl });
    cleanups.push(() => inspector.stop());
    const input = { text: 'password=hunter2' };
    const actor = createActor(toggle, { inspect: inspector.inspect, input }).start();
    actor.send({ type: 'toggle', apiKey: 'hunter2' } as never);
    const isDone = (frame: ToPage): boolean => JSON.stringify(frame).includes('"value":"on"');
    await page.frames.waitFor('The state on', isDone);
    const messages = page.frames.items.flatMap((frame) =>
      'messages' in frame ? frame.messages : [],
    );
    expect(messages.map(({ type }) => type)).toEqual([
      '@greenroom.definition',
      '@xstate.actor',
      '@xstate.event',
      '@xstate.snapshot',
      '@xstate.event',
      '@xstate.snapshot',
    ]);
    expect(messages[1]).toMatchObject({
      name: 'toggle',
      sessionId: expect.stringMatching(/^app\d+\/x:\d+$/),
    });
    expect(JSON.stringify(messages)).not.toContain('hunter2');
  });
});

it('a machine of Greenroom has its definition for Stately as a whole', async () => {
  const { server, hub } = await serve({ takesApps: true });
  const writer = new WireWriter({ send: hub.accept });
  try {
    createActor(jobMachine, { inspect: writer.inspect, input: {} as never });
  } catch {
    // It cannot run without its input; it was told of before.
  }
  const received = new Recorder<Record<string, unknown>>((items) => JSON.stringify(items));
  createWebSocketReceiver({ server: server.statelyStreamUrl }).subscribe((event) =>
    received.add(event as unknown as Record<string, unknown>),
  );
  const actor = await received.waitFor('The actor', ({ type }) => type === '@xstate.actor');
  const { states } = JSON.parse(String(actor['definition'])) as { states: object };
  expect(Object.keys(states)).toEqual(Object.keys(jobMachine.states));
});
