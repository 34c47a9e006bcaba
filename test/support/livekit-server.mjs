/**
 * Runs a LiveKit server on loopback, with keys and ports of its own. Plain JavaScript without dependencies, for the tests
 * and for `npm start`.
 */
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { describeExit, lastLines, startProgram, stopProgram } from './program.mjs';

const host = '127.0.0.1';
const portAttempts = 5;
const readyTimeoutMs = 15_000;
const pollEveryMs = 20;

/**
 * The three ports of a server: HTTP and signalling, WebRTC over TCP, WebRTC over UDP.
 * @typedef {object} Ports
 * @property {number} http
 * @property {number} tcp
 * @property {number} udp
 */

/**
 * @typedef {object} ServerOptions
 * @property {string} binary Path of the server program.
 * @property {import('./guard.mjs').Guard} guard Starts it, so that it cannot outlive us.
 * @property {Record<string, unknown>} [config] Added to the configuration; a key given here replaces ours.
 * @property {NodeJS.ProcessEnv} [env]
 * @property {Ports} [ports] Free ones are taken otherwise. Given to start a server again where one was.
 * @property {string} [apiSecret] A new one is made otherwise. Given to start a server again whose tokens still hold.
 */

/**
 * A server that answers.
 * @typedef {object} LiveKitServer
 * @property {string} url For workers and participants.
 * @property {string} apiKey
 * @property {string} apiSecret
 * @property {Ports} ports
 * @property {number} pid
 * @property {import('./recorder.mjs').Recorder<string>} output Its log: JSON, unless `config.logging` says otherwise.
 * @property {(signal: NodeJS.Signals) => boolean} kill
 * @property {Promise<import('./program.mjs').Exit>} exited
 * @property {(options?: { graceMs?: number }) => Promise<import('./program.mjs').Exit>} stop Ends it and waits for its end.
 */

/**
 * Starts a server and waits until it answers.
 * @param {ServerOptions} options
 * @returns {Promise<LiveKitServer>}
 */
export async function startLiveKitServer(options) {
  const apiSecret = options.apiSecret ?? randomBytes(24).toString('hex');
  for (let attempt = 1; ; attempt += 1) {
    const ports = options.ports ?? (await freePorts());
    const server = launch(options, ports, apiSecret);
    try {
      await untilReady(server);
      return server;
    } catch (error) {
      await server.stop({ graceMs: 0 });
      // Somebody else may have taken a port between our look and the server's own.
      const taken = server.output.items.some((line) => line.includes('address already in use'));
      if (taken && options.ports === undefined && attempt < portAttempts) continue;
      throw new Error(`The LiveKit server did not start. ${lastLines(server.output.items)}`, {
        cause: error,
      });
    }
  }
}

/**
 * @param {ServerOptions} options
 * @param {Ports} ports
 * @param {string} apiSecret
 * @returns {LiveKitServer}
 */
function launch(options, ports, apiSecret) {
  const apiKey = 'devkey';
  const config = {
    port: ports.http,
    bind_addresses: [host],
    // Without a STUN server of its own choice the server asks one on the internet before it starts.
    rtc: {
      tcp_port: ports.tcp,
      udp_port: ports.udp,
      node_ip: host,
      stun_servers: [`${host}:3478`],
    },
    keys: { [apiKey]: apiSecret },
    // Also the status of each worker, which is when a dispatch can reach it.
    logging: { json: true, level: 'info', component_levels: { agents: 'debug' } },
    ...options.config,
  };
  const env = { ...process.env, ...options.env, LIVEKIT_CONFIG: JSON.stringify(config) };
  const program = startProgram(options.guard, options.binary, [], { env });
  return {
    ...program,
    url: `ws://${host}:${ports.http}`,
    apiKey,
    apiSecret,
    ports,
    // The first SIGTERM waits for every participant to leave, the second does not. (A server that has been up for less
    // than 100 ms loses the first.)
    stop: ({ graceMs = 1000 } = {}) =>
      stopProgram(program, { graceMs, killAfterMs: graceMs + 2000 }),
  };
}

/**
 * Ready is when our own process says that it listens and HTTP answers: another server may answer on a port that ours
 * could not get.
 * @param {LiveKitServer} server
 */
async function untilReady(server) {
  const deadline = Date.now() + readyTimeoutMs;
  let ended = false;
  void server.exited.then(() => (ended = true));
  for (;;) {
    if (ended) {
      throw new Error(`It ended with ${describeExit(await server.exited)}.`);
    }
    if (
      server.output.items.some((line) => line.includes('starting LiveKit server')) &&
      (await answers(server))
    )
      return;
    if (Date.now() > deadline) throw new Error(`It did not answer within ${readyTimeoutMs} ms.`);
    await pause(pollEveryMs);
  }
}

/** @param {LiveKitServer} server */
async function answers(server) {
  try {
    const response = await fetch(server.url.replace('ws', 'http'), {
      signal: AbortSignal.timeout(1000),
    });
    // Frees the connection.
    await response.arrayBuffer();
    return response.status === 200;
  } catch {
    return false;
  }
}

/** @returns {Promise<Ports>} */
async function freePorts() {
  // Held at the same time, so that they differ.
  const tcp = [createServer(), createServer()];
  const udp = createSocket('udp4');
  const [http, rtc] = await Promise.all(
    tcp.map(async (server) => {
      await once(server.listen(0, host), 'listening');
      return /** @type {import('node:net').AddressInfo} */ (server.address()).port;
    }),
  );
  await new Promise((resolve) => void udp.bind(0, host, () => resolve(undefined)));
  const ports = { http: http ?? 0, tcp: rtc ?? 0, udp: udp.address().port };
  await Promise.all(tcp.map((server) => new Promise((resolve) => void server.close(resolve))));
  await new Promise((resolve) => void udp.close(() => resolve(undefined)));
  return ports;
}
