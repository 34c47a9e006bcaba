/** The two forms in which the stream leaves: for our page, and as Stately's tools read it. */
import type { Entry } from './entry.ts';
import { INSPECT_PROTOCOL, type DroppedFrame, type HelloFrame, type SentFrame } from './frames.ts';
import type { Encoder, FrameKind } from './flow-reader.ts';
import type { ActorMessage, StatelyMessage } from './messages.ts';
import type { StreamState } from './stream-state.ts';

/** What a page is told of who serves it. */
export type HelloFacts = Omit<HelloFrame, 'type' | 'protocol' | 'runId'>;

/** For our page: several messages a frame. */
export function pageEncoder(facts: HelloFacts): Encoder {
  return {
    hello(runId) {
      const hello: HelloFrame = { type: 'hello', protocol: INSPECT_PROTOCOL, runId, ...facts };
      return [JSON.stringify(hello)];
    },
    frames(kind, entries) {
      return [`{${head(kind)},"messages":[${entries.map(({ text }) => text).join(',')}]}`];
    },
    live() {
      return ['{"type":"live"}'];
    },
    dropped(lost) {
      const dropped: DroppedFrame = { type: 'dropped', ...lost };
      return [JSON.stringify(dropped)];
    },
  };
}

/** The answer to a `send` frame. */
export function sentFrame(request: number, failure: string | null): string {
  const sent: SentFrame = { type: 'sent', request, failure };
  return JSON.stringify(sent);
}

function head(kind: FrameKind): string {
  return kind === 'live' ? '"type":"batch"' : `"type":"replay","state":${kind === 'state'}`;
}

/**
 * For Stately's tools: one message a frame, each actor with its definition. They know no past: a reader is told how every
 * living actor is, and what happens from then on. What only our page knows is left out.
 */
export function statelyEncoder(now: () => StreamState): Encoder {
  return {
    hello: () => [],
    initial: () =>
      now()
        .live()
        .map(({ actor }) => actor),
    frames: (kind, entries) =>
      entries.flatMap((entry) => statelyText(entry, now(), kind === 'state')),
    live: () => [],
    dropped: () => [],
  };
}

/** `isState`: an actor as it is now, and not as it was made. */
function statelyText(entry: Entry, now: StreamState, isState: boolean): string[] {
  const { type, text } = entry;
  if (type !== '@xstate.actor') return type.startsWith('@xstate.') ? [text] : [];
  const message = entry.message as ActorMessage;
  const { definitionId, ...fields } = message;
  const known = definitionId === undefined ? null : now.definition(definitionId);
  // Logic that is no machine has its name alone.
  const definition = message.definition ?? known ?? JSON.stringify({ id: message.name });
  const snapshot = isState ? now.snapshotOf(message.sessionId) : null;
  const complete: StatelyMessage = {
    ...fields,
    definition,
    ...(snapshot === null ? {} : { snapshot }),
  };
  return [JSON.stringify(complete)];
}
