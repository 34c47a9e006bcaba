/** `livekit.RoomService` of the API, without what is about media. */
import {
  CreateRoomRequest,
  DeleteRoomRequest,
  DeleteRoomResponse,
  DisconnectReason,
  ListParticipantsRequest,
  ListParticipantsResponse,
  ListRoomsRequest,
  ListRoomsResponse,
  RemoveParticipantResponse,
  RoomParticipantIdentity,
  SendDataRequest,
  SendDataResponse,
  DataPacket_Kind,
  UpdateParticipantRequest,
  UpdateRoomMetadataRequest,
} from '@livekit/protocol';
import type { VideoGrant } from 'livekit-server-sdk';
import { isAdmin } from './dispatch-service.ts';
import type { SimulatedParticipant } from './participant.ts';
import type { SimulatedRoom } from './room.ts';
import type { Rooms } from './rooms.ts';
import { type ApiMethod, apiMethod, innerError, TwirpError } from './twirp.ts';

const maxNameBytes = 256;
const maxMetadataBytes = 524_288;
const canCreate = ({ roomCreate }: VideoGrant) => roomCreate === true;
const canList = ({ roomList }: VideoGrant) => roomList === true;

/** The methods of the service by their paths. */
export function roomService(rooms: Rooms): [path: string, method: ApiMethod][] {
  const path = '/twirp/livekit.RoomService';
  return [
    [
      `${path}/CreateRoom`,
      apiMethod(CreateRoomRequest, canCreate, (request) => create(rooms, request)),
    ],
    [
      `${path}/ListRooms`,
      apiMethod(ListRoomsRequest, canList, ({ names }) => {
        const found = rooms.list().filter(({ name }) => names.length === 0 || names.includes(name));
        return new ListRoomsResponse({ rooms: found.map(({ info }) => info) });
      }),
    ],
    [
      `${path}/DeleteRoom`,
      apiMethod(DeleteRoomRequest, canCreate, ({ room }) => {
        rooms.close(find(rooms, room), DisconnectReason.ROOM_DELETED);
        return new DeleteRoomResponse();
      }),
    ],
    [
      `${path}/UpdateRoomMetadata`,
      apiMethod(UpdateRoomMetadataRequest, isAdmin, ({ room, metadata }) => {
        const found = find(rooms, room);
        found.setMetadata(metadata);
        return found.info;
      }),
    ],
    [
      `${path}/SendData`,
      apiMethod(SendDataRequest, isAdmin, (request) => {
        sendData(find(rooms, request.room), request);
        return new SendDataResponse();
      }),
    ],
    ...participantMethods(rooms, path),
  ];
}

function participantMethods(rooms: Rooms, path: string): [path: string, method: ApiMethod][] {
  return [
    [
      `${path}/ListParticipants`,
      apiMethod(ListParticipantsRequest, isAdmin, ({ room }) => {
        const found = [...(rooms.get(room)?.participants.values() ?? [])];
        return new ListParticipantsResponse({ participants: found.map(({ info }) => info) });
      }),
    ],
    [
      `${path}/GetParticipant`,
      apiMethod(
        RoomParticipantIdentity,
        isAdmin,
        (request) => findParticipant(rooms, request).info,
      ),
    ],
    [
      `${path}/RemoveParticipant`,
      apiMethod(RoomParticipantIdentity, isAdmin, (request) => {
        findParticipant(rooms, request).leave(DisconnectReason.PARTICIPANT_REMOVED);
        return new RemoveParticipantResponse();
      }),
    ],
    [
      `${path}/UpdateParticipant`,
      apiMethod(UpdateParticipantRequest, isAdmin, (request) =>
        update(findParticipant(rooms, request), request),
      ),
    ],
  ];
}

function create(rooms: Rooms, request: CreateRoomRequest) {
  const { name, emptyTimeout, departureTimeout, maxParticipants, metadata, agents } = request;
  if (Buffer.byteLength(name) > maxNameBytes) {
    const words = `room name length exceeds limits: max length ${maxNameBytes}`;
    throw innerError('invalid_argument', words);
  }
  if (agents.some((agent) => Buffer.byteLength(agent.metadata) > maxMetadataBytes)) {
    const argument = 'metadata size exceeds limits';
    throw new TwirpError('invalid_argument', `${argument} ${maxMetadataBytes}`, { argument });
  }
  const input = { emptyTimeout, departureTimeout, maxParticipants, metadata, agents };
  return rooms.open(name, input).info;
}

function find(rooms: Rooms, name: string): SimulatedRoom {
  const room = rooms.get(name);
  if (room === undefined) throw innerError('not_found', 'requested room does not exist');
  return room;
}

function findParticipant(
  rooms: Rooms,
  { room, identity }: { room: string; identity: string },
): SimulatedParticipant {
  const participant = rooms.get(room)?.participants.get(identity);
  if (participant === undefined) throw innerError('not_found', 'participant does not exist');
  return participant;
}

/** What is empty stays as it is. */
function update(participant: SimulatedParticipant, request: UpdateParticipantRequest) {
  if (request.name !== '') participant.setName(request.name);
  if (request.metadata !== '') participant.setMetadata(request.metadata);
  if (request.permission !== undefined) participant.setPermissions(request.permission);
  participant.setAttributes(request.attributes);
  return participant.info;
}

function sendData(room: SimulatedRoom, request: SendDataRequest): void {
  const { data, topic = '', destinationIdentities, kind } = request;
  const isReliable = kind === DataPacket_Kind.RELIABLE;
  room.deliverData(data, { topic, to: destinationIdentities, isReliable });
}
