/**
 * What a worker and a job process say to each other over the link (the IPC channel of `fork`, JSON). Both sides are of
 * one package, but a job process of an older build may outlive an update on disk: the version is checked first.
 */
import type { LinkMessage, SessionReport } from '../../machines/job-process/job-process.types.ts';
import type { Failure } from '../../machines/messages.ts';
import type { InspectionOrder } from './inspection.ts';

export type { LinkMessage, SessionReport };

/** Raised when a message changes its meaning. */
export const LINK_VERSION = 1;

/** What the job process needs before it can load the agent. Sent at once after the fork; holds no secret. */
export interface InitializeMessage {
  type: 'initialize';
  version: number;
  /** Absolute path of the agent file. */
  agent: string;
  log: { level: string; pretty: boolean };
  /** Limits of the session's steps, all in ms. */
  limits: SessionLimits;
  /** The room is told of the agent at once. */
  announce: boolean;
  /** The room is connected without running other programs. */
  quickConnect: boolean;
  /** A warm process that has nothing to do rehearses a session. */
  rehearse: boolean;
}

/** Limits of the steps of a session close, in ms. Each is also bounded by what is left of `totalMs`. */
export interface SessionLimits {
  /** The whole session close. */
  totalMs: number;
  /** How long `entry`, or the machine in its place, may take to settle after `ctx.signal` was aborted. */
  entryGraceMs: number;
  /** `onSessionEnd`. */
  sessionEndMs: number;
  /** Wait for the worker to confirm that the outcome was reported to the server. */
  reportMs: number;
  /** Leave or delete the room. */
  leaveMs: number;
  /** All shutdown callbacks together. */
  callbacksMs: number;
  /** Flush the logs. */
  flushMs: number;
  /** Dispose of the native library. */
  disposeMs: number;
  /** How long a JobTermination waits for the room to tell the reason. */
  terminationMs: number;
  /** How long an agent may stay unconnected before a warning. */
  unconnectedWarnMs: number;
  /** The whole session close once the worker is gone. */
  orphanMs: number;
}

/** Worker → job process. */
export type ToJobProcess =
  | InitializeMessage
  | InspectionOrder
  | Exclude<LinkMessage, { type: 'launch' }>
  | (Extract<LinkMessage, { type: 'launch' }> & { credentials: Credentials | null });

/** For the server API calls a job makes on its own. */
export interface Credentials {
  apiKey: string;
  apiSecret: string;
}

/** Job process → worker. */
export type FromJobProcess =
  /** The agent is loaded and `prewarm` is done. `warmupMs`: from the start of the process. */
  | { type: 'warm'; version: number; warmupMs: number }
  /** Loading or `prewarm` failed; the process exits. `fatal`: another try cannot help (no such file, no default export). */
  | { type: 'warmupFailed'; failure: Failure; fatal: boolean }
  | { type: 'pong'; id: number }
  | SessionReport;
