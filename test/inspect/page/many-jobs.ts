/** A stream of hundreds of jobs, made of copies of those that a real worker had. */
import type { InspectMessage } from '../../../src/inspect/messages.ts';

/** How the copies lie. */
export interface CopyOptions {
  copies: number;
  /** How much later each copy happens than the one before. */
  shiftMs: number;
}

/** The stream, with the jobs and their processes in it as often as asked for; the worker itself stays one. */
export function multiply(
  messages: readonly InspectMessage[],
  { copies, shiftMs }: CopyOptions,
): InspectMessage[] {
  const own = jobActors(messages);
  const all = Array.from({ length: copies }, (_, copy) =>
    messages
      .filter((message) => copy === 0 || ('sessionId' in message && own.has(message.sessionId)))
      .map((message) => copyOf(message, own, copy, shiftMs)),
  );
  return all.flat().toSorted((left, right) => (left.at ?? 0) - (right.at ?? 0));
}

/** Jobs, processes and all below them. */
function jobActors(messages: readonly InspectMessage[]): Set<string> {
  const own = new Set<string>();
  for (const message of messages) {
    if (message.type !== '@xstate.actor') continue;
    const isOwn = /^(job|process)\.\d+$/.test(message.name) || own.has(message.parentId ?? '');
    if (isOwn) own.add(message.sessionId);
  }
  return own;
}

function copyOf(
  message: InspectMessage,
  own: ReadonlySet<string>,
  copy: number,
  shiftMs: number,
): InspectMessage {
  const text = JSON.stringify(message)
    .replaceAll(/"(x:\d+(?:\/x:\d+)*)"/g, (quoted, id: string) =>
      own.has(id) ? `"c${copy}/${id}"` : quoted,
    )
    .replaceAll(/"(AJ_\w+)"/g, `"$1-${copy}"`);
  const { seq: _seq, ...made } = JSON.parse(text) as InspectMessage;
  return { ...made, at: (message.at ?? 0) + copy * shiftMs };
}
