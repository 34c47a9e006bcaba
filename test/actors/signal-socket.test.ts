import { once } from 'node:events';
import { JobTermination, ServerMessage } from '@livekit/protocol';
import { TokenVerifier } from 'livekit-server-sdk';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  type SignalSocketDependencies,
  defineSignalSocket,
} from '../../src/actors/signal-socket.ts';
import { type Supervised, runUnderParent } from '../support/run-under-parent.ts';
import { type SignalServer, startSignalServer } from '../support/signal-server.ts';

const credentials = {
  apiKey: 'key',
  apiSecret: 'a secret of thirty-two characters',
  workerToken: null,
};
const running: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of running.splice(0).toReversed()) await end();
});

async function serve(): Promise<SignalServer> {
  const server = await startSignalServer();
  running.push(() => server.close());
  return server;
}

function connect(
  url: string,
  more: Partial<SignalSocketDependencies> = {},
  parent: { until?: string } = {},
): Supervised {
  const logic = defineSignalSocket({ url, ...credentials, random: () => 0.25, ...more });
  const actor = runUnderParent(logic, {}, parent);
  running.push(() => actor.stop());
  return actor;
}

const termination = new ServerMessage({
  message: { case: 'termination', value: new JobTermination({ jobId: 'AJ_1' }) },
});
const migrate = (id: string) => ({
  type: 'socket.send',
  message: { type: 'migrateJobs', jobIds: [id] },
});
const close = { type: 'socket.close' };

describe('opening', () => {
  it('asks for the agent endpoint behind the path prefix', async () => {
    const server = await serve();
    const actor = connect(`${server.url.replace('ws', 'http')}/prefix/?tenant=a`, {
      workerToken: 'w',
    });
    const { request } = await server.accept();
    expect(request.url).toBe('/prefix/agent?tenant=a&protocol=1&worker_token=w');
    expect(request.headers['sec-websocket-extensions']).toBeUndefined();
    expect(await actor.next('socket.opened')).toEqual({ type: 'socket.opened' });
  });

  it('brings a short-lived token with the agent grant', async () => {
    const server = await serve();
    connect(server.url);
    const { request } = await server.accept();
    const [scheme, token] = request.headers.authorization!.split(' ');
    expect(scheme).toBe('Bearer');
    const verifier = new TokenVerifier(credentials.apiKey, credentials.apiSecret);
    const claims = await verifier.verify(token!);
    expect(claims.video).toEqual({ agent: true });
    expect(claims.iss).toBe('key');
    expect(claims.exp! - claims.nbf!).toBe(300);
  });

  it('makes a new token for each connection', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    running.push(() => vi.useRealTimers());
    const server = await serve();
    connect(server.url);
    const first = await server.accept();
    vi.setSystemTime(Date.now() + 3_600_000);
    connect(server.url);
    const second = await server.accept();
    expect(second.request.headers.authorization).not.toBe(first.request.headers.authorization);
  });
});

describe('messages', () => {
  it('hands on decoded binary and text frames, and messages of a newer server', async () => {
    const server = await serve();
    const actor = connect(server.url);
    const { socket } = await server.accept();
    socket.send(termination.toBinary());
    socket.send(termination.toJsonString());
    socket.send(Uint8Array.of(0x32, 0x00));
    await actor.next('server.unknown');
    expect(actor.events).toEqual([
      { type: 'socket.opened' },
      { type: 'server.jobTerminated', jobId: 'AJ_1' },
      { type: 'server.jobTerminated', jobId: 'AJ_1' },
      { type: 'server.unknown', case: 'field 6' },
    ]);
  });

  it('queues what is sent before the WebSocket is open, and stamps pings when they leave', async () => {
    const server = await serve();
    const actor = connect(server.url, { now: () => 1795500571178 });
    actor.send(migrate('AJ_1'));
    actor.send({ type: 'socket.send', message: { type: 'ping' } });
    await actor.next('socket.opened');
    actor.send(migrate('AJ_2'));
    actor.send(close);
    const peer = await server.accept();
    expect(await peer.closed).toEqual({ code: 1000, reason: '' });
    expect(peer.messages.map((message) => message.toJson())).toEqual([
      { migrateJob: { jobIds: ['AJ_1'] } },
      { ping: { timestamp: '1795500571178' } },
      { migrateJob: { jobIds: ['AJ_2'] } },
    ]);
  });

  it('drops a message that cannot be encoded, tells it, and goes on', async () => {
    const onUnsendable = vi.fn<NonNullable<SignalSocketDependencies['onUnsendable']>>();
    const server = await serve();
    const actor = connect(server.url, { onUnsendable });
    await actor.next('socket.opened');
    const broken = { type: 'status', status: 'full', load: NaN, jobCount: 0 } as const;
    actor.send({ type: 'socket.send', message: broken });
    actor.send(migrate('AJ_1'));
    const peer = await server.accept();
    actor.send(close);
    await peer.closed;
    expect(peer.messages).toHaveLength(1);
    expect(onUnsendable).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ code: 'GR_INTERNAL' }),
      broken,
    );
  });

  it('answers the WebSocket pings of the server', async () => {
    const server = await serve();
    connect(server.url);
    const { socket } = await server.accept();
    socket.ping('hello');
    const [data] = await once(socket, 'pong');
    expect(String(data)).toBe('hello');
  });
});

describe('the end of an open connection', () => {
  it.each([
    ['a code and a reason', 1001, 'maintenance', 'maintenance'],
    ['a code alone', 1012, '', 'the server restarts'],
    ['an unknown code', 4000, '', 'closed with code 4000'],
  ])('tells %s', async (_kind, code, reason, told) => {
    const server = await serve();
    const actor = connect(server.url);
    const { socket } = await server.accept();
    socket.close(code, reason);
    expect(await actor.next('socket.closed')).toEqual({
      type: 'socket.closed',
      code,
      reason: told,
      jitter: 0.25,
    });
  });

  it('tells a connection that breaks off, after the messages that came before', async () => {
    const server = await serve();
    const actor = connect(server.url);
    const { socket } = await server.accept();
    await new Promise((resolve) => socket.send(termination.toBinary(), resolve));
    socket.terminate();
    expect(await actor.next('socket.closed')).toMatchObject({
      code: 1006,
      reason: 'the connection broke off without a close frame',
    });
    expect(actor.events.map((event) => event.type)).toEqual([
      'socket.opened',
      'server.jobTerminated',
      'socket.closed',
    ]);
  });

  it.each([
    ['binary', Buffer.from('deadbeef', 'hex'), 'binary frame of 4 bytes, deadbeef'],
    ['text', 'hello', 'text frame of 5 characters, "hello"'],
  ])('ends at a %s frame that cannot be decoded', async (_kind, frame, received) => {
    const server = await serve();
    const actor = connect(server.url);
    const peer = await server.accept();
    peer.socket.send(frame);
    peer.socket.send(termination.toBinary());
    expect(await actor.next('socket.closed')).toMatchObject({
      code: 1007,
      reason: expect.stringContaining(received),
    });
    expect(await peer.closed).toEqual({ code: 1007, reason: 'not a ServerMessage' });
    expect(actor.events.map((event) => event.type)).toEqual(['socket.opened', 'socket.closed']);
  });

  it('tells the server so also when the report stops the actor', async () => {
    const server = await serve();
    connect(server.url, {}, { until: 'socket.closed' });
    const peer = await server.accept();
    peer.socket.send('no JSON');
    expect(await peer.closed).toEqual({ code: 1007, reason: 'not a ServerMessage' });
  });

  it('ends at a frame of more than 8 MiB', async () => {
    const server = await serve();
    const actor = connect(server.url);
    const { socket } = await server.accept();
    socket.send(Buffer.alloc(8 * 1024 * 1024 + 1));
    expect(await actor.next('socket.closed')).toMatchObject({
      reason: expect.stringContaining('a frame that is too large'),
    });
  });
});

describe('closing', () => {
  it('closes with 1000, behind everything that was sent', async () => {
    const server = await serve();
    const actor = connect(server.url);
    await actor.next('socket.opened');
    for (let index = 0; index < 200; index += 1) actor.send(migrate(`AJ_${index}`));
    actor.send(close);
    actor.send(close);
    actor.send(migrate('too late'));
    const peer = await server.accept();
    expect(await peer.closed).toEqual({ code: 1000, reason: '' });
    expect(peer.messages).toHaveLength(200);
    expect(await actor.next('socket.closed')).toEqual({
      type: 'socket.closed',
      code: 1000,
      reason: 'closed in order',
      jitter: 0.25,
    });
  });

  it('sends what is queued even when it is closed before it is open', async () => {
    const server = await serve();
    const actor = connect(server.url);
    actor.send(migrate('AJ_1'));
    actor.send(close);
    const peer = await server.accept();
    expect(await peer.closed).toEqual({ code: 1000, reason: '' });
    expect(peer.messages).toHaveLength(1);
    await actor.next('socket.closed');
    expect(actor.events).toHaveLength(1);
  });

  it('gives up an unopened connection with nothing to send', async () => {
    const server = await serve();
    const actor = connect(server.url);
    actor.send(close);
    expect(await actor.next('socket.closed')).toMatchObject({
      code: 1000,
      reason: 'closed before it was open',
    });
  });

  it('flushes and closes when the actor is stopped, and says nothing more', async () => {
    const server = await serve();
    const actor = connect(server.url);
    await actor.next('socket.opened');
    const peer = await server.accept();
    actor.send(migrate('AJ_1'));
    actor.stop();
    expect(await peer.closed).toEqual({ code: 1000, reason: '' });
    expect(peer.messages).toHaveLength(1);
    expect(actor.events.map((event) => event.type)).toEqual(['socket.opened']);
  });

  it('leaves no connection and no warning behind', async () => {
    const warnings: Error[] = [];
    const keep = (warning: Error): number => warnings.push(warning);
    process.on('warning', keep);
    running.push(() => process.off('warning', keep));
    const server = await serve();
    for (let round = 0; round < 15; round += 1) {
      const actor = connect(server.url);
      await actor.next('socket.opened');
      const peer = await server.accept();
      actor.stop();
      await peer.closed;
    }
    await vi.waitFor(async () => expect(await server.connections()).toBe(0));
    expect(warnings).toEqual([]);
  });
});
