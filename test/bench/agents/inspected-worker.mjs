// A worker that prints where its inspector is once it takes jobs, and at SIGUSR2 what memory it holds.
import { setFlagsFromString } from 'node:v8';
import { fileURLToPath } from 'node:url';
import { runInNewContext } from 'node:vm';
import { createWorker } from 'greenroom';

const { BENCH_OPTIONS = '{}', BENCH_AGENT = 'agent.mjs', BENCH_INSPECT } = process.env;
const { loadLimit, ...options } = JSON.parse(BENCH_OPTIONS);

const worker = createWorker({
  agent: fileURLToPath(new URL(BENCH_AGENT, import.meta.url)),
  host: '127.0.0.1',
  logLevel: 'error',
  production: true,
  inspect: BENCH_INSPECT === 'on',
  ...options,
  ...(loadLimit === 'none' && { loadFunc: () => 0 }),
});
process.once('SIGTERM', () => void worker.close());
process.on('SIGUSR2', () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc');
  collectGarbage();
  collectGarbage();
  const { heapUsed, external, rss } = process.memoryUsage();
  print({ held: heapUsed + external, rss });
});
await worker.start();
print({ inspectorUrl: worker.inspectorUrl });

/** @param {Record<string, unknown>} fact */
function print(fact) {
  process.stdout.write(`${JSON.stringify(fact)}\n`);
}
