import type { DispatchServer } from './dispatch-server/dispatch-server.ts';
import { rtcModule } from './executors.ts';
import { Seats } from './rooms/seats.ts';

/** Simulated rooms that programs can get into. */
export interface ServedRooms {
  seats: Seats;
  /** What the environment of a worker, or of a caller, has to say so that it uses this server and these rooms. */
  env: Record<string, string>;
}

/** Lets job processes, and programs that import the module that `GREENROOM_RTC_MODULE` names, into the rooms of a server. */
export function serveRooms(server: DispatchServer): ServedRooms {
  const seats = new Seats(server);
  seats.listen();
  const { url, apiKey, apiSecret } = server;
  return {
    seats,
    env: {
      LIVEKIT_URL: url,
      LIVEKIT_API_KEY: apiKey,
      LIVEKIT_API_SECRET: apiSecret,
      GREENROOM_RTC_MODULE: rtcModule(),
    },
  };
}
