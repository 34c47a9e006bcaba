/** The embedded server, with the times of a real one on a clock that the cases turn. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { RoomAgentDispatch } from '@livekit/protocol';
import {
  createDispatchServer,
  type DispatchServer,
  type SimulatedParticipant,
  TestClock,
} from '../../src/testing/index.ts';
import { Recorder } from '../support/recorder.mjs';
import { httpSettled } from './http-traffic.ts';
import { seededRandom } from '../support/seeded-random.ts';
import type { FollowedSocket, Guest, GuestOptions, ServerKind, Stage } from './stage.ts';

const keys: [string, string][] = [
  ['devkey', 'a-secret-of-32-characters-length'],
  ['key2', 'another-secret-of-32-characters!'],
];
/** The clock is turned so far at once while nothing is due. */
const stepMs = 200;

/** The stage, with the server behind it. */
export interface EmbeddedStage extends Stage {
  server: DispatchServer;
}

/** Starts a server of that kind. */
export async function startEmbeddedStage(kind: ServerKind): Promise<EmbeddedStage> {
  const clock = new TestClock();
  const server = await createDispatchServer({
    preset: 'strict',
    keys: Object.fromEntries(keys),
    clock,
    random: seededRandom(7),
    enableRecording: true,
    ...(kind === 'full-target' && { targetLoad: 1 }),
    ...(kind === 'manual-rooms' && { autoCreate: false }),
  });
  const sockets: FollowedSocket[] = [];
  const settle = async () => {
    // Twice: what one has received may make another one send.
    for (let round = 0; round < 2; round += 1) {
      const open = sockets.filter((socket) => socket.isOpen());
      await Promise.all(open.map((socket) => socket.roundTrip()));
      await httpSettled();
      await nextTurn();
    }
  };
  return {
    name: 'embedded',
    server,
    url: server.url,
    keys,
    now: () => clock.now(),
    elapse: (durationMs) => clock.advance(durationMs, settle),
    until: (what, promise, withinMs) => turnUntil(clock, settle, { what, promise, withinMs }),
    join: async (room, identity, options = {}) =>
      guestOf(server.join(room, { identity, ...whoIs(options) }, roomInput(options))),
    joinWithToken: async (token) => guestOf(server.joinWithToken(token)),
    follow: (socket) => void sockets.push(socket),
    signal: () => {
      throw new Error('The embedded server has no process of its own.');
    },
    ended: Promise.resolve(),
    close: () => server.close(),
  };
}

async function turnUntil<Value>(
  clock: TestClock,
  settle: () => Promise<void>,
  { what, promise, withinMs }: { what: string; promise: Promise<Value>; withinMs: number },
): Promise<Value> {
  const progress = { isSettled: false };
  const end = () => void (progress.isSettled = true);
  promise.then(end, end);
  const deadline = clock.now() + withinMs;
  await settle();
  while (!progress.isSettled) {
    const leftMs = deadline - clock.now();
    if (leftMs <= 0)
      throw new Error(`${what} did not come within ${withinMs} ms of the server's time.`);
    await clock.advance(Math.min(stepMs, leftMs, clock.nextDueInMs() ?? stepMs), settle);
    await settle();
    await nextTurn();
  }
  return promise;
}

function whoIs({ hidden = false, recorder = false, kind }: GuestOptions) {
  return { permissions: { hidden, recorder, agent: kind === 'agent' } };
}

function roomInput({ roomConfig = {} }: GuestOptions) {
  const { agents = [], ...input } = roomConfig;
  return { ...input, agents: agents.map((agent) => new RoomAgentDispatch(agent)) };
}

function guestOf(participant: SimulatedParticipant): Guest {
  const messages = new Recorder<{ topic: string; text: string }>();
  const disconnected = new Promise<number>((resolve) => {
    participant.watch((sight) => {
      if (sight.type === 'disconnected') resolve(sight.reason);
      if (sight.type !== 'data.received') return;
      messages.add({ topic: sight.topic, text: Buffer.from(sight.payload).toString() });
    });
  });
  const message = async (wanted: string) => {
    const found = await messages.waitFor(`A message on ${wanted}`, ({ topic }) => topic === wanted);
    return found.text;
  };
  return {
    identity: participant.identity,
    disconnected,
    message,
    publish: async () => void participant.publish(),
    leave: async () => participant.leave(),
  };
}
