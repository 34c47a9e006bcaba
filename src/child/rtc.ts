/** The native library, loaded while the job process warms up. */
import type * as RtcModule from '@livekit/rtc-node';
import type { Room } from '@livekit/rtc-node';

/** The part of the module `@livekit/rtc-node` that a job process uses. */
export type Rtc = Pick<typeof RtcModule, 'Room' | 'dispose'>;

/** Names a module that stands in for `@livekit/rtc-node`: how simulated rooms come into a job process. */
const standInVariable = 'GREENROOM_RTC_MODULE';

/** Makes the room of a job. Tests put in another one. */
export type RoomFactory = () => Room;

/** LiveKit's number for the participants that are agents. */
export const agentKinds: ReadonlySet<number> = new Set([4]);

/** LiveKit's number for audio tracks. */
export const audioKind = 1;

/** LiveKit's number for video tracks. */
export const videoKind = 2;

/** LiveKit's number for a connection that stands. */
export const connectedState = 1;

/** Loads the native library. Its own log, JSON lines at level debug, is kept at info unless `verbose`. */
export async function loadRtc({ verbose }: { verbose: boolean }): Promise<Rtc> {
  const standIn = process.env[standInVariable] ?? '';
  if (standIn !== '') return (await import(standIn)) as Rtc;
  if (verbose) return import('@livekit/rtc-node');
  // Its only switch: it reads NODE_ENV once, while it is loaded.
  const before = process.env['NODE_ENV'];
  process.env['NODE_ENV'] = 'production';
  try {
    return await import('@livekit/rtc-node');
  } finally {
    if (before === undefined) delete process.env['NODE_ENV'];
    else process.env['NODE_ENV'] = before;
  }
}
