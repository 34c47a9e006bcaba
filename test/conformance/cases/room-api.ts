/** A1 to A6: the API as it is on the wire, and the calls for rooms. */
import { ListRoomsRequest, ListRoomsResponse } from '@livekit/protocol';
import { expect } from 'vitest';
import type { ConformanceCase } from '../case.ts';
import type { Scene } from '../scene.ts';

const inner = (code: string, words: string) => ({ code, msg: `twirp error unknown: ${words}` });

/** The status and the JSON of an answer. */
async function ask(scene: Scene, ...call: Parameters<Scene['post']>) {
  const { status, body } = await scene.post(...call);
  return { status, body: JSON.parse(body) as Record<string, unknown> };
}

export const roomApiCases: ConformanceCase[] = [
  {
    id: 'A1',
    title: 'rooms and participants that do not exist',
    run: async (scene) => {
      const room = scene.newRoom();
      const admin = { roomAdmin: true, room };
      const noRoom = { status: 404, body: inner('not_found', 'requested room does not exist') };
      const nobody = { status: 404, body: inner('not_found', 'participant does not exist') };
      const who = { room, identity: 'nobody' };
      expect(await ask(scene, 'RoomService/DeleteRoom', { room }, { roomCreate: true })).toEqual(
        noRoom,
      );
      expect(await ask(scene, 'RoomService/UpdateRoomMetadata', { room }, admin)).toEqual(noRoom);
      await scene.rooms.createRoom({ name: room });
      for (const method of ['GetParticipant', 'RemoveParticipant'])
        expect(await ask(scene, `RoomService/${method}`, who, admin)).toEqual(nobody);
      expect(await scene.rooms.listParticipants(scene.newRoom())).toEqual([]);
      expect(await scene.rooms.listRooms([scene.newRoom()])).toEqual([]);
    },
  },
  {
    id: 'A2',
    title: 'bodies that cannot be read, and methods that do not exist',
    run: async (scene) => {
      const grant = { roomList: true };
      expect(await ask(scene, 'RoomService/ListRooms', '{', grant)).toEqual({
        status: 400,
        body: { code: 'malformed', msg: 'the json request could not be decoded' },
      });
      const { status, body } = await ask(scene, 'RoomService/Nothing', {}, grant);
      expect({ status, code: body['code'], meta: body['meta'] }).toEqual({
        status: 404,
        code: 'bad_route',
        meta: { twirp_invalid_route: 'POST /twirp/livekit.RoomService/Nothing' },
      });
    },
  },
  {
    id: 'A3',
    title: 'limits of CreateRoom',
    run: async (scene) => {
      const create = (body: object) =>
        ask(scene, 'RoomService/CreateRoom', body, { roomCreate: true });
      expect(await create({ name: 'x'.repeat(257) })).toEqual({
        status: 400,
        body: inner('invalid_argument', 'room name length exceeds limits: max length 256'),
      });
      const argument = 'metadata size exceeds limits';
      const agents = [{ agentName: 'a', metadata: 'x'.repeat(524_289) }];
      expect(await create({ name: scene.newRoom(), agents })).toEqual({
        status: 400,
        body: { code: 'invalid_argument', msg: `${argument} 524288`, meta: { argument } },
      });
    },
  },
  {
    id: 'A4',
    title: 'JSON has snake case, all fields, texts for 64-bit numbers and names for enums',
    run: async (scene) => {
      const room = scene.newRoom();
      const grant = { roomAdmin: true, room };
      const request = { room, agent_name: 'somebody', unheardOf: 1 };
      const { body } = await ask(scene, 'AgentDispatchService/CreateDispatch', request, grant);
      const { id, state, ...rest } = body as { id: string; state: Record<string, unknown> };
      expect(id).toMatch(/^AD_[2-9A-Za-z]{12}$/);
      expect(rest).toEqual({
        agent_name: 'somebody',
        room,
        metadata: '',
        restart_policy: 'JRP_ON_FAILURE',
        deployment: '',
        attributes: {},
      });
      expect(state).toEqual({
        jobs: [],
        created_at: expect.stringMatching(/^\d{19}$/) as string,
        deleted_at: '0',
      });
    },
  },
  {
    id: 'A5',
    title: 'protobuf is answered with protobuf',
    run: async (scene) => {
      const name = scene.newRoom();
      await scene.rooms.createRoom({ name, metadata: 'M', maxParticipants: 3 });
      const request = new ListRoomsRequest({ names: [name] }).toBinary();
      const answer = await scene.postBytes('RoomService/ListRooms', request, { roomList: true });
      expect(answer.contentType).toBe('application/protobuf');
      const [room, ...others] = ListRoomsResponse.fromBinary(answer.bytes).rooms;
      expect(room).toMatchObject({ name, metadata: 'M', maxParticipants: 3, numParticipants: 0 });
      expect(room?.sid).toMatch(/^RM_/);
      expect(others).toEqual([]);
    },
  },
  {
    id: 'A6',
    title: 'what the API does to participants',
    run: async (scene) => {
      const room = scene.newRoom();
      const alice = await scene.join(room, 'alice');
      const bytes = new TextEncoder().encode('hello');
      // Data channels open a moment after the join.
      const sending = async () => {
        await scene.rooms.sendData(room, bytes, 0, {
          topic: 'chat',
          destinationIdentities: ['alice'],
        });
        await scene.stage.elapse(100);
      };
      const heard = alice.message('chat').then((text) => ({ text }));
      let message: { text: string } | undefined;
      while (message === undefined) message = (await Promise.race([heard, sending()])) ?? undefined;
      expect(message).toEqual({ text: 'hello' });
      const attributes = { plan: 'gold' };
      await scene.rooms.updateParticipant(room, 'alice', { name: 'A', metadata: 'M', attributes });
      const known = await scene.rooms.getParticipant(room, 'alice');
      expect(known).toMatchObject({ name: 'A', metadata: 'M', attributes });
      expect(known.sid).toMatch(/^PA_/);
      expect((await scene.rooms.updateRoomMetadata(room, 'N')).metadata).toBe('N');
      await scene.rooms.removeParticipant(room, 'alice');
      await scene.gone(room, alice);
    },
  },
];
