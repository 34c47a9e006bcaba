/** The LiveKit server of `npm start`: the one the environment names, one of its own, or a simulated one. */
import {
  findLiveKitServer,
  NoLiveKitServerError,
} from '../../../test/support/find-livekit-server.mjs';
import { startLiveKitServer } from '../../../test/support/livekit-server.mjs';
import { parseLogLine } from '../../../test/support/program.mjs';
import { tellServerLine } from './lifecycle.mjs';

const answerTimeoutMs = 5000;

/**
 * A server to use.
 * @typedef {object} UsedServer
 * @property {string} url
 * @property {string} apiKey
 * @property {string} apiSecret
 * @property {string} origin Where it comes from, for people.
 * @property {import('../../../test/support/livekit-server.mjs').LiveKitServer | null} own `null` when it is no program of ours.
 * @property {Embedded | null} embedded The simulated one.
 */

/**
 * A simulated server, in this process.
 * @typedef {object} Embedded
 * @property {Record<string, string>} env For workers and callers, besides the address.
 * @property {() => Promise<void>} close
 */

/** Built by `npm start` itself, before it looks for a server. */
const testingKit = new URL('../../../dist/src/testing/index.js', import.meta.url).href;

/**
 * @param {object} options
 * @param {import('../../../test/support/guard.mjs').Guard} options.guard
 * @param {import('./narrator.mjs').Narrator} options.narrator
 * @returns {Promise<UsedServer>}
 */
export async function bringServer({ guard, narrator }) {
  const elsewhere = serverOfEnvironment(process.env);
  if (elsewhere) {
    await expectAnswer(elsewhere.url);
    narrator.say({
      who: 'start',
      text: `uses the server at ${elsewhere.url}, which LIVEKIT_URL names`,
    });
    return elsewhere;
  }
  const report = (/** @type {string} */ text) => narrator.say({ who: 'start', text });
  const found = await find({ guard, report });
  if (found === null) return embed(narrator);
  const { path, version, origin } = found;
  const own = await startLiveKitServer({ binary: path, guard });
  const { url, apiKey, apiSecret, pid } = own;
  narrator.say({
    who: 'server',
    pid,
    text: `LiveKit ${version} (${origin}) listens on ${url}`,
    tone: 'important',
  });
  own.output.watch((text) => {
    const line = parseLogLine(text);
    const remark = line && tellServerLine(line, pid);
    if (remark) narrator.say(remark);
  });
  return { url, apiKey, apiSecret, origin: `LiveKit ${version}, ${origin}`, own, embedded: null };
}

/** @param {import('../../../test/support/find-livekit-server.mjs').FindOptions} options */
async function find(options) {
  try {
    return await findLiveKitServer(options);
  } catch (error) {
    if (error instanceof NoLiveKitServerError) return null;
    throw error;
  }
}

/**
 * Where there is no LiveKit server, Greenroom's own one without media will do: it is part of `greenroom/testing`.
 * @param {import('./narrator.mjs').Narrator} narrator
 * @returns {Promise<UsedServer>}
 */
async function embed(narrator) {
  const { createDispatchServer, serveRooms } = await import(testingKit);
  const server = await createDispatchServer();
  const {
    LIVEKIT_URL: url,
    LIVEKIT_API_KEY: apiKey,
    LIVEKIT_API_SECRET: apiSecret,
    ...env
  } = /** @type {Record<'LIVEKIT_URL' | 'LIVEKIT_API_KEY' | 'LIVEKIT_API_SECRET', string>} */ (
    serveRooms(server).env
  );
  narrator.say({
    who: 'start',
    text: 'There is no LiveKit server on this machine: server, room and caller are simulated, without sound and video.',
    tone: 'important',
  });
  narrator.say({
    who: 'start',
    text: 'For a real one: set LIVEKIT_URL, put livekit-server on the PATH, or install Go. See "Try it" in README.md.',
  });
  narrator.say({
    who: 'server',
    pid: process.pid,
    text: `Greenroom's simulated server listens on ${url}`,
    tone: 'important',
  });
  const embedded = { env, close: () => server.close() };
  return { url, apiKey, apiSecret, origin: 'simulated, no media', own: null, embedded };
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {UsedServer | null}
 */
function serverOfEnvironment({
  LIVEKIT_URL: url,
  LIVEKIT_API_KEY: apiKey,
  LIVEKIT_API_SECRET: apiSecret,
}) {
  if (!url) return null;
  if (apiKey && apiSecret)
    return { url, apiKey, apiSecret, origin: 'LIVEKIT_URL', own: null, embedded: null };
  throw new Error(
    `LIVEKIT_URL is ${url}, but ${apiKey ? 'LIVEKIT_API_SECRET' : 'LIVEKIT_API_KEY'} is not set. Set it, or unset LIVEKIT_URL to use a server of its own.`,
  );
}

/**
 * A worker would try again and again; whoever watches wants to know at once.
 * @param {string} url
 */
async function expectAnswer(url) {
  try {
    const response = await fetch(url.replace(/^ws/, 'http'), {
      signal: AbortSignal.timeout(answerTimeoutMs),
    });
    await response.arrayBuffer();
  } catch (error) {
    throw new Error(
      `LIVEKIT_URL is ${url}, but no server answers there. Unset it to use a server of its own.`,
      {
        cause: error,
      },
    );
  }
}
