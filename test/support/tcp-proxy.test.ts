import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Recorder } from './recorder.mjs';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

let target: Server;
let targetSockets: Recorder<Socket>;
let proxy: TcpProxy;
const clients: Socket[] = [];

/** Answers each piece of data with the same in capitals. */
beforeEach(async () => {
  targetSockets = new Recorder<Socket>();
  target = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (chunk) => socket.write(chunk.toString().toUpperCase()));
    targetSockets.add(socket);
  });
  await once(target.listen(0, '127.0.0.1'), 'listening');
  proxy = await startTcpProxy(`ws://127.0.0.1:${(target.address() as AddressInfo).port}`);
});

afterEach(async () => {
  await proxy.close();
  for (const client of clients.splice(0)) client.destroy();
  target.close();
});

async function open(path: string) {
  const socket = connect({ port: proxy.port, host: '127.0.0.1' });
  clients.push(socket);
  const heard = new Recorder<string>((items) => `Heard: ${JSON.stringify(items)}.`);
  const closed = new Recorder<string>();
  socket.on('data', (chunk) => heard.add(chunk.toString()));
  socket.on('error', (error: NodeJS.ErrnoException) => closed.add(error.code ?? ''));
  socket.on('close', () => closed.add('close'));
  await once(socket, 'connect');
  const say = async (text: string) => {
    const from = heard.items.length;
    socket.write(text);
    return heard.waitFor(`The answer to ${text}`, (answer) => answer === text.toUpperCase(), {
      from,
      timeoutMs: 3000,
    });
  };
  await say(`get ${path}?x=1 http\r\n`.replace('get', 'GET'));
  return { socket, heard, closed, say };
}

test('forwards both ways and knows the request path', async () => {
  const client = await open('/agent');
  expect(await client.say('hello')).toBe('HELLO');
  expect((await proxy.waitForConnection('/agent')).open).toBe(true);
  expect(proxy.url).toBe(`ws://127.0.0.1:${proxy.port}`);
});

test('cuts one connection and leaves the other', async () => {
  const agent = await open('/agent');
  const room = await open('/rtc');
  const connection = await proxy.waitForConnection('/agent');
  connection.cut();
  await agent.closed.waitFor('The end of the connection', (word) => word === 'ECONNRESET');
  expect(connection.open).toBe(false);
  expect(await room.say('still here')).toBe('STILL HERE');
});

test('a stalled connection forwards nothing and stays open; resumed, it delivers what was held back', async () => {
  const client = await open('/agent');
  const other = await open('/rtc');
  const connection = await proxy.waitForConnection('/agent');
  connection.stall();
  const heardBefore = client.heard.items.length;
  client.socket.write('one');
  // Whatever would come through would have come before the answer on the other connection and back.
  await other.say('a round trip');
  await other.say('and another');
  expect(client.heard.items).toHaveLength(heardBefore);
  expect(client.closed.items).toEqual([]);
  expect(connection.open).toBe(true);
  connection.resume();
  expect(await client.heard.waitFor('What was held back', (text) => text === 'ONE')).toBe('ONE');
});

test('a stalled connection hides even that the other side is gone', async () => {
  const client = await open('/agent');
  const other = await open('/rtc');
  const connection = await proxy.waitForConnection('/agent');
  connection.stall();
  targetSockets.items[0]?.destroy();
  await other.say('a round trip');
  await other.say('and another');
  expect(client.closed.items).toEqual([]);
  connection.resume();
  await client.closed.waitFor('The end of the connection', (word) => word === 'close');
});

test('refuses new connections only, and takes them again on the same port', async () => {
  const client = await open('/agent');
  proxy.refuse();
  const refused = connect({ port: proxy.port, host: '127.0.0.1' });
  const [error] = (await once(refused, 'error')) as [NodeJS.ErrnoException];
  expect(error.code).toBe('ECONNREFUSED');
  expect(await client.say('still here')).toBe('STILL HERE');
  await proxy.accept();
  expect(await (await open('/agent')).say('again')).toBe('AGAIN');
});

test('delays what is sent from now on', async () => {
  const client = await open('/agent');
  proxy.delay(100);
  const started = performance.now();
  await client.say('slow');
  // Once on the way there and once on the way back; timers may fire a millisecond early.
  expect(performance.now() - started).toBeGreaterThanOrEqual(198);
});

test('the end of one side is the end of the other', async () => {
  const client = await open('/agent');
  const upstreamClosed = once(await targetSockets.waitFor('The connection', () => true), 'close');
  client.socket.end();
  await upstreamClosed;
  await client.closed.waitFor('The end of the connection', (word) => word === 'close');
});
