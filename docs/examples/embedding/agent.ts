/** The agent of the service. A file of its own: job processes load it, and must not start a service each. */
import { defineAgent } from 'greenroom';

export default defineAgent({
  entry: async (ctx) => {
    await ctx.connect();
    const caller = await ctx.waitForParticipant();
    ctx.logger.info(`${caller.identity} is in the room`);
  },
});
