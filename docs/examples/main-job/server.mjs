/** The LiveKit server of `npm start`: the one the environment names, or one of its own. */
import { findLiveKitServer } from '../../../test/support/find-livekit-server.mjs';
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
 * @property {import('../../../test/support/livekit-server.mjs').LiveKitServer | null} own `null` when it runs elsewhere.
 */

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
  const { path, version, origin } = await findLiveKitServer({ guard, report });
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
  return { url, apiKey, apiSecret, origin: `LiveKit ${version}, ${origin}`, own };
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
  if (apiKey && apiSecret) return { url, apiKey, apiSecret, origin: 'LIVEKIT_URL', own: null };
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
