/**
 * What goes between an inspector server and its page, and the head of a recording.
 *
 * The page is served at `http://127.0.0.1:<port>/<token>/`, from the folder `page` beside the compiled server
 * (`dist/src/inspect/page/index.html` and what lies beside it). Its addresses are relative to that, as is the WebSocket:
 * `new URL(STREAM_PATH, location.href)` with `ws:` for `http:`. The Content-Security-Policy is `CONTENT_SECURITY_POLICY`.
 *
 * A reader gets `hello`, then `replay` frames, then `live`, then `batch` frames for as long as it stays. `seq` has no gaps
 * but those that a `dropped` frame tells.
 */
import type { InspectMessage, WireEvent } from './messages.ts';

/** Raised when a frame or a message changes its meaning. */
export const INSPECT_PROTOCOL = 1;

/** Where the page's WebSocket is, relative to the page. */
export const STREAM_PATH = 'stream';

/** Where apps send their own stream (Stately's WebSocket format), relative to the page; only at `greenroom inspect`. */
export const APP_PATH = 'app';

/** What the page may load: its own files. Styles and scripts stand in files; nothing is evaluated. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** The first frame. A `runId` that the page has not seen: everything it holds is of another run, and is forgotten. */
export interface HelloFrame {
  type: 'hello';
  protocol: number;
  runId: string;
  /** `apps`: `greenroom inspect` alone, any app may send; there may be several roots, or none yet. */
  source: 'worker' | 'apps' | 'recording';
  /** For the page's title: the agent's name, or the file of a recording. */
  title: string;
  /** Version of this package. */
  version: string;
  /** Whether `send` frames are obeyed (`--inspect-control`). */
  canSend: boolean;
  /** The lines to add to an app, with the address of `APP_PATH`; only with the source `apps`. */
  appLines: string[] | null;
  /** With the source `recording`: what is going to come. */
  recording: RecordingFacts | null;
}

/** What a recording holds. */
export interface RecordingFacts {
  file: string;
  /** How many files were read: this one, and those that had been put aside before. */
  files: number;
  messages: number;
  /** Time of the first and of the last message. */
  from: number;
  to: number;
  /** Lines that could not be read, such as the last one of a worker that was killed. */
  unreadable: number;
}

/**
 * How it was, message by message. `state: true`: the actors as they were when the ring begins (with their definitions and last
 * snapshots, finished ones included, in the order in which they were told); the page may show them, but they did not happen now.
 * `state: false`: what has happened since; it can be travelled through.
 */
export interface ReplayFrame {
  type: 'replay';
  state: boolean;
  messages: InspectMessage[];
}

/** The replay is over. With the source `recording` nothing follows. */
export interface LiveFrame {
  type: 'live';
}

/** What happens now. */
export interface BatchFrame {
  type: 'batch';
  messages: InspectMessage[];
}

/** The reader was too slow: so many messages are missing. A `replay` with `state: true` follows, of how it is now. */
export interface DroppedFrame {
  type: 'dropped';
  count: number;
  /** The `seq` of the first and of the last one that is missing. */
  fromSeq: number;
  toSeq: number;
}

/** What became of a `send` frame. */
export interface SentFrame {
  type: 'sent';
  /** The one of the `send` frame. */
  request: number;
  /** `null`: delivered; what the actor makes of it, the stream tells. */
  failure: string | null;
}

/** Server → page, one JSON text a frame. */
export type ToPage = HelloFrame | ReplayFrame | LiveFrame | BatchFrame | DroppedFrame | SentFrame;

/** Page → server: sends an event to an actor. Only with `--inspect-control`. */
export interface SendFrame {
  type: 'send';
  /** Chosen by the page; comes back in `sent`. */
  request: number;
  sessionId: string;
  event: WireEvent;
}

/** Page → server, one JSON text a frame. */
export type FromPage = SendFrame;

/**
 * The first line of each file of a recording. What follows is one `InspectMessage` a line, and here and there a mark. Each
 * file begins with how everything is, so that it can be read alone.
 */
export interface RecordingHeader {
  type: '@greenroom.recording';
  protocol: number;
  version: string;
  runId: string;
  title: string;
  pid: number;
  startedAt: number;
  /** Counts the files of a run, from 1. */
  part: number;
}

/** What stands between the messages of a recording. */
export type RecordingMark =
  /** The next `count` messages tell how everything was; they did not happen then. */
  | { type: '@greenroom.state'; count: number }
  /** So many messages are missing: the disk was too slow. */
  | { type: '@greenroom.dropped'; count: number };
