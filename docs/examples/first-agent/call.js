import { setTimeout as pause } from 'node:timers/promises';
import { dispose, Room, RpcError } from '@livekit/rtc-node';
import { AccessToken, AgentDispatchClient } from 'livekit-server-sdk';

const { LIVEKIT_URL = '', LIVEKIT_API_KEY, LIVEKIT_API_SECRET } = process.env;
const roomName = `first-call-${Date.now()}`;

// Asks the server for the agent: a room is made, and a worker is offered the job.
const dispatches = new AgentDispatchClient(LIVEKIT_URL, LIVEKIT_API_KEY, LIVEKIT_API_SECRET);
await dispatches.createDispatch(roomName, 'greeter');

// Joins the room as a caller would.
const token = new AccessToken(LIVEKIT_API_KEY, LIVEKIT_API_SECRET, { identity: 'ann' });
token.addGrant({ roomJoin: true, room: roomName });
const room = new Room();
await room.connect(LIVEKIT_URL, await token.toJwt());

// The agent is there already, or it comes.
const tooLate = setTimeout(() => {
  console.error(
    'No agent has come within 10 s. Does the log of the worker say that it is available?',
  );
  process.exit(1);
}, 10_000);
const agent = await new Promise((resolve) => {
  for (const participant of room.remoteParticipants.values()) resolve(participant);
  room.once('participantConnected', resolve);
});
// It is asked again as long as it is in the room but has not registered its method yet.
let answer;
while (answer === undefined) {
  try {
    answer = await room.localParticipant?.performRpc({
      destinationIdentity: agent.identity,
      method: 'greet',
      payload: '',
    });
  } catch (error) {
    const isEarly =
      error instanceof RpcError && error.code === RpcError.ErrorCode.UNSUPPORTED_METHOD;
    if (!isEarly) throw error;
    await pause(100);
  }
}
clearTimeout(tooLate);
console.log(`${agent.identity} says: ${answer}`);

await room.disconnect();
await dispose();
