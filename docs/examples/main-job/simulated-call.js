/**
 * Calls the agent where server and rooms are simulated: as call.js does, without sound. `npm start` runs it when there is no
 * LiveKit server, with an environment in which `GREENROOM_RTC_MODULE` names what stands in for `@livekit/rtc-node`.
 */
import { randomUUID } from 'node:crypto';
import { AccessToken, AgentDispatchClient, RoomServiceClient } from 'livekit-server-sdk';

const {
  LIVEKIT_URL: url = '',
  LIVEKIT_API_KEY: apiKey,
  LIVEKIT_API_SECRET: apiSecret,
} = process.env;
const module = process.env['GREENROOM_RTC_MODULE'];
const agentName = 'main-job';
const roomName = process.argv[2] ?? `main-job-${randomUUID().slice(0, 8)}`;
const identity = 'caller';
const question = 'What is a green room?';
const answerTimeoutMs = 10_000;

if (!url || !apiKey || !apiSecret || !module) {
  process.stderr.write('npm start says how to run this: see the command of npm start -- --stay.\n');
  process.exit(1);
}

/** @type {import('@livekit/rtc-node').Room} */
const room = new (await import(module)).Room();
try {
  await dispatchAgent();
  await join();
  await agentInRoom();
  await ask();
  await room.disconnect();
  print('hung up');
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  await room.disconnect();
}

async function dispatchAgent() {
  // The room closes 2 s after the last caller has left it.
  await new RoomServiceClient(url, apiKey, apiSecret).createRoom({
    name: roomName,
    departureTimeout: 2,
  });
  const dispatch = await new AgentDispatchClient(url, apiKey, apiSecret).createDispatch(
    roomName,
    agentName,
  );
  print(`dispatched "${agentName}" to the room ${roomName} (${dispatch.id})`);
}

async function join() {
  const token = new AccessToken(apiKey, apiSecret, { identity });
  token.addGrant({ roomJoin: true, room: roomName });
  await room.connect(url, await token.toJwt(), { autoSubscribe: true, dynacast: false });
  print(`joined the room as "${identity}"`);
}

/** Nobody hears what is said before the agent is in the room. */
async function agentInRoom() {
  if (room.remoteParticipants.size > 0) return;
  await within('The agent did not come.', (resolve) =>
    room.once('participantConnected', () => resolve('')),
  );
}

async function ask() {
  print(`asks: ${question}`);
  const answer = within('The agent sent no answer.', (resolve) =>
    room.on('dataReceived', (payload, _from, _kind, topic) => {
      if (topic === 'answer') resolve(new TextDecoder().decode(payload));
    }),
  );
  const payload = new TextEncoder().encode(question);
  await room.localParticipant?.publishData(payload, { reliable: true, topic: 'question' });
  print(`is told: ${await answer}`);
}

/**
 * @param {string} failure
 * @param {(resolve: (value: string) => void) => unknown} start
 * @returns {Promise<string>}
 */
async function within(failure, start) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(failure)), answerTimeoutMs);
  });
  try {
    return await Promise.race([new Promise(start), /** @type {Promise<never>} */ (late)]);
  } finally {
    clearTimeout(timer);
  }
}

/** @param {string} line */
function print(line) {
  process.stdout.write(`${line}\n`);
}
