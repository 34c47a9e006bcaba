import type { SessionReport } from '../job-process/job-process.types.ts';
import type { CloseReason, Failure, SessionOutcome } from '../messages.ts';
import type {
  CloseLimits,
  CloseReport,
  SessionCloseEvent,
  SessionWarning,
} from '../session-close/session-close.types.ts';

/** Limits of a session, in ms. */
export interface SessionLimits extends CloseLimits {
  /** How long a JobTermination waits for the room to tell the reason. */
  terminationMs: number;
  /** How long an agent may stay unconnected before a warning. */
  unconnectedWarnMs: number;
  /** The whole session close once the worker is gone. */
  orphanMs: number;
}

/** Why a session ends. The first cause wins. */
export interface Cause {
  reason: CloseReason;
  detail: string;
  failure: Failure | null;
}

/** A cause as an event brings it. */
export interface CauseParams {
  reason: CloseReason;
  detail?: string;
  failure?: Failure;
}

/** A participant of the room: the identity is the user's, the SID is one stay in the room. */
export interface Participant {
  identity: string;
  sid: string;
}

/** What the room reports. */
export type RoomEvent =
  | { type: 'room.connecting' }
  /** `isLinkedHere`: the participant that the job was made for is in the room. */
  | { type: 'room.connected'; roomSid: string; identity: string; isLinkedHere: boolean }
  | { type: 'room.connectFailed'; failure: Failure }
  | { type: 'room.reconnecting' }
  | { type: 'room.reconnected' }
  | { type: 'room.disconnected'; reason: CloseReason; detail: string }
  | ({ type: 'room.participantJoined' } & Participant)
  | ({ type: 'room.participantLeft' } & Participant);

/** What the worker tells over the link, and the end of the link. */
export type LinkEvent =
  | SessionCloseEvent
  /** The server sent JobTermination. */
  | { type: 'link.terminated' }
  | { type: 'link.drained'; deadlineMs: number | null }
  | { type: 'link.closed'; reason: CloseReason; detail: string };

/** What the agent asks for. */
export type AgentEvent =
  | { type: 'agent.shutdown'; detail: string }
  | { type: 'agent.endSession'; detail: string };

/** What happens to the job process itself. */
export type ProcessEvent =
  /** An error that nothing caught. */
  { type: 'process.crashed'; failure: Failure } | { type: 'process.signalled'; signal: string };

/** What the regions of the session tell each other. */
export type SessionFact =
  | { type: 'entry.returned' }
  | { type: 'entry.failed'; failure: Failure }
  /** The participant that the job was made for is not in the room. */
  | { type: 'linked.gone' };

/** Everything that can happen to a session. */
export type SessionEvent =
  | RoomEvent
  | LinkEvent
  | AgentEvent
  | ProcessEvent
  | SessionFact
  | CloseReport;

/** What a session tells its job process: reports for the worker, and the drain for the agent. */
export type SessionEmitted =
  | Exclude<SessionReport, { type: 'session.deleteRoom' }>
  | { type: 'session.draining'; deadlineMs: number | null };

/** What a session is started with. No secret: inspectors show it. */
export interface SessionInput {
  jobId: string;
  /** The SID of the room that the job was made for; empty when it is not known. */
  roomSid: string;
  /** The participant that a publisher or participant job was made for. */
  linked: Participant | null;
  limits: SessionLimits;
}

/** What a session remembers. */
export interface SessionContext extends SessionInput {
  identity: string;
  hasConnected: boolean;
  /** False once the worker is gone. */
  hasLink: boolean;
  hasReported: boolean;
  /** Null while nothing ends the session. */
  cause: Cause | null;
  warnings: SessionWarning[];
}

/** How a session ended. */
export interface SessionOutput extends SessionOutcome {
  exitCode: 0 | 1;
  warnings: SessionWarning[];
}
