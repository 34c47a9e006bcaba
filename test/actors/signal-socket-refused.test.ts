import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { type AddressInfo, type Socket, createServer as createTcpServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type SignalSocketDependencies,
  defineSignalSocket,
} from '../../src/actors/signal-socket.ts';
import { type Supervised, runUnderParent } from '../support/run-under-parent.ts';
import { startSignalServer } from '../support/signal-server.ts';

const running: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of running.splice(0).toReversed()) await end();
});

function connect(url: string, more: Partial<SignalSocketDependencies> = {}): Supervised {
  const logic = defineSignalSocket({
    url,
    apiKey: 'key',
    apiSecret: 'a secret of thirty-two characters',
    workerToken: null,
    random: () => 0.25,
    ...more,
  });
  const actor = runUnderParent(logic);
  running.push(() => actor.stop());
  return actor;
}

async function answering(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<string> {
  const server = await startSignalServer(answer);
  running.push(() => server.close());
  return server.url;
}

/** A server that accepts connections and hands them over. */
async function listening(onSocket: (socket: Socket) => void): Promise<number> {
  const sockets: Socket[] = [];
  const server = createTcpServer((socket) => {
    socket.on('error', () => {});
    sockets.push(socket);
    onSocket(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  running.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** Fails with whatever else comes than one end. */
async function onlyEvent(actor: Supervised, type: string): Promise<unknown> {
  const event = await actor.next(type);
  // What would come second comes with the close of the connection, which is at most a few turns away.
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
  expect(actor.events).toEqual([event]);
  return event;
}

describe('refusals', () => {
  it.each([401, 403, 404, 429, 500, 503, 302])('tells status %i and the body', async (status) => {
    const url = await answering((_request, response) => {
      response.writeHead(status, { 'content-type': 'text/plain', location: '/elsewhere' });
      response.end('no permissions\n to access   the room\n');
    });
    expect(await onlyEvent(connect(url), 'socket.refused')).toEqual({
      type: 'socket.refused',
      status,
      body: 'no permissions to access the room',
      jitter: 0.25,
    });
  });

  it('tells an empty body', async () => {
    const url = await answering((_request, response) => response.writeHead(404).end());
    expect(await onlyEvent(connect(url), 'socket.refused')).toMatchObject({
      status: 404,
      body: '',
    });
  });

  it('cuts a long body, and keeps the token out of it', async () => {
    const url = await answering((request, response) => {
      const token = request.headers.authorization!.slice('Bearer '.length);
      response.writeHead(401).end(`invalid token: ${token}, error: ${'x'.repeat(10_000)}`);
    });
    const { body } = (await onlyEvent(connect(url), 'socket.refused')) as { body: string };
    expect(body).toBe(`invalid token: <token>, error: ${'x'.repeat(169)}`);
    expect(body).toHaveLength(200);
  });

  it('keeps a token out that the server shows in part', async () => {
    const url = await answering((request, response) => {
      const token = request.headers.authorization!.slice('Bearer '.length);
      response.writeHead(401).end(`invalid token: ${token.slice(0, 60)}…`);
    });
    expect(await onlyEvent(connect(url), 'socket.refused')).toMatchObject({
      body: 'invalid token: <token>…',
    });
  });

  it('tells a refusal whose body does not end, at the end of the handshake time', async () => {
    const url = await answering((_request, response) => {
      response.writeHead(503).write('please wait');
    });
    const actor = connect(url, { handshakeTimeoutMs: 300 });
    expect(await onlyEvent(actor, 'socket.refused')).toMatchObject({
      status: 503,
      body: 'please wait',
    });
  });

  it('tells a refusal whose body breaks off', async () => {
    const url = await answering((_request, response) => {
      response.writeHead(500, { 'content-length': '100' });
      response.write('half', () => response.destroy());
    });
    expect(await onlyEvent(connect(url), 'socket.refused')).toMatchObject({
      status: 500,
      body: 'half',
    });
  });
});

describe('no connection', () => {
  it('says that nothing listens', async () => {
    const port = await listening(() => {});
    await running.pop()!();
    expect(await onlyEvent(connect(`ws://127.0.0.1:${port}/x?secret=1`), 'socket.closed')).toEqual({
      type: 'socket.closed',
      code: 1006,
      reason: `could not connect to ws://127.0.0.1:${port}/x/agent: nothing listens at that address (connect ECONNREFUSED 127.0.0.1:${port})`,
      jitter: 0.25,
    });
  });

  it('says that the server did not answer the upgrade', async () => {
    const port = await listening((socket) => socket.resume());
    const actor = connect(`ws://127.0.0.1:${port}`, { handshakeTimeoutMs: 200 });
    expect(await onlyEvent(actor, 'socket.closed')).toMatchObject({
      code: 1006,
      reason: `could not connect to ws://127.0.0.1:${port}/agent: no answer within 200 ms`,
    });
  });

  it('says that the server hung up', async () => {
    const port = await listening((socket) => socket.destroy());
    expect(await onlyEvent(connect(`ws://127.0.0.1:${port}`), 'socket.closed')).toMatchObject({
      code: 1006,
      reason: expect.stringMatching(/^could not connect to .*(reset|hang up)/),
    });
  });

  it('says that the other side does not speak HTTP', async () => {
    const port = await listening((socket) => socket.end('220 mail.example ESMTP\r\n'));
    expect(await onlyEvent(connect(`ws://127.0.0.1:${port}`), 'socket.closed')).toMatchObject({
      reason: expect.stringContaining('does not speak HTTP'),
    });
  });

  it('says that the other side does not speak TLS', async () => {
    const url = await answering((_request, response) => response.end());
    expect(await onlyEvent(connect(url.replace('ws:', 'wss:')), 'socket.closed')).toMatchObject({
      reason: expect.stringContaining('it does not speak TLS'),
    });
  });

  it('says what is wrong with a URL', async () => {
    expect(await onlyEvent(connect('no url'), 'socket.closed')).toMatchObject({
      reason: 'the connection could not be prepared: Invalid URL',
    });
  });

  it('can be stopped at any moment of the handshake', async () => {
    const accepted: Socket[] = [];
    const port = await listening((socket) => {
      accepted.push(socket);
      socket.resume();
    });
    const early = connect(`ws://127.0.0.1:${port}`);
    early.stop();
    const late = connect(`ws://127.0.0.1:${port}`);
    await expect.poll(() => accepted.length).toBe(1);
    const gone = once(accepted[0]!, 'close');
    late.stop();
    await gone;
    expect([...early.events, ...late.events]).toEqual([]);
    expect(accepted).toHaveLength(1);
  });
});

describe('a server that does not answer the close frame', () => {
  /** Upgrades by hand, then reads and says nothing. */
  async function silentServer(): Promise<{ url: string; socket: Promise<Socket> }> {
    const http = createServer();
    const socket = new Promise<Socket>((resolve) => {
      http.on('upgrade', (request: IncomingMessage, raw: Socket) => {
        const key = request.headers['sec-websocket-key']!;
        const accept = createHash('sha1')
          .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
          .digest('base64');
        raw.on('error', () => {});
        raw.resume();
        raw.write(
          `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
        );
        resolve(raw);
      });
    });
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    running.push(async () => {
      (await socket).destroy();
      http.close();
    });
    return { url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}`, socket };
  }

  it('is cut after the close time-out when the actor is stopped', async () => {
    const server = await silentServer();
    const actor = connect(server.url, { closeTimeoutMs: 100 });
    await actor.next('socket.opened');
    const raw = await server.socket;
    const gone = once(raw, 'end');
    actor.stop();
    await gone;
    expect(actor.events).toEqual([{ type: 'socket.opened' }]);
  });

  it('is cut after the close time-out when it was told to close', async () => {
    const server = await silentServer();
    const actor = connect(server.url, { closeTimeoutMs: 100 });
    await actor.next('socket.opened');
    actor.send({ type: 'socket.close' });
    expect(await actor.next('socket.closed')).toMatchObject({ code: 1006 });
  });
});
