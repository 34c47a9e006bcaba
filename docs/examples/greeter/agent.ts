import { cli, defineAgent } from 'greenroom';

export default defineAgent<{ greeting: string }>({
  // Once in each job process, before there is a caller.
  prewarm: (proc) => {
    proc.userData.greeting = 'Good evening';
  },

  // Once for each job: one room, one process.
  entry: async (ctx) => {
    ctx.addShutdownCallback((reason) => ctx.logger.info(`the session ends: ${reason}`));
    await ctx.connect();
    const caller = await ctx.waitForParticipant();
    const words = new TextEncoder().encode(`${ctx.proc.userData.greeting}, ${caller.identity}`);
    await ctx.agent?.publishData(words, { reliable: true, topic: 'greeting' });
  },
});

cli.runApp({ agent: import.meta.url, agentName: 'greeter', maxJobs: 10 });
