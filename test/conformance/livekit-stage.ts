/** The real server, in real time, with real participants. */
import { setTimeout as pause } from 'node:timers/promises';
import { Room, RoomEvent } from '@livekit/rtc-node';
import { AccessToken, RoomAgentDispatch, RoomConfiguration } from 'livekit-server-sdk';
import type { Guard } from '../support/guard.mjs';
import { startLiveKitServer } from '../support/livekit-server.mjs';
import { Participant } from '../support/participants.ts';
import type { Guest, GuestOptions, ServerKind, Stage } from './stage.ts';

const secret = 'a-secret-of-32-characters-length';
const keys: [string, string][] = [
  ['devkey', secret],
  ['key2', 'another-secret-of-32-characters!'],
];

/** Starts a server of that kind. */
export async function startLiveKitStage(
  binary: string,
  guard: Guard,
  kind: ServerKind,
): Promise<Stage> {
  const server = await startLiveKitServer({
    binary,
    guard,
    apiSecret: secret,
    config: {
      keys: Object.fromEntries(keys),
      agents: {
        enable_user_data_recording: true,
        ...(kind === 'full-target' && { target_load: 1 }),
      },
      ...(kind === 'manual-rooms' && { room: { auto_create: false } }),
    },
  });
  const { url } = server;
  return {
    name: 'livekit-server',
    url,
    keys,
    now: () => performance.now(),
    elapse: (durationMs) => pause(durationMs),
    until: (what, promise, withinMs) => {
      const timeout = pause(withinMs, undefined, { ref: false }).then(() => {
        throw new Error(`${what} did not come within ${withinMs} ms.`);
      });
      return Promise.race([promise, timeout]);
    },
    join: async (room, identity, options = {}) =>
      connect(url, await guestToken(room, identity, options), identity),
    joinWithToken: (token) => connect(url, token, ''),
    follow: () => {},
    signal: (signal) => void server.kill(signal),
    ended: server.exited,
    close: async () => void (await server.stop({ graceMs: 0 })),
  };
}

/** Participants that are connecting: each needs a core for a while, and the others shall still hear what happens to them. */
const connecting = new Set<Promise<void>>();
const connectsAtOnce = 3;

async function connect(url: string, token: string, identity: string): Promise<Guest> {
  const room = new Room();
  const participant = new Participant(room, identity);
  const disconnected = new Promise<number>((resolve) => {
    room.once(RoomEvent.Disconnected, (reason) => resolve(reason));
  });
  while (connecting.size >= connectsAtOnce) await Promise.race(connecting);
  const connected = room.connect(url, token, { autoSubscribe: false, dynacast: false });
  const settled = connected.catch(() => {}).then(() => void connecting.delete(settled));
  connecting.add(settled);
  await connected;
  return {
    identity: room.localParticipant?.identity ?? identity,
    disconnected,
    message: async (topic) => (await participant.waitForMessage(topic)).text,
    publish: () => participant.publishTone({ durationMs: 50 }),
    leave: () => participant.leave(),
  };
}

function guestToken(room: string, identity: string, options: GuestOptions): Promise<string> {
  const { hidden = false, recorder = false, kind, roomConfig } = options;
  const token = new AccessToken(...keys[0]!, { identity, ttl: 600 });
  token.addGrant({ roomJoin: true, room, hidden, recorder, agent: kind === 'agent' });
  if (kind === 'agent') token.kind = kind;
  if (roomConfig !== undefined) {
    const agents = (roomConfig.agents ?? []).map((agent) => new RoomAgentDispatch(agent));
    token.roomConfig = new RoomConfiguration({ ...roomConfig, agents });
  }
  return token.toJwt();
}
