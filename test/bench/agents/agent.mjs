// The one minimal agent, for Greenroom and for @livekit/agents: BENCH_LIBRARY names the package it is written with.
import { fileURLToPath } from 'node:url';
import { setTimeout as pause } from 'node:timers/promises';
import { tell } from './tell.mjs';

const { BENCH_LIBRARY = 'greenroom', BENCH_OPTIONS = '{}', BENCH_CONNECT_DELAY_MS } = process.env;
const { BENCH_INSPECT, BENCH_INSPECTED_BUSY_MS } = process.env;
const { cli, defineAgent, ServerOptions } = await import(BENCH_LIBRARY);
const { loadLimit, ...options } = JSON.parse(BENCH_OPTIONS);

export default defineAgent({
  prewarm: () => tell('warm'),
  entry: async (/** @type {import('greenroom').JobContext} */ ctx) => {
    const room = ctx.job.room?.name;
    tell('entry', room);
    if (BENCH_INSPECT === 'on') keepBusy(Number(BENCH_INSPECTED_BUSY_MS ?? 0));
    if (BENCH_CONNECT_DELAY_MS !== undefined) await pause(Number(BENCH_CONNECT_DELAY_MS));
    await ctx.connect();
    tell('connected', room);
  },
});

cli.runApp(
  new ServerOptions({
    agent: fileURLToPath(import.meta.url),
    agentName: 'bench',
    host: '127.0.0.1',
    ...options,
    // Whatever its limit: the server offers nothing to a worker that tells a load of 0.7.
    ...(loadLimit === 'none' && { loadFunc: async () => 0 }),
  }),
);

/** @param {number} forMs CPU time: a cost that is known, to see whether it is measured. */
function keepBusy(forMs) {
  const cpuMs = () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000;
  };
  const startedMs = cpuMs();
  while (cpuMs() - startedMs < forMs);
}
