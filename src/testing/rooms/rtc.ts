/** What a job process loads in place of `@livekit/rtc-node` when `GREENROOM_RTC_MODULE` names this file. */
import { WebSocket } from 'ws';
import { type ParticipantLink, socketLink } from './links.ts';
import { roomsPath } from './messages.ts';
import { RoomClient } from './room-client.ts';

async function connect(url: string): Promise<ParticipantLink> {
  const address = new URL(url);
  address.pathname = roomsPath;
  const socket = new WebSocket(address);
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  // What breaks it is told by its close.
  socket.on('error', () => {});
  return socketLink(socket);
}

/** A room of the embedded server. */
export class Room extends RoomClient {
  constructor() {
    super(connect);
  }
}

/** There is no native library to end. */
export async function dispose(): Promise<void> {}
