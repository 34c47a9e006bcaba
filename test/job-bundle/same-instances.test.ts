/** What an agent imports in a job process is what the job process itself works with. */
import { describe, expect, it } from 'vitest';
import { Project } from '../cli/project.ts';
import { order } from '../child/forked-job-process.ts';
import { startBuilt } from './built-job-process.ts';

/** A project in which the peers of the package are installed. */
function projectWith(files: Record<string, string>): Project {
  const project = new Project(files);
  for (const name of ['@livekit/rtc-node', 'xstate']) project.install(name);
  return project;
}

/** Compares what it has imported with what it is given, and prints what is not the same. */
const job = `async (ctx) => {
  const failure = await ctx.connect().catch((error) => error);
  const same = {
    context: getJobContext() === ctx,
    contextClass: ctx instanceof JobContext,
    process: ctx.proc instanceof JobProcess,
    error: failure instanceof WorkerError,
    room: ctx.room instanceof Room,
  };
  console.log('not the same:', Object.keys(same).filter((name) => !same[name]).join() || 'none');
}`;
const names = '{ defineAgent, getJobContext, JobContext, JobProcess, WorkerError }';
const esModule = `import ${names} from 'greenroom';
import { Room } from '@livekit/rtc-node';
export default defineAgent({ entry: ${job} });`;
const commonJs = `const ${names} = require('greenroom');
const { Room } = require('@livekit/rtc-node');
module.exports = defineAgent({ entry: ${job} });`;

describe('an agent meets the classes that its job process uses', () => {
  it.each([
    { agent: 'agent.js', source: esModule, loaders: [] },
    { agent: 'agent.cjs', source: commonJs, loaders: [] },
    {
      agent: 'agent.ts',
      source: esModule.replace('(ctx)', '(ctx: JobContext)').replace('= {', ': any = {'),
      loaders: ['--import', 'tsx'],
    },
  ])('$agent $loaders', async ({ agent, source, loaders }) => {
    const project = projectWith({ [agent]: source });
    const child = startBuilt({ loaders });
    child.initialize(project.path(agent), { orphanMs: 500 });
    await child.next('warm');
    child.send({ type: 'launch', order, credentials: null });
    await child.finish();
    expect(child.output).toContain('not the same: none');
  });
});

describe('an agent that is a machine', () => {
  it('is a child of the session, with the XState that it has imported', async () => {
    const project = projectWith({
      'agent.js': `import { defineAgent } from 'greenroom';
import { fromPromise, setup } from 'xstate';
const machine = setup({
  actors: { ask: fromPromise(async () => 'an answer') },
  actions: { tell: (_, { text }) => console.log('told', text) },
}).createMachine({
  initial: 'asking',
  states: {
    asking: {
      invoke: {
        src: 'ask',
        onDone: { target: 'over', actions: { type: 'tell', params: ({ event }) => ({ text: event.output }) } },
      },
    },
    over: { type: 'final' },
  },
});
export default defineAgent({ session: machine });`,
    });
    const child = startBuilt();
    child.initialize(project.path('agent.js'));
    await child.next('warm');
    child.send({ type: 'launch', order, credentials: null });
    const { outcome } = await child.finish();
    expect(outcome).toMatchObject({ outcome: 'succeeded' });
    expect(child.output).toContain('told an answer');
  });
});
