import type { CloseReason, JobStatus, SessionOutcome } from '../messages.ts';

/** What a reason to end means for the job. */
export interface Verdict {
  outcome: SessionOutcome['outcome'];
  /** What the server is told. */
  jobStatus: Exclude<JobStatus, 'running'>;
  /** The exit code of the job process: 0 for a job that succeeded. */
  exitCode: 0 | 1;
  description: string;
}

function succeeded(description: string): Verdict {
  return { outcome: 'succeeded', jobStatus: 'success', exitCode: 0, description };
}

function failed(description: string): Verdict {
  return { outcome: 'failed', jobStatus: 'failed', exitCode: 1, description };
}

/** The one table: reason → outcome → JobStatus → exit code. A session that was cut while it was wanted has failed. */
export const OUTCOMES: Readonly<Record<CloseReason, Verdict>> = {
  'room-closed': succeeded('The last participant left and the server closed the room.'),
  'room-deleted': succeeded('The room was deleted, by an API call or by the agent.'),
  'participant-removed': succeeded('The agent was removed from the room.'),
  'duplicate-identity': failed('Another participant joined with the identity of the agent.'),
  'connection-lost': failed('The connection to the room was lost and did not come back.'),
  'agent-ended': succeeded('The agent ended the session: ctx.shutdown(), or it left the room.'),
  'session-ended': succeeded('The agent ended the session for everyone: ctx.endSession().'),
  'participant-left': succeeded('The participant that the job was made for left the room.'),
  terminated: succeeded('The server ended the job, or the job process got SIGTERM.'),
  'drain-timeout': failed(
    'The worker drained and the session was still running at the deadline: it was cut.',
  ),
  'worker-closing': failed('The worker closed without waiting for the session: it was cut.'),
  'entry-returned': succeeded(
    'entry returned without having connected: the job was done without a room.',
  ),
  'entry-failed': failed('entry threw an error.'),
  'wrong-room': succeeded(
    'The room of the job was gone before the agent joined, another one has its name now: nothing was left to do.',
  ),
  'memory-limit': failed('The job process took more memory than jobMemoryLimitMB.'),
  unresponsive: failed('The event loop of the job process was blocked for too long.'),
  orphaned: failed('The worker is gone; its job process ended on its own.'),
  crashed: failed('An error was thrown that nothing caught.'),
};
