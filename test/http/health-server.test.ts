import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type HealthServer,
  type HealthServerOptions,
  listenHealth,
} from '../../src/http/health-server.ts';

const host = '127.0.0.1';
const worker = {
  agent_name: 'greeter',
  agent_name_is_env: false,
  deployment: 'blue',
  worker_type: 'JT_ROOM',
  active_jobs: 2,
  sdk_version: '0.1.0',
  worker_load: 0.25,
};
const servers: HealthServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function listen(more: Partial<HealthServerOptions> = {}): Promise<HealthServer> {
  const server = await listenHealth({
    host,
    port: 0,
    source: { health: () => ({ ok: true, reason: '' }), worker: () => worker },
    ...more,
  });
  servers.push(server);
  return server;
}

function ask(server: HealthServer, path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`http://${host}:${server.port}${path}`, init);
}

async function open(server: HealthServer): Promise<Socket> {
  const socket = connect(server.port, host);
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** Sends bytes as they are, and gives what came back until the end of the connection. */
async function sendRaw(server: HealthServer, bytes: string): Promise<string> {
  const socket: Socket = connect(server.port, host);
  let received = '';
  socket.on('data', (data) => (received += data.toString()));
  socket.on('error', () => {});
  socket.write(bytes);
  await once(socket, 'close');
  return received;
}

describe('GET /', () => {
  it('is 200 OK while the worker is healthy', async () => {
    const response = await ask(await listen(), '/');
    expect([response.status, await response.text()]).toEqual([200, 'OK']);
    expect(response.headers.get('cache-control')).toBe('no-store');
  });

  it('is 503 with the reason while it is not, and looks anew each time', async () => {
    let ok = false;
    const server = await listen({
      source: {
        health: () => ({ ok, reason: 'not connected to wss://host' }),
        worker: () => worker,
      },
    });
    const response = await ask(server, '/');
    expect([response.status, await response.text()]).toEqual([503, 'not connected to wss://host']);
    ok = true;
    expect((await ask(server, '/')).status).toBe(200);
  });

  it('is 500 when the worker cannot be read', async () => {
    const source = {
      health: () => {
        throw new Error('no snapshot');
      },
      worker: () => worker,
    };
    const response = await ask(await listen({ source }), '/');
    expect([response.status, await response.text()]).toEqual([
      500,
      'the worker could not be read: Error: no snapshot',
    ]);
  });
});

describe('GET /worker', () => {
  it('describes the worker', async () => {
    const response = await ask(await listen(), '/worker');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(await response.json()).toEqual({
      ...worker,
      project_type: 'nodejs',
      protocol_version: 1,
    });
  });
});

describe('requests', () => {
  it.each([
    ['/?probe=1', 'OK'],
    ['/worker?x=%2F', '"agent_name":"greeter"'],
  ])('may have a query: %s', async (path, body) => {
    const response = await ask(await listen(), path);
    expect(response.status).toBe(200);
    expect(await response.text()).toContain(body);
  });

  it('may be HEAD: the same answer without its body', async () => {
    const server = await listen();
    for (const path of ['/', '/worker']) {
      const whole = await ask(server, path);
      const head = await ask(server, path, { method: 'HEAD' });
      expect(head.status).toBe(200);
      expect(head.headers.get('content-length')).toBe(String((await whole.text()).length));
      expect(await head.text()).toBe('');
    }
  });

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('may not be %s', async (method) => {
    const response = await ask(await listen(), '/worker', { method });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  it('with a body are answered, and the connection goes on', async () => {
    const server = await listen();
    const response = await ask(server, '/', { method: 'POST', body: 'x'.repeat(500_000) });
    expect(response.status).toBe(405);
    expect((await ask(server, '/')).status).toBe(200);
  });

  it.each(['/nothing', '/worker/', '//', '/Worker'])('for %s find nothing', async (path) => {
    const response = await ask(await listen(), path);
    expect([response.status, await response.text()]).toEqual([404, 'not found']);
  });

  it('that are no HTTP get 400', async () => {
    expect(await sendRaw(await listen(), 'hello\r\n\r\n')).toMatch(/^HTTP\/1.1 400 /);
  });

  it('with too large headers get 431', async () => {
    const large = `GET / HTTP/1.1\r\nHost: x\r\nX-Large: ${'x'.repeat(9000)}\r\n\r\n`;
    expect(await sendRaw(await listen(), large)).toMatch(/^HTTP\/1.1 431 /);
  });

  it('with too many headers get 431', async () => {
    const many = 'A: b\r\n'.repeat(5000);
    const received = await sendRaw(await listen(), `GET / HTTP/1.1\r\nHost: x\r\n${many}\r\n`);
    expect(received).toMatch(/^HTTP\/1.1 431 /);
  });

  it('with a URL that is too long get 431', async () => {
    const long = `GET /${'x'.repeat(9000)} HTTP/1.1\r\nHost: x\r\n\r\n`;
    expect(await sendRaw(await listen(), long)).toMatch(/^HTTP\/1.1 431 /);
  });

  it.each([
    ['no host', 'GET / HTTP/1.1\r\n\r\n'],
    ['two lengths', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n'],
    [
      'a length and chunks',
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n',
    ],
    [
      'a chunk that is none',
      'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    ],
    ['a folded header', 'GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\nB\r\n\r\n'],
  ])('with %s get 4xx', async (_what, bytes) => {
    expect(await sendRaw(await listen(), bytes)).toMatch(/HTTP\/1.1 4\d\d /);
  });

  it.each(['/../../etc/passwd', '/%2e%2e/worker', '/worker/%00', 'http://elsewhere/worker', '*'])(
    'for %s find nothing',
    async (path) => {
      const bytes = `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
      expect(await sendRaw(await listen(), bytes)).toMatch(/^HTTP\/1.1 404 /);
    },
  );

  it('to tunnel are cut off', async () => {
    const bytes = 'CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\n\r\n';
    expect(await sendRaw(await listen(), bytes)).toBe('');
  });

  it('to upgrade are answered as any other', async () => {
    const upgrade = 'Connection: Upgrade, close\r\nUpgrade: websocket';
    const bytes = `GET / HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n\r\n`;
    expect(await sendRaw(await listen(), bytes)).toMatch(/^HTTP\/1.1 200 /);
  });

  it('that do not arrive in time get 408', async () => {
    const server = await listen({ requestTimeoutMs: 100 });
    expect(await sendRaw(server, 'GET / HTTP/1.1\r\nHost: x\r\n')).toMatch(/^HTTP\/1.1 408 /);
  });

  it('whose body does not arrive in time are cut off, answered or not', async () => {
    const server = await listen({ requestTimeoutMs: 100 });
    const head = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nx';
    expect(await sendRaw(server, head)).toMatch(/^HTTP\/1.1 405 /);
  });

  it('that never begin are cut off', async () => {
    const server = await listen({ requestTimeoutMs: 100 });
    await sendRaw(server, '');
  });

  it('of an idle connection are not waited for', async () => {
    const server = await listen({ requestTimeoutMs: 100 });
    expect(await sendRaw(server, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n')).toMatch(/\r\n\r\nOK$/);
  });

  it('over more than 256 connections at once are dropped, and the others served', async () => {
    const server = await listen();
    const sockets = await Promise.all(Array.from({ length: 256 }, () => open(server)));
    const dropped = connect(server.port, host);
    dropped.on('error', () => {});
    dropped.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await new Promise((resolve) => dropped.once('close', resolve));
    expect(dropped.bytesRead).toBe(0);
    sockets[0]!.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(String((await once(sockets[0]!, 'data'))[0])).toMatch(/^HTTP\/1.1 200 /);
    sockets[1]!.destroy();
    await once(sockets[1]!, 'close');
    await expect.poll(async () => (await ask(server, '/')).status).toBe(200);
  });
});

describe('listening', () => {
  it('tells the port that was chosen', async () => {
    const server = await listen();
    expect(server.port).toBeGreaterThan(0);
  });

  it('fails with what to do when the port is taken', async () => {
    const { port } = await listen();
    await expect(listen({ port })).rejects.toThrow(
      expect.objectContaining({
        code: 'GR_HTTP_PORT',
        details: { host, port, code: 'EADDRINUSE' },
        message: `The HTTP server cannot listen on host ${host}, port ${port} (listen EADDRINUSE: address already in use ${host}:${port}). Another program listens there: end it, give another port, 0 for any free one, or null for no HTTP server.`,
      }),
    );
  });

  it('fails with what to do when the address is not of this machine', async () => {
    await expect(listen({ host: '192.0.2.1' })).rejects.toThrow(
      expect.objectContaining({
        code: 'GR_HTTP_PORT',
        message: expect.stringContaining('This machine has no such address'),
      }),
    );
  });
});

describe('close', () => {
  it('cuts open connections, frees the port, and may be repeated', async () => {
    const server = await listen();
    const socket = connect(server.port, host);
    await once(socket, 'connect');
    socket.on('error', () => {});
    const cut = once(socket, 'close');
    await server.close();
    await cut;
    await server.close();
    const again = await listen({ port: server.port });
    expect(again.port).toBe(server.port);
  });
});
