/** One scene in a room, played twice: with rtc-node on the real server, and with simulated rooms on the embedded one. */
import { randomUUID } from 'node:crypto';
import { dispose, Room, RpcError } from '@livekit/rtc-node';
import {
  AccessToken,
  type ClaimGrants,
  DataPacket_Kind,
  RoomServiceClient,
  type VideoGrant,
} from 'livekit-server-sdk';
import { afterAll, expect, inject, test } from 'vitest';
import { createDispatchServer } from '../../src/testing/dispatch-server/dispatch-server.ts';
import { Room as SimulatedRoom } from '../../src/testing/rooms/rtc.ts';
import { serveRooms } from '../../src/testing/serve-rooms.ts';
import type { ServerAccess } from '../support/participants.ts';
import { Recorder } from '../support/recorder.mjs';

afterAll(() => dispose());

/** The events that are compared; others tell of media, of the network, or of how a server is built. */
const names = [
  'participantConnected',
  'participantDisconnected',
  'participantMetadataChanged',
  'participantNameChanged',
  'participantAttributesChanged',
  'roomMetadataChanged',
  'connectionStateChanged',
  'disconnected',
  'dataReceived',
] as const;

/** A participant with everything its room tells, in plain values. */
class Actor {
  readonly room: Room;
  readonly told = new Recorder<unknown[]>((all) => JSON.stringify(all));
  #from = 0;

  constructor(room: Room) {
    this.room = room;
    for (const name of names)
      room.on(name, (...values: unknown[]) => this.told.add([name, ...values.map(plain)]));
  }

  get me() {
    if (this.room.localParticipant === undefined) throw new Error('not connected');
    return this.room.localParticipant;
  }

  /** What was told since the last look, up to that event. */
  async until(name: string): Promise<unknown[][]> {
    const from = this.#from;
    const last = await this.told.waitFor(name, ([told]) => told === name, { from });
    this.#from = this.told.items.indexOf(last) + 1;
    return this.told.items.slice(from, this.#from);
  }
}

function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  if (typeof value !== 'object' || value === null || !('identity' in value)) return value;
  const { identity } = value as { identity: string };
  return identity;
}

type MakeRoom = () => Room;

/** Plays the scene, and answers what everyone saw and heard. */
async function play(makeRoom: MakeRoom, server: ServerAccess): Promise<unknown[]> {
  const { url, apiKey, apiSecret } = server;
  const api = new RoomServiceClient(url.replace('ws', 'http'), apiKey, apiSecret);
  const name = `scene-${randomUUID()}`;
  const seen: unknown[] = [];
  const enter = async (
    identity: string,
    claims: ClaimGrants = {},
    grant: VideoGrant = { canUpdateOwnMetadata: true },
  ): Promise<Actor> => {
    const token = new AccessToken(apiKey, apiSecret, { identity, ...claims });
    token.addGrant({ roomJoin: true, room: name, ...grant });
    const actor = new Actor(makeRoom());
    await actor.room.connect(url, await token.toJwt(), { autoSubscribe: true, dynacast: false });
    return actor;
  };
  const attempt = (promise: Promise<unknown>) =>
    promise.then(
      (value) => ['answer', value],
      ({ code, message, data }) => ['error', code, message, data ?? ''],
    );

  const agent = await enter('agent');
  seen.push(await agent.until('connectionStateChanged'), [...agent.room.remoteParticipants.keys()]);
  const ann = await enter('ann', {
    name: 'Ann',
    metadata: 'first',
    attributes: { plan: 'gold' },
  });
  seen.push(await ann.until('connectionStateChanged'), [...ann.room.remoteParticipants.keys()]);
  seen.push(await agent.until('participantConnected'));
  const [seenAnn] = agent.room.remoteParticipants.values();
  const { name: annsName, metadata, attributes, kind } = seenAnn!;
  seen.push({ annsName, metadata, attributes, kind, isSid: seenAnn?.sid?.startsWith('PA_') });
  seen.push({
    room: agent.room.name === name,
    isSid: (await agent.room.getSid()).startsWith('RM_'),
  });

  const bytes = (text: string) => new TextEncoder().encode(text);
  await ann.me.publishData(bytes('hello'), { reliable: true, topic: 'chat' });
  seen.push(await agent.until('dataReceived'));
  await agent.me.publishData(bytes('hello, Ann'), {
    reliable: true,
    topic: 'chat',
    destination_identities: ['ann'],
  });
  seen.push(await ann.until('dataReceived'));
  await api.sendData(name, bytes('from the server'), DataPacket_Kind.RELIABLE, { topic: 'api' });
  seen.push(await ann.until('dataReceived'), await agent.until('dataReceived'));

  await ann.me.setAttributes({ plan: 'silver', mood: 'good' });
  seen.push(await agent.until('participantAttributesChanged'), seenAnn?.attributes);
  seen.push(await ann.until('participantAttributesChanged'), ann.me.attributes);
  await ann.me.setAttributes({ mood: '' });
  seen.push(await agent.until('participantAttributesChanged'), seenAnn?.attributes);
  seen.push(await ann.until('participantAttributesChanged'));
  await ann.me.updateMetadata('second');
  seen.push(await agent.until('participantMetadataChanged'), seenAnn?.metadata);
  seen.push(await ann.until('participantMetadataChanged'));
  await ann.me.updateName('Anna');
  seen.push(await agent.until('participantNameChanged'), seenAnn?.name);
  seen.push(await ann.until('participantNameChanged'));
  await api.updateRoomMetadata(name, 'quiet');
  seen.push(await agent.until('roomMetadataChanged'), agent.room.metadata);
  seen.push(await ann.until('roomMetadataChanged'));

  agent.me.registerRpcMethod('echo', async ({ payload, callerIdentity, method }) => {
    return `${method}: ${payload} from ${callerIdentity}`;
  });
  agent.me.registerRpcMethod('breaks', async () => {
    throw new Error('secret');
  });
  agent.me.registerRpcMethod('refuses', async () => {
    throw new RpcError(101, 'not you', 'because');
  });
  for (const method of ['echo', 'breaks', 'refuses', 'unknown']) {
    const call = { destinationIdentity: 'agent', method, payload: 'hi', responseTimeout: 5000 };
    seen.push(await attempt(ann.me.performRpc(call)));
  }

  const read = new Promise<unknown>((resolve) => {
    agent.room.registerTextStreamHandler('text', (reader, { identity }) => {
      const { topic, attributes: own, mimeType } = reader.info;
      void reader.readAll().then((text) => resolve({ text, identity, topic, own, mimeType }));
    });
  });
  await ann.me.sendText('a stream of text', { topic: 'text', attributes: { a: 'b' } });
  seen.push(await read);

  const file = new Promise<unknown>((resolve) => {
    agent.room.registerByteStreamHandler('file', (reader, { identity }) => {
      const { topic, name: fileName, mimeType } = reader.info;
      const chunks = reader.readAll().then((all) => Buffer.concat(all).toString());
      void chunks.then((text) => resolve({ text, identity, topic, fileName, mimeType }));
    });
  });
  const writer = await ann.me.streamBytes({ topic: 'file', name: 'a.txt' });
  await writer.write(bytes('some bytes'));
  await writer.close();
  seen.push(await file);

  // Whoever leaves has heard everything before: the server tells each of them in its own time.
  const mute = await enter('mute', {}, { canPublishData: false, canUpdateOwnMetadata: false });
  seen.push(await agent.until('participantConnected'), await ann.until('participantConnected'));
  seen.push(await attempt(mute.me.setAttributes({ plan: 'none' })), mute.me.attributes);
  seen.push(await attempt(mute.me.updateMetadata('none')), mute.me.metadata);
  const ghost = await enter('ghost', {}, { hidden: true });
  await ghost.me.publishData(bytes('boo'), { reliable: true, topic: 'ghost' });
  seen.push(await agent.until('dataReceived'), [...agent.room.remoteParticipants.keys()]);
  seen.push(await ann.until('dataReceived'));
  await ghost.room.disconnect();
  await mute.room.disconnect();
  seen.push(await agent.until('participantDisconnected'));
  seen.push(await ann.until('participantDisconnected'));

  await ann.room.disconnect();
  seen.push(await ann.until('disconnected'), ann.room.isConnected);
  seen.push(await agent.until('participantDisconnected'), seenAnn?.disconnectReason);

  const double = await enter('agent');
  seen.push(await agent.until('disconnected'), agent.room.isConnected);
  await api.removeParticipant(name, 'agent');
  seen.push(await double.until('disconnected'));
  const last = await enter('last');
  await api.deleteRoom(name);
  seen.push(await last.until('disconnected'), last.room.connectionState);
  return seen;
}

test(
  'a scene looks the same in a simulated room as in a real one',
  { timeout: 60_000 },
  async () => {
    const server = await createDispatchServer();
    serveRooms(server);
    try {
      const simulated = await play(() => new SimulatedRoom().asRoom(), server);
      const real = await play(() => new Room(), inject('liveKit'));
      expect(simulated).toEqual(real);
    } finally {
      await server.close();
    }
  },
);
