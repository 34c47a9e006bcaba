/** The support code itself: a server, participants who hear each other, a server that goes and comes back. */
import { randomUUID } from 'node:crypto';
import { DisconnectReason } from '@livekit/rtc-node';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { startLiveKitServer } from '../support/livekit-server.mjs';
import { joinRoom, type Participant } from '../support/participants.ts';
import { expectNoneLeft } from '../support/processes.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { testGuard } from '../support/worker-program.ts';

const server = inject('liveKit');
const joined: Participant[] = [];
let room: string;

beforeEach(() => {
  room = `room-${randomUUID()}`;
});

afterEach(async () => {
  await Promise.all(joined.splice(0).map((participant) => participant.leave()));
});

async function join(identity: string, access = server) {
  const participant = await joinRoom(access, { room, identity });
  joined.push(participant);
  return participant;
}

test('participants see, tell and hear each other', async () => {
  const alice = await join('alice');
  const bob = await join('bob');
  await Promise.all([alice.waitForParticipant('bob'), bob.waitForParticipant('alice')]);

  await alice.send('question', 'are you there?');
  expect(await bob.waitForMessage('question')).toEqual({
    topic: 'question',
    text: 'are you there?',
    from: 'alice',
  });

  const [frames] = await Promise.all([bob.hear(20), alice.publishTone({ durationMs: 600 })]);
  expect(frames).toBe(20);

  await alice.leave();
  await bob.waitForLeave('alice');
  expect(await alice.waitForDisconnect()).toBe(DisconnectReason.CLIENT_INITIATED);
});

test('the same identity puts the one before out', async () => {
  const first = await join('alice');
  await join('alice');
  expect(await first.waitForDisconnect()).toBe(DisconnectReason.DUPLICATE_IDENTITY);
});

test('a room is joined through the proxy, which knows its path', async () => {
  const proxy = await startTcpProxy(server.url);
  await join('alice', { ...server, url: proxy.url });
  expect(proxy.connections.some(({ path, open }) => path.startsWith('/rtc') && open)).toBe(true);
  await joined[0]?.leave();
  await proxy.close();
});

test('a server that was killed starts again on its ports with its keys', async () => {
  const options = { binary: inject('liveKitBinary'), guard: testGuard() };
  const first = await startLiveKitServer(options);
  first.kill('SIGKILL');
  expect(await first.exited).toEqual({ code: null, signal: 'SIGKILL' });

  const { ports, apiSecret } = first;
  const second = await startLiveKitServer({ ...options, ports, apiSecret });
  expect(second.url).toBe(first.url);
  expect(second.output.items.some((line) => line.includes('"msg":"starting LiveKit server"'))).toBe(
    true,
  );
  await second.stop();
  await expectNoneLeft([first.pid, second.pid]);
});

test('a server whose configuration is wrong says so', async () => {
  const config = { keys: {} };
  const started = startLiveKitServer({
    binary: inject('liveKitBinary'),
    guard: testGuard(),
    config,
  });
  await expect(started).rejects.toThrow(
    /did not start\. Its last lines:[^]*one of key-file or keys must be provided/,
  );
});
