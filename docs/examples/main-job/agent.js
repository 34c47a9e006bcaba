/**
 * An agent that answers questions and tells how much it heard. `npm start` runs it; against a server of your own:
 *
 *   LIVEKIT_URL=… LIVEKIT_API_KEY=… LIVEKIT_API_SECRET=… node docs/examples/main-job/agent.js start
 */
import { AudioStream, RoomEvent, TrackKind } from '@livekit/rtc-node';
import { cli, defineAgent } from 'greenroom';

export default defineAgent({
  // Once in each job process, before there is a caller: what takes long is loaded here.
  prewarm: async (proc) => {
    proc.userData.answers = new Map([
      ['What is a green room?', 'The room where performers wait until they are called on stage.'],
    ]);
  },

  // Once for each job: one room, one process.
  entry: async (ctx) => {
    const { answers } = /** @type {{ answers: Map<string, string> }} */ (ctx.proc.userData);

    ctx.room.on(RoomEvent.DataReceived, (payload, from, _kind, topic) => {
      if (topic !== 'question') return;
      const question = new TextDecoder().decode(payload);
      ctx.logger.info(`${from?.identity} asks: ${question}`);
      void say('answer', answers.get(question) ?? 'I do not know.');
    });

    ctx.room.on(RoomEvent.TrackSubscribed, (track) => {
      if (track.kind !== TrackKind.KIND_AUDIO) return;
      void listen(track);
    });

    await ctx.connect();
    const caller = await ctx.waitForParticipant();
    ctx.logger.info(`${caller.identity} is in the room`);
    ctx.addShutdownCallback(async (reason) => ctx.logger.info(`the session ends: ${reason}`));

    /**
     * Counts the frames until the caller takes the track back.
     * @param {import('@livekit/rtc-node').RemoteTrack} track
     */
    async function listen(track) {
      let frames = 0;
      let seconds = 0;
      for await (const frame of new AudioStream(track)) {
        frames += 1;
        seconds += frame.samplesPerChannel / frame.sampleRate;
      }
      const heard = `${frames} frames of sound, ${seconds.toFixed(1)} s`;
      ctx.logger.info(`heard ${heard}`);
      await say('heard', heard);
    }

    /**
     * @param {string} topic
     * @param {string} text
     */
    async function say(topic, text) {
      await ctx.agent?.publishData(new TextEncoder().encode(text), { reliable: true, topic });
    }
  },
});

cli.runApp({
  agent: import.meta.url,
  agentName: 'main-job',
  numIdleProcesses: 1,
  // A worker on a busy machine refuses jobs; this one takes the call that it was started for.
  loadThreshold: Infinity,
  // Any free port for the HTTP server, so that two of these can run side by side.
  port: 0,
});
