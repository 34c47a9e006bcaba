/** What `dev --embedded` stands on: a server without media in the supervisor, and a caller who says what is typed. */
import { createInterface } from 'node:readline';
import type { Logger } from 'pino';
import type { EmbeddedEvent } from '../testing/embedded.ts';

/** A server that generations of workers use. */
export interface EmbeddedService {
  /** Words for the command line of each worker: flags win over what its code says. */
  args: string[];
  env: Record<string, string>;
  close(): Promise<void>;
}

/** Starts it, and tells what is simulated and what is not. */
export async function embed(logger: Logger): Promise<EmbeddedService> {
  const { startEmbedded } = await import('../testing/embedded.ts');
  const embedded = await startEmbedded((event) => {
    const { type, ...fields } = event;
    logger.info({ event: type, ...fields }, textOf(event));
  });
  const { url, apiKey, apiSecret } = embedded.server;
  logger.info(
    { event: 'embedded.started', url },
    `simulated: a LiveKit server and a caller, without sound and video, at ${url}. Type a line, and the caller sends it; ` +
      'Enter calls again. For a real server: leave out --embedded, and set LIVEKIT_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET',
  );
  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => {
    if (line.trim() === '') void embedded.call();
    else embedded.say(line);
  });
  return {
    args: ['--url', url, '--api-key', apiKey, '--api-secret', apiSecret],
    env: embedded.env,
    close: async () => {
      lines.close();
      await embedded.close();
    },
  };
}

function textOf(event: EmbeddedEvent): string {
  switch (event.type) {
    case 'embedded.calling':
      return `the caller joins the room ${event.room}`;
    case 'embedded.answered':
      return `the caller sees ${event.identity}`;
    case 'embedded.heard':
      return `the caller hears ${event.from} on "${event.topic}": ${event.text}`;
    case 'embedded.unanswered':
      return `no agent comes: ${event.reason}`;
    case 'embedded.over':
      return `the agent has left the room ${event.room}`;
  }
}
