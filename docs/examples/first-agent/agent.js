import { cli, defineAgent } from 'greenroom';

export default defineAgent({
  // Once in each job process, before there is a caller: load here what takes long.
  prewarm: async (proc) => {
    proc.userData.greeting = 'Welcome to the green room';
  },

  // Once for each job: one room, one process.
  entry: async (ctx) => {
    await ctx.connect();
    ctx.agent?.registerRpcMethod('greet', async ({ callerIdentity }) => {
      return `${ctx.proc.userData.greeting}, ${callerIdentity}!`;
    });
    const caller = await ctx.waitForParticipant();
    ctx.logger.info(`${caller.identity} is in the room`);
    ctx.addShutdownCallback((reason) => ctx.logger.info(`the session ends: ${reason}`));
  },
});

cli.runApp({ agent: import.meta.url, agentName: 'greeter', maxJobs: 10 });
