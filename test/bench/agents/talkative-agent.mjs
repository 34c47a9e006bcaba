// An agent with a machine of its own that is shown in the inspector and has much to say: some 600 kB a job.
import { setImmediate as turn } from 'node:timers/promises';
import { defineAgent } from 'greenroom';
import { assign, createActor, createMachine } from 'xstate';
import { tell } from './tell.mjs';

const events = 300;
const eventsInTurn = 20;
const textLength = 1_000;

const talkMachine = createMachine({
  id: 'talk',
  context: { text: '', count: 0 },
  on: {
    said: {
      actions: assign(({ context, event }) => ({ text: event.text, count: context.count + 1 })),
    },
  },
});

export default defineAgent({
  prewarm: () => tell('warm'),
  entry: async (/** @type {import('greenroom').JobContext} */ ctx) => {
    const room = ctx.job.room?.name;
    tell('entry', room);
    await ctx.connect();
    const talk = createActor(talkMachine, { inspect: ctx.inspect }).start();
    for (let count = 1; count <= events; count += 1) {
      talk.send({ type: 'said', text: String(count).padEnd(textLength, ' and so on') });
      if (count % eventsInTurn === 0) await turn();
    }
    tell('connected', room);
  },
});
