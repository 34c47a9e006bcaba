/**
 * Calls the agent: makes a room, dispatches the agent to it, joins, asks, sends sound and hangs up.
 *
 *   LIVEKIT_URL=… LIVEKIT_API_KEY=… LIVEKIT_API_SECRET=… node docs/examples/main-job/call.js [room]
 */
import { randomUUID } from 'node:crypto';
import {
  AudioFrame,
  AudioSource,
  dispose,
  LocalAudioTrack,
  Room,
  RoomEvent,
  TrackPublishOptions,
  TrackSource,
} from '@livekit/rtc-node';
import { AccessToken, AgentDispatchClient, RoomServiceClient } from 'livekit-server-sdk';

const { LIVEKIT_URL: url, LIVEKIT_API_KEY: apiKey, LIVEKIT_API_SECRET: apiSecret } = process.env;
const agentName = process.env['LIVEKIT_AGENT_NAME_OVERRIDE'] ?? 'main-job';
const roomName = process.argv[2] ?? `main-job-${randomUUID().slice(0, 8)}`;
const identity = 'caller';
const question = 'What is a green room?';
const answerTimeoutMs = 10_000;
const askAgainMs = 250;
const sampleRate = 48_000;
const samplesPerFrame = 480;
const toneFrames = 100;

if (!url || !apiKey || !apiSecret) {
  process.stderr.write('Set LIVEKIT_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET.\n');
  process.exit(1);
}

const room = new Room();
try {
  await dispatchAgent();
  await join();
  await ask();
  await sendTone();
  await room.disconnect();
  print('hung up');
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  await room.disconnect();
  await dispose();
}

async function dispatchAgent() {
  // The room closes 2 s after the last caller has left it.
  await new RoomServiceClient(url ?? '', apiKey, apiSecret).createRoom({
    name: roomName,
    departureTimeout: 2,
  });
  const dispatch = await new AgentDispatchClient(url ?? '', apiKey, apiSecret).createDispatch(
    roomName,
    agentName,
  );
  print(`dispatched "${agentName}" to the room ${roomName} (${dispatch.id})`);
}

async function join() {
  const token = new AccessToken(apiKey, apiSecret, { identity });
  token.addGrant({ roomJoin: true, room: roomName });
  await room.connect(url ?? '', await token.toJwt(), { autoSubscribe: true, dynacast: false });
  print(`joined the room as "${identity}"`);
}

async function ask() {
  print(`asks: ${question}`);
  const answer = messageOn('answer');
  const payload = new TextEncoder().encode(question);
  const send = () =>
    room.localParticipant?.publishData(payload, { reliable: true, topic: 'question' });
  // Nobody hears what is said before the agent is in the room, and the server takes up to 3 s to tell that it came.
  const again = setInterval(() => void send(), askAgainMs);
  try {
    await send();
    print(`is told: ${await answer}`);
  } finally {
    clearInterval(again);
  }
}

/** Publishes a tone of one second and waits until the agent tells how much of it it heard. */
async function sendTone() {
  const heard = messageOn('heard');
  const source = new AudioSource(sampleRate, 1);
  const track = LocalAudioTrack.createAudioTrack('tone', source);
  const options = new TrackPublishOptions({ source: TrackSource.SOURCE_MICROPHONE });
  const publication = await room.localParticipant?.publishTrack(track, options);
  print('sends sound');
  for (let index = 0; index < toneFrames; index += 1) await source.captureFrame(toneFrame(index));
  await source.waitForPlayout();
  await room.localParticipant?.unpublishTrack(publication?.sid ?? '');
  print(`is told that the agent heard ${await heard}`);
}

/**
 * The next data message of the agent on that topic.
 * @param {string} topic
 * @returns {Promise<string>}
 */
function messageOn(topic) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`The agent sent no "${topic}".`)),
      answerTimeoutMs,
    );
    room.on(RoomEvent.DataReceived, (payload, _from, _kind, of) => {
      if (of !== topic) return;
      clearTimeout(timer);
      resolve(new TextDecoder().decode(payload));
    });
  });
}

/** @param {number} index */
function toneFrame(index) {
  const frame = AudioFrame.create(sampleRate, 1, samplesPerFrame);
  for (let sample = 0; sample < samplesPerFrame; sample += 1) {
    const time = (index * samplesPerFrame + sample) / sampleRate;
    frame.data[sample] = Math.round(8000 * Math.sin(2 * Math.PI * 440 * time));
  }
  return frame;
}

/** @param {string} line */
function print(line) {
  process.stdout.write(`${line}\n`);
}
