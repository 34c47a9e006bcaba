// The floor: a worker that answers every request at once with yes, and does nothing that a product must do. No supervision,
// no reconnect, no limits. Its job processes are bare: the native library, and the url and token that they are handed.
import { fork } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import {
  AvailabilityResponse,
  JobType,
  RegisterWorkerRequest,
  ServerMessage,
  UpdateWorkerStatus,
  WorkerMessage,
  WorkerStatus,
} from '@livekit/protocol';
import { WebSocket } from 'ws';

const { LIVEKIT_URL = '', LIVEKIT_API_KEY = '', LIVEKIT_API_SECRET = '' } = process.env;
const { numIdleProcesses } = JSON.parse(process.env['BENCH_OPTIONS'] ?? '{"numIdleProcesses":2}');
const main = fileURLToPath(new URL('floor-job.mjs', import.meta.url));
/** @type {import('node:child_process').ChildProcess[]} */
const warm = [];

for (let count = 0; count < numIdleProcesses; count += 1) warm.push(fork(main));

const socket = new WebSocket(`${LIVEKIT_URL}/agent?protocol=1`, {
  headers: { authorization: `Bearer ${workerToken()}` },
});

/** @param {WorkerMessage['message']} message */
function send(message) {
  socket.send(new WorkerMessage({ message }).toBinary());
}

/** @param {ServerMessage['message']} message */
function receive(message) {
  if (message.case === 'register') {
    const status = WorkerStatus.WS_AVAILABLE;
    send({ case: 'updateWorker', value: new UpdateWorkerStatus({ status, load: 0 }) });
  }
  if (message.case === 'availability') {
    const { id: jobId = '' } = message.value.job ?? {};
    const identity = `agent-${jobId}`;
    const answer = { jobId, available: true, participantIdentity: identity };
    send({ case: 'availability', value: new AvailabilityResponse(answer) });
  }
  if (message.case === 'assignment') {
    const { job, token: roomToken } = message.value;
    const child = warm.shift() ?? fork(main);
    child.send({ url: LIVEKIT_URL, token: roomToken, room: job?.room?.name });
    // The refill, once the job is in its room.
    if (numIdleProcesses > 0) child.once('message', () => warm.push(fork(main)));
  }
}

socket.on('open', () => {
  const value = new RegisterWorkerRequest({
    type: JobType.JT_ROOM,
    agentName: 'bench',
    version: '0',
  });
  send({ case: 'register', value });
});
socket.on('message', (data) => {
  receive(ServerMessage.fromBinary(/** @type {Buffer} */ (data)).message);
});
process.on('SIGTERM', () => process.exit());

function workerToken() {
  const parts = [
    { alg: 'HS256', typ: 'JWT' },
    { iss: LIVEKIT_API_KEY, exp: Math.floor(Date.now() / 1000) + 3600, video: { agent: true } },
  ];
  const signed = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
  const text = signed.join('.');
  return `${text}.${createHmac('sha256', LIVEKIT_API_SECRET).update(text).digest('base64url')}`;
}
