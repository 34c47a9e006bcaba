/** What the conformance cases need of a server: either of the two can be behind it. */
import type { JobType } from '@livekit/protocol';

/** Which of the two servers. */
export type ServerName = 'embedded' | 'livekit-server';

/** What a case needs its server to be. */
export type ServerKind = 'usual' | 'full-target' | 'manual-rooms';

/** How someone joins a room. */
export interface GuestOptions {
  hidden?: boolean;
  recorder?: boolean;
  kind?: 'standard' | 'agent';
  roomConfig?: {
    emptyTimeout?: number;
    departureTimeout?: number;
    metadata?: string;
    agents?: { agentName: string; metadata?: string }[];
  };
}

/** Someone in a room. */
export interface Guest {
  identity: string;
  /** LiveKit's number of the reason, once it is out. */
  disconnected: Promise<number>;
  /** The text of the first message on a topic, once it has come. */
  message: (topic: string) => Promise<string>;
  publish: () => Promise<void>;
  leave: () => Promise<void>;
}

/** A server and its time. */
export interface Stage {
  name: ServerName;
  url: string;
  keys: readonly [apiKey: string, apiSecret: string][];
  /** Milliseconds of the server's time. */
  now: () => number;
  /** Lets that much of the server's time pass. */
  elapse: (durationMs: number) => Promise<void>;
  /** Lets time pass until the promise has settled: at most that much. */
  until: <Value>(what: string, promise: Promise<Value>, withinMs: number) => Promise<Value>;
  join: (room: string, identity: string, options?: GuestOptions) => Promise<Guest>;
  joinWithToken: (token: string) => Promise<Guest>;
  /** Called with each socket that opens: time waits for what is on its way there. */
  follow: (socket: FollowedSocket) => void;
  /** Sends a signal to the server's process. */
  signal: (signal: NodeJS.Signals) => void;
  /** Resolves when the server's process has ended. */
  ended: Promise<unknown>;
  close: () => Promise<void>;
}

/** As much of a WebSocket as the time needs. */
export interface FollowedSocket {
  isOpen: () => boolean;
  /** Resolves when all that was on its way in both directions has arrived. */
  roundTrip: () => Promise<void>;
}

/** What a worker registers as, and how it answers. */
export interface WorkerSpec {
  /** `null` is an empty name; left out, one of the case's own. */
  agentName?: string | null;
  /** Workers of one group share a name. @defaultValue the worker's own key */
  group?: string;
  type?: JobType;
  deployment?: string;
  namespace?: string;
  permissions?: Record<string, boolean | number[]>;
  /** Which of the server's API keys. @defaultValue 0 */
  key?: number;
  answers?: 'accept' | 'reject' | 'terminate' | 'nothing' | 'nobody';
  identity?: string;
  load?: number;
  isFull?: boolean;
}
