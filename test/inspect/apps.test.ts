/** The inspector of other programs: connected by our own writer, or through the page for Stately's. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { runInNewContext } from 'node:vm';
import { createBrowserReceiver } from '@statelyai/inspect';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { createActor } from 'xstate';
import { connectInspector } from '../../src/inspect/client.ts';
import { ForeignReader } from '../../src/inspect/foreign.ts';
import { InspectHub } from '../../src/inspect/hub.ts';
import type { ActorMessage } from '../../src/inspect/messages.ts';
import { serveInspector } from '../../src/inspect/server.ts';
import { WireWriter } from '../../src/inspect/wire/writer.ts';
import { Recorder } from '../support/recorder.mjs';
import { PageClient } from './page-client.ts';
import { toggle } from './toggle.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

async function serveApps() {
  const hub = new InspectHub({ isAlwaysOn: true });
  const facts = { source: 'apps' as const, title: 'apps', version: '0' };
  const server = await serveInspector({ hub, facts, apps: hub });
  cleanups.push(() => server.close());
  const page = new PageClient(server.url);
  cleanups.push(() => page.close());
  return { hub, server, page };
}

describe('connectInspector', () => {
  it('shows apps side by side, each with its definitions, and marks what a lost one was doing', async () => {
    const { server, page } = await serveApps();
    const [first, second] = [connectInspector(server.appUrl), connectInspector(server.appUrl)];
    cleanups.push(() => second.close());
    for (const { inspect } of [first, second]) {
      createActor(toggle, { inspect, input: { text: 'password=hunter2' } })
        .start()
        .send({ type: 'toggle' });
    }
    await page.count(
      2,
      (message) => message.type === '@xstate.snapshot' && message.snapshot.value === 'on',
    );
    const roots = page.messages.filter(
      (message): message is ActorMessage => message.type === '@xstate.actor',
    );
    expect(new Set(roots.map(({ sessionId }) => sessionId.split('/')[0])).size).toBe(2);
    // Both run the same machine: its definition is told once.
    expect(page.messages.filter(({ type }) => type === '@greenroom.definition')).toHaveLength(1);
    expect(new Set(roots.map(({ definitionId }) => definitionId)).size).toBe(1);
    expect(JSON.stringify(page.messages)).not.toContain('hunter2');

    await first.close();
    await page.next((message) => message.type === '@xstate.snapshot' && message.isLost === true);
  });

  it('tells the whole picture again after the connection was cut', async () => {
    const inspector = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    cleanups.push(() => inspector.close());
    await once(inspector, 'listening');
    const connections: Recorder<Record<string, unknown>>[] = [];
    inspector.on('connection', (socket) => {
      const received = new Recorder<Record<string, unknown>>((items) => JSON.stringify(items));
      socket.on('message', (data: Buffer) => received.add(JSON.parse(data.toString())));
      connections.push(received);
      if (connections.length === 1) setImmediate(() => socket.terminate());
    });
    const { port } = inspector.address() as AddressInfo;
    const connection = connectInspector(`ws://127.0.0.1:${port}`, { retryDelayMs: 5 });
    cleanups.push(() => connection.close());
    const actor = createActor(toggle, { inspect: connection.inspect }).start();
    actor.send({ type: 'toggle' });
    await vi.waitFor(() => expect(connections).toHaveLength(2));
    const isOn = ({ snapshot }: Record<string, unknown>): boolean =>
      (snapshot as { value?: string } | undefined)?.value === 'on';
    await connections[1]!.waitFor('The state on', isOn);
    expect(connections[1]!.items[0]).toMatchObject({ type: '@greenroom.definition' });
    expect(connections[1]!.items[1]).toMatchObject({ type: '@xstate.actor' });
  });
});

/** Enough of two browser windows: ours with the bridge, and the inspector's with Stately's own receiver. */
function windows(script: string, page: string, inspector: string) {
  const received = new Recorder<Record<string, unknown>>((items) => JSON.stringify(items));
  const listeners: ((event: object) => void)[] = [];
  let click = (): void => {};
  const opened: string[] = [];
  let inspectorListeners: ((event: object) => void)[] = [];
  const target = {
    closed: false,
    postMessage: (data: unknown, origin: string) => {
      expect(origin).toBe(new URL(inspector).origin);
      for (const listener of inspectorListeners) listener({ data });
    },
  };
  const status = { textContent: '' };
  const own = {
    document: {
      body: { dataset: { inspector } },
      querySelector: (what: string) =>
        what === 'button'
          ? { addEventListener: (_: string, run: () => void) => (click = run) }
          : status,
    },
    window: {
      open: (url: string) => (opened.push(url), target),
      addEventListener: (_: string, listener: (event: object) => void) => listeners.push(listener),
    },
    location: { href: page },
    URL,
    WebSocket,
  };
  runInNewContext(script, own);
  /** What the inspector's page does when it is loaded, and loaded again. */
  const loadInspector = (): void => {
    inspectorListeners = [];
    const window = {
      opener: {
        postMessage: (data: unknown) => {
          for (const listener of listeners) {
            listener({ data, source: target, origin: new URL(inspector).origin });
          }
        },
      },
      addEventListener: (_: string, listener: (event: object) => void) =>
        inspectorListeners.push(listener),
    };
    const inside = { ...window, self: 1, top: 1 } as never;
    createBrowserReceiver({ window: inside }).subscribe((event) =>
      received.add(event as unknown as Record<string, unknown>),
    );
  };
  const strange = (data: unknown): void => {
    for (const listener of listeners)
      listener({ data, source: {}, origin: 'https://other.example' });
  };
  return { received, opened, click: () => click(), loadInspector, strange, target };
}

describe('the page for the hosted inspector', () => {
  it('feeds it by its own handshake, and again when it is loaded again; nobody else gets anything', async () => {
    const hub = new InspectHub();
    const actor = createActor(toggle).start();
    hub.addSource({ start: (send) => new WireWriter({ send }).attach(actor) });
    const facts = { source: 'worker' as const, title: 'test', version: '0' };
    const server = await serveInspector({ hub, facts });
    cleanups.push(() => server.close());
    const html = await (await fetch(server.statelyUrl)).text();
    expect(html).toContain('data-inspector="https://stately.ai/inspect"');
    const script = await (await fetch(`${server.statelyUrl}bridge.js`)).text();
    const scene = windows(script, server.statelyUrl, 'https://stately.ai/inspect');
    cleanups.push(() => (scene.target.closed = true));
    scene.strange({ type: '@statelyai.connected' });
    scene.click();
    expect(scene.opened).toEqual(['https://stately.ai/inspect']);
    scene.strange({ type: '@statelyai.connected' });
    scene.loadInspector();
    const isActor = ({ type }: Record<string, unknown>): boolean => type === '@xstate.actor';
    const first = await scene.received.waitFor('The actor', isActor);
    expect(JSON.parse(String(first['definition']))).toMatchObject({ id: 'toggle' });
    actor.send({ type: 'toggle' });
    await scene.received.waitFor('The snapshot', ({ type }) => type === '@xstate.snapshot');

    scene.loadInspector();
    await scene.received.waitFor(
      'The actor once more',
      () => scene.received.items.filter(isActor).length === 2,
    );
    const again = scene.received.items.findLast(isActor);
    expect(again).toMatchObject({ snapshot: { value: 'on' } });
  });
});

describe('what a job process may say', () => {
  const scope = { prefix: 'x:7', parentId: 'x:7', rootId: 'x:0', isScoped: true };
  const common = { id: null, createdAt: '1', _version: '0', rootId: 'x:99' };
  const actor = { type: '@xstate.actor', name: 'a', snapshot: { status: 'active' }, ...common };

  it('is about its own actors only, in its own place of the tree', () => {
    const foreign = new ForeignReader(scope);
    const read = (message: object) => foreign.read(message);
    expect(read({ ...actor, sessionId: 'x:0' })).toEqual([]);
    expect(read({ ...actor, sessionId: 'x:8/x:0' })).toEqual([]);
    expect(read({ ...actor, sessionId: 'x:7/x:0', parentId: 'x:1' })).toEqual([]);
    expect(read({ ...actor, sessionId: 'x:7/x:0' })).toMatchObject([
      { sessionId: 'x:7/x:0', parentId: 'x:7', rootId: 'x:0' },
    ]);
    expect(read({ type: '@greenroom.worker', sessionId: 'x:7/x:0', worker: {} })).toEqual([]);
    expect(read({ type: '@greenroom.job', sessionId: 'x:7/x:0', job: {} })).toEqual([]);
  });

  it('cannot pass one machine off as another', () => {
    const foreign = new ForeignReader(scope);
    const [definition] = foreign.read({
      type: '@greenroom.definition',
      definitionId: 'that of the worker',
      definition: '{"id":"forged"}',
    });
    expect(definition).toMatchObject({ definitionId: expect.stringMatching(/^[0-9a-f]{16}$/) });
  });

  it.each([null, 1, 'x', [], {}, { type: '@xstate.actor' }, { ...actor, sessionId: 7 }])(
    'is nothing when it is no message: %j',
    (message) => {
      expect(new ForeignReader(scope).read(message)).toEqual([]);
    },
  );

  it('is bounded', () => {
    const hub = new InspectHub({ isAlwaysOn: true });
    const context = { list: Array.from({ length: 9_999 }, () => 'x'.repeat(1_000)) };
    const large = { ...actor, sessionId: 'x:7/x:0', snapshot: { status: 'active', context } };
    for (const message of new ForeignReader(scope).read(large)) hub.accept(message);
    expect(hub.state()).toEqual([]);
  });
});
