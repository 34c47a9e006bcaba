import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TokenVerifier } from 'livekit-server-sdk';
import { afterEach, describe, expect, it } from 'vitest';
import { createActor, toPromise } from 'xstate';
import {
  type RoomServiceDependencies,
  defineDeleteRoom,
  defineRemoveParticipant,
} from '../../src/actors/room-service.ts';

const credentials = { apiKey: 'key', apiSecret: 'a secret of thirty-two characters' };
const running: (() => void)[] = [];

afterEach(() => {
  for (const end of running.splice(0)) end();
});

interface Call {
  path: string | undefined;
  token: string;
  body: unknown;
}

/** A server that answers each call in the same way, and keeps them. */
async function serve(
  answer: (response: ServerResponse) => void,
): Promise<{ url: string; calls: Call[] }> {
  const calls: Call[] = [];
  const server = createServer((request: IncomingMessage, response) => {
    let body = '';
    request.on('data', (data) => (body += String(data)));
    request.on('end', () => {
      const token = request.headers.authorization!.slice('Bearer '.length);
      calls.push({ path: `${request.method} ${request.url}`, token, body: JSON.parse(body) });
      answer(response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  running.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`, calls };
}

function json(status: number, body: object): (response: ServerResponse) => void {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
}

function removal(url: string, more: Partial<RoomServiceDependencies> = {}) {
  const logic = defineRemoveParticipant({ url, ...credentials, ...more });
  return createActor(logic, { input: { room: 'lobby', identity: 'agent-AJ_1' } });
}

async function remove(url: string, more: Partial<RoomServiceDependencies> = {}): Promise<void> {
  const actor = removal(url, more);
  const done = toPromise(actor);
  actor.start();
  await done;
}

async function deleteRoom(url: string): Promise<void> {
  const actor = createActor(defineDeleteRoom({ url, ...credentials }), {
    input: { room: 'lobby' },
  });
  const done = toPromise(actor);
  actor.start();
  await done;
}

async function grantOf({ token }: Call): Promise<unknown> {
  const verifier = new TokenVerifier(credentials.apiKey, credentials.apiSecret);
  return (await verifier.verify(token)).video;
}

describe('a call', () => {
  it('removes a participant, with a grant for that room alone', async () => {
    const { url, calls } = await serve(json(200, {}));
    await remove(`${url}/prefix/`);
    expect(calls).toMatchObject([
      {
        path: 'POST /prefix/twirp/livekit.RoomService/RemoveParticipant',
        body: { room: 'lobby', identity: 'agent-AJ_1' },
      },
    ]);
    expect(await grantOf(calls[0]!)).toEqual({ roomAdmin: true, room: 'lobby' });
  });

  it('deletes a room', async () => {
    const { url, calls } = await serve(json(200, {}));
    await deleteRoom(url);
    expect(calls).toMatchObject([
      { path: 'POST /twirp/livekit.RoomService/DeleteRoom', body: { room: 'lobby' } },
    ]);
    expect(await grantOf(calls[0]!)).toEqual({ roomCreate: true });
  });

  it.each([
    ['removing', remove],
    ['deleting', deleteRoom],
  ])('is well done when there is nothing for %s', async (_name, run) => {
    const body = { code: 'not_found', msg: 'twirp error unknown: participant does not exist' };
    const { url } = await serve(json(404, body));
    await expect(run(url)).resolves.toBeUndefined();
  });
});

describe('a call that fails', () => {
  it('says what the server said', async () => {
    const { url } = await serve(json(401, { code: 'unauthenticated', msg: 'permissions denied' }));
    await expect(remove(url)).rejects.toMatchObject({
      code: 'GR_STEP_FAILED',
      message: `RemoveParticipant was refused by ${url.replace('ws', 'http')}/twirp/livekit.RoomService/RemoveParticipant: HTTP 401 unauthenticated: permissions denied.`,
      details: { method: 'RemoveParticipant', status: 401, code: 'unauthenticated' },
    });
  });

  it('takes a 404 of a wrong address for what it is', async () => {
    const { url } = await serve(json(404, { code: 'bad_route', msg: 'no such method' }));
    await expect(deleteRoom(url)).rejects.toThrow('HTTP 404 bad_route: no such method.');
    const plain = await serve((response) => response.writeHead(404).end('404 page not found\n'));
    await expect(deleteRoom(plain.url)).rejects.toThrow('HTTP 404 404 page not found.');
  });

  it('keeps tokens out of the message', async () => {
    const { url, calls } = await serve((response) => {
      response.writeHead(401).end(`invalid token: ${calls[0]!.token}`);
    });
    await expect(remove(url)).rejects.toThrow(/HTTP 401 invalid token: <token>\.$/);
  });

  it.each(['', 'null', '[]', '"x"'])('copes with the body %j', async (body) => {
    const { url } = await serve((response) => response.writeHead(500).end(body));
    await expect(remove(url)).rejects.toThrow(/HTTP 500\.$/);
  });

  it('says that the server cannot be reached', async () => {
    const { url } = await serve(json(200, {}));
    running.pop()!();
    await expect(remove(`${url}?secret=1`)).rejects.toMatchObject({
      code: 'GR_STEP_FAILED',
      message: expect.stringMatching(
        /^RemoveParticipant did not reach http:[^?]+: nothing listens at that address/,
      ),
    });
  });

  it.each([
    ['no answer', () => {}],
    ['half an answer', (response: ServerResponse) => void response.writeHead(200).write('{')],
  ])('gives up in time: %s', async (_name, answer) => {
    const { url } = await serve(answer);
    await expect(remove(url, { timeoutMs: 100 })).rejects.toThrow('no answer within 100 ms');
  });

  it('is cut when its actor is stopped', async () => {
    let cut!: () => void;
    const closed = new Promise<void>((resolve) => {
      cut = resolve;
    });
    let arrived!: () => void;
    const arrival = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const { url } = await serve((response) => {
      response.on('close', cut);
      arrived();
    });
    const actor = removal(url);
    actor.start();
    await arrival;
    actor.stop();
    await closed;
  });
});
