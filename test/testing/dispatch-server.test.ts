/** The embedded server as tests use it: its options, the participants they play, its faults, its API. */
import { DisconnectReason, ListRoomsRequest, ListRoomsResponse } from '@livekit/protocol';
import { AccessToken, RoomServiceClient } from 'livekit-server-sdk';
import { afterEach, describe, expect, it } from 'vitest';
import {
  createDispatchServer,
  type DispatchServer,
  type DispatchServerOptions,
  type Sight,
  type SimulatedParticipant,
  TestClock,
} from '../../src/testing/index.ts';

const servers: DispatchServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function start(options?: DispatchServerOptions): Promise<DispatchServer> {
  const server = await createDispatchServer(options);
  servers.push(server);
  return server;
}

/** What a participant sees, in words. */
function sightsOf(participant: SimulatedParticipant): string[] {
  const seen: string[] = [];
  participant.watch((sight) => seen.push(inWords(sight)));
  return seen;
}

function inWords(sight: Sight): string {
  switch (sight.type) {
    case 'data.received':
      return `${sight.from?.identity ?? 'the server'}: ${Buffer.from(sight.payload).toString()}`;
    case 'disconnected':
      return `disconnected ${sight.reason}`;
    case 'room.metadataChanged':
      return `room ${sight.metadata}`;
    default:
      return `${sight.type} ${sight.participant.identity}`;
  }
}

const httpUrl = ({ url }: DispatchServer) => url.replace('ws', 'http');

describe('its options', () => {
  it('are refused all at once, each with what it may be', async () => {
    const wrong = { preset: 'lazy', coldWindow: 5, leaveGraceMs: -1, keys: {}, clock: Date };
    await expect(createDispatchServer(wrong as never)).rejects.toMatchObject({
      code: 'GR_OPTION_INVALID',
      message: [
        '5 options are not valid:',
        `- preset: received "lazy" (string); allowed: 'friendly' or 'strict'.`,
        '- coldWindow: there is no such option. Did you mean coldWindowMs?',
        '- leaveGraceMs: received -1 (number); allowed: a number of milliseconds, 0 or more.',
        '- keys: received {} (object); allowed: at least one API key with its secret, as in { devkey: "secret" }.',
        '- clock: received function Date; allowed: an object with now(), setTimeout() and clearTimeout().',
      ].join('\n'),
    });
  });

  it('make the same ids for the same random numbers', async () => {
    const sids = [];
    for (let round = 0; round < 2; round += 1) {
      const server = await start({ random: () => 0.5 });
      sids.push(server.createRoom('a-room').sid);
    }
    expect(sids[0]).toBe(sids[1]);
  });
});

describe('participants', () => {
  it('see each other come, speak, change and go', async () => {
    const server = await start();
    const alice = server.join('a-room', 'alice');
    const seen = sightsOf(alice);
    const bob = server.join('a-room', 'bob');
    bob.sendData('hello');
    bob.sendData('for nobody here', { to: ['carol'] });
    bob.setAttributes({ plan: 'gold' });
    bob.setAttributes({ plan: 'gold' });
    bob.setMetadata('M');
    bob.setName('Bob');
    const { sid } = bob.publish();
    bob.unpublish(sid);
    bob.leave();
    bob.leave();
    bob.sendData('from outside');
    alice.leave(DisconnectReason.PARTICIPANT_REMOVED);
    expect(seen).toEqual([
      'participant.joined bob',
      'bob: hello',
      'participant.attributesChanged bob',
      'participant.metadataChanged bob',
      'participant.renamed bob',
      'track.published bob',
      'track.unpublished bob',
      'participant.left bob',
      'disconnected 4',
    ]);
    expect(alice.disconnectReason).toBe(DisconnectReason.PARTICIPANT_REMOVED);
  });

  it('do not see the hidden ones, whom everything reaches nevertheless', async () => {
    const server = await start();
    const alice = server.join('a-room', 'alice');
    const seen = sightsOf(alice);
    const hidden = server.join('a-room', { identity: 'h', permissions: { hidden: true } });
    const seenByHidden = sightsOf(hidden);
    hidden.setName('Nobody');
    server.room('a-room')?.setMetadata('M');
    alice.sendData('hello');
    hidden.leave();
    expect(seen).toEqual(['room M']);
    expect(seenByHidden).toEqual([
      'participant.renamed h',
      'room M',
      'alice: hello',
      'disconnected 1',
    ]);
    expect(alice.others).toEqual([]);
  });

  it('come in with a token, or are told why not', async () => {
    const server = await start();
    const token = new AccessToken(server.apiKey, server.apiSecret, {
      identity: 'alice',
      name: 'A',
    });
    token.addGrant({ roomJoin: true, room: 'a-room', canPublish: false });
    const alice = server.joinWithToken(await token.toJwt());
    expect(alice.info).toMatchObject({ identity: 'alice', name: 'A' });
    expect(alice.info.permission).toMatchObject({ canPublish: false, canPublishData: false });

    const refused = (jwt: string) => {
      try {
        return server.joinWithToken(jwt).identity;
      } catch (error) {
        return (error as { code: string; details: { reason: string } }).details.reason;
      }
    };
    const outsider = new AccessToken(server.apiKey, server.apiSecret, { identity: 'bob' });
    outsider.addGrant({ roomList: true });
    expect(refused(await outsider.toJwt())).toBe('no permissions to access the room');
    expect(refused('nonsense')).toBe('invalid authorization token');
    server.createRoom('small', { maxParticipants: 1 });
    server.join('small', 'one');
    expect(() => server.join('small', 'two')).toThrow('"two" was not let into room "small"');
  });
});

describe('the friendly preset', () => {
  it('closes a room as soon as the last caller has left', async () => {
    const server = await start();
    server.join('a-room', 'alice').leave();
    const { room } = await server.waitFor('room.closed');
    expect(room.name).toBe('a-room');
  });

  it('drops at once what nobody can take', async () => {
    const server = await start();
    server.dispatch('a-room', 'nobody');
    const dropped = await server.waitFor('job.dropped', { timeoutMs: 500 });
    expect(dropped).toMatchObject({ agentName: 'nobody', reason: 'no worker has the agent name' });
  });
});

describe('the clock', () => {
  it('of the strict preset stands until it is turned', async () => {
    const clock = new TestClock();
    const server = await start({ preset: 'strict', clock });
    const before = server.now();
    server.join('a-room', 'alice').leave();
    await clock.advance(18_000);
    expect(server.rooms).toHaveLength(1);
    await clock.advance(4_000);
    expect(server.rooms).toEqual([]);
    expect(server.now() - before).toBe(22_000);
  });
});

it('counts from the creation of a room that only agents have visited', async () => {
  const clock = new TestClock();
  const server = await start({ preset: 'strict', clock, emptyTimeoutMs: 60_000 });
  server.join('a-room', { identity: 'agent', permissions: { agent: true } }).leave();
  await clock.advance(55_000);
  expect(server.rooms).toHaveLength(1);
  await clock.advance(7_000);
  expect(server.rooms).toEqual([]);
});

describe('the API', () => {
  it('does what the room client of LiveKit’s SDK asks for', async () => {
    const server = await start();
    const rooms = new RoomServiceClient(server.url, server.apiKey, server.apiSecret);
    const room = await rooms.createRoom({ name: 'a-room', metadata: 'M', departureTimeout: 9 });
    expect(room).toMatchObject({ name: 'a-room', metadata: 'M', departureTimeout: 9 });
    const alice = server.join('a-room', 'alice');
    const seen = sightsOf(alice);
    await rooms.updateRoomMetadata('a-room', 'N');
    await rooms.updateParticipant('a-room', 'alice', { name: 'A', attributes: { plan: 'gold' } });
    await rooms.sendData('a-room', new TextEncoder().encode('hi'), 0, { topic: 'chat' });
    const [listed] = await rooms.listParticipants('a-room');
    expect(listed).toMatchObject({ identity: 'alice', name: 'A', attributes: { plan: 'gold' } });
    await rooms.removeParticipant('a-room', 'alice');
    expect(seen).toEqual([
      'room N',
      'participant.renamed alice',
      'participant.attributesChanged alice',
      'the server: hi',
      'disconnected 4',
    ]);
    await expect(rooms.getParticipant('a-room', 'alice')).rejects.toMatchObject({
      status: 404,
      code: 'not_found',
      message: 'twirp error unknown: participant does not exist',
    });
    await rooms.deleteRoom('a-room');
    await expect(rooms.deleteRoom('a-room')).rejects.toMatchObject({ status: 404 });
  });

  it('speaks protobuf, too, and names routes that it does not have', async () => {
    const server = await start();
    server.createRoom('a-room');
    const token = new AccessToken(server.apiKey, server.apiSecret);
    token.addGrant({ roomList: true });
    const post = async (method: string, type: string, body: string | Buffer<ArrayBuffer>) =>
      fetch(`${httpUrl(server)}/twirp/livekit.RoomService/${method}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${await token.toJwt()}`, 'content-type': type },
        body,
      });
    const request = Buffer.from(new ListRoomsRequest({ names: ['a-room'] }).toBinary());
    const answer = await post('ListRooms', 'application/protobuf', request);
    const { rooms } = ListRoomsResponse.fromBinary(new Uint8Array(await answer.arrayBuffer()));
    expect(rooms.map(({ name }) => name)).toEqual(['a-room']);

    const unknown = await post('Nothing', 'application/json', '{}');
    expect([unknown.status, await unknown.json()]).toEqual([
      404,
      {
        code: 'bad_route',
        msg: 'no handler for path POST /twirp/livekit.RoomService/Nothing',
        meta: { twirp_invalid_route: 'POST /twirp/livekit.RoomService/Nothing' },
      },
    ]);
    const malformed = await post('ListRooms', 'application/json', '{');
    expect(await malformed.json()).toMatchObject({ code: 'malformed' });
  });

  it('fails when it is told to', async () => {
    const server = await start();
    const rooms = new RoomServiceClient(server.url, server.apiKey, server.apiSecret);
    server.faults.api = 500;
    await expect(rooms.listRooms()).rejects.toMatchObject({ status: 500 });
    server.faults.clear();
    expect(await rooms.listRooms()).toEqual([]);
  });
});

it('takes upgrades of other paths for others', async () => {
  const server = await start();
  server.handleUpgrade('/rtc-sim', () => (socket) => socket.send('welcome'));
  const { WebSocket } = await import('ws');
  const socket = new WebSocket(`${server.url}/rtc-sim?token=1`);
  const message = await new Promise((resolve) => socket.once('message', resolve));
  expect(String(message)).toBe('welcome');
});

it('names the workers that are there when one is not', async () => {
  const server = await start();
  expect(() => server.worker('AW_1')).toThrow('No worker "AW_1" is connected');
});

it('tells what there was when an event does not come', async () => {
  const server = await start();
  server.createRoom('a-room');
  await expect(server.waitFor('job.offered', { timeoutMs: 10 })).rejects.toThrow(
    'No job.offered within 10 ms. There were: room.created, dispatch.created.',
  );
});
