/** With a job V8 optimizes later, unless the worker has a flag for that. */
import { expect, it } from 'vitest';
import { agent, JobProcessOnFork, order } from './forked-job-process.ts';

/** V8 takes code that was kept only when its flags are those of then: it answers whether they are in `prewarm` and in `entry`. */
const looksAtFlags = {
  before: `import { Script } from 'node:vm';
const source = '(function () {})';
const kept = new Script(source).createCachedData();
const areAsLoaded = () => !new Script(source, { filename: String(Math.random()), cachedData: kept }).cachedDataRejected;`,
  definition: `{
    prewarm: () => console.log('warm', areAsLoaded()),
    entry: () => console.log('entry', areAsLoaded()),
  }`,
};

async function flagsAreAsLoaded(flags: string[]): Promise<string[]> {
  const child = new JobProcessOnFork({ execArgv: ['--import', 'tsx', ...flags] });
  child.initialize(agent(looksAtFlags.definition, looksAtFlags.before));
  await child.next('warm');
  child.send({ type: 'launch', order, credentials: null });
  await child.finish();
  return child.output.split('\n').filter((line) => /^(warm|entry) /.test(line));
}

it.runIf(process.version.startsWith('v20.')).each([
  [[], ['warm true', 'entry false']],
  [['--interrupt-budget=67584'], ['warm true', 'entry true']],
  [['--interrupt_budget=67584'], ['warm true', 'entry true']],
])('on Node 20, with %j', async (flags, expected) => {
  expect(await flagsAreAsLoaded(flags)).toEqual(expected);
});

it.runIf(!process.version.startsWith('v20.'))(
  'not on later ones, which have no such flag',
  async () => {
    expect(await flagsAreAsLoaded([])).toEqual(['warm true', 'entry true']);
  },
);
