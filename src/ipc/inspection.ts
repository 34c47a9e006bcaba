/** What is said over the link for the inspector: only while someone watches. */

/** Where the actors of a job process hang in the worker's tree. */
export interface InspectionScope {
  /** Stands before each of its ids. */
  prefix: string;
  parentId: string;
  rootId: string;
}

/** Worker → job process. */
export type InspectionOrder =
  /** Tell what the session's actors do; `null`: no longer. */
  | { type: 'inspect'; scope: InspectionScope | null }
  /** Send an event to one of them; its id is that of the stream. */
  | { type: 'inspectSend'; sessionId: string; event: { type: string } };

/** Job process → worker. The messages are checked by whoever shows them. */
export interface InspectionReport {
  type: 'inspected';
  messages: unknown[];
}

/** More are not taken from one report. */
const maxMessages = 2_000;

/** The messages of a report; `null` for every other message. */
export function readInspectionReport(message: unknown): unknown[] | null {
  if (typeof message !== 'object' || message === null) return null;
  const { type, messages } = message as Partial<InspectionReport>;
  if (type !== 'inspected' || !Array.isArray(messages)) return null;
  return messages.slice(0, maxMessages);
}
