/** `livekit.AgentDispatchService` of the API. */
import {
  CreateAgentDispatchRequest,
  DeleteAgentDispatchRequest,
  ListAgentDispatchRequest,
  ListAgentDispatchResponse,
} from '@livekit/protocol';
import type { VideoGrant } from 'livekit-server-sdk';
import type { Dispatches } from './dispatches.ts';
import type { SimulatedRoom } from './room.ts';
import type { Rooms } from './rooms.ts';
import type { ServerSettings } from './settings.ts';
import type { Timers } from './timers.ts';
import { type ApiMethod, apiMethod, innerError } from './twirp.ts';
import { deploymentMistake } from './worker-connection.ts';

/** What the services work on. */
export interface ServiceWorld {
  settings: ServerSettings;
  timers: Timers;
  rooms: Rooms;
  dispatches: Dispatches;
}

const maxMetadataBytes = 524_288;
const maxAttributesBytes = 65_536;

/** The methods of the service by their paths. */
export function dispatchService(world: ServiceWorld): [path: string, method: ApiMethod][] {
  const { dispatches } = world;
  const path = '/twirp/livekit.AgentDispatchService';
  return [
    [
      `${path}/CreateDispatch`,
      apiMethod(CreateAgentDispatchRequest, isAdmin, async (request) => {
        checkDispatch(request);
        return dispatches.create(await roomFor(world, request.room), request);
      }),
    ],
    [
      `${path}/DeleteDispatch`,
      apiMethod(DeleteAgentDispatchRequest, isAdmin, async ({ room, dispatchId }) => {
        const deleted = dispatches.delete(await existing(world, room), dispatchId);
        if (deleted === null) throw innerError('not_found', 'dispatch ID not found');
        return deleted;
      }),
    ],
    [
      `${path}/ListDispatch`,
      apiMethod(ListAgentDispatchRequest, isAdmin, async ({ room, dispatchId }) => {
        const agentDispatches = dispatches.list(await existing(world, room), dispatchId);
        return new ListAgentDispatchResponse({ agentDispatches });
      }),
    ],
  ];
}

/** The grant over exactly this room. */
export function isAdmin(grant: VideoGrant, { room }: { room: string }): boolean {
  return grant.roomAdmin === true && (grant.room ?? '') === room;
}

function checkDispatch({ deployment, metadata, attributes }: CreateAgentDispatchRequest): void {
  const mistake = deploymentMistake(deployment);
  if (mistake !== null) throw innerError('invalid_argument', mistake);
  if (Buffer.byteLength(metadata) > maxMetadataBytes)
    throw innerError('invalid_argument', 'metadata size exceeds limits');
  const bytes = Object.entries(attributes).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value),
    0,
  );
  if (bytes > maxAttributesBytes)
    throw innerError('invalid_argument', 'attribute size exceeds limits');
}

async function roomFor(world: ServiceWorld, name: string): Promise<SimulatedRoom> {
  return world.settings.autoCreate ? world.rooms.open(name) : existing(world, name);
}

/** The server asks three times before it believes that there is no such room. */
async function existing(
  { rooms, timers, settings }: ServiceWorld,
  name: string,
): Promise<SimulatedRoom> {
  const room = rooms.get(name);
  if (room !== undefined) return room;
  await timers.wait(settings.missingRoomMs);
  throw innerError('unavailable', 'no response from servers');
}
