/** What happens on each kind of WebSocket of an inspector server. */
import type { RawData, WebSocket } from 'ws';
import { type HelloFacts, pageEncoder, sentFrame, statelyEncoder } from './encoders.ts';
import { type Encoder, FlowReader } from './flow-reader.ts';
import { ForeignReader } from './foreign.ts';
import type { SendFrame } from './frames.ts';
import type { InspectHub, StreamHost } from './hub.ts';
import type { WireEvent } from './messages.ts';

/** Delivers an event to an actor; the answer says why it could not, `null` when it was. */
export type SendEvent = (sessionId: string, event: WireEvent) => string | null;

/** Where apps are shown. */
export type AppSink = Pick<InspectHub, 'accept' | 'lose'>;

/**
 * How long messages are collected for a page. Waking up, and waking up the page, costs more than what is sent; nobody sees
 * the difference.
 */
const pageBatchMs = 100;

/** The page: it reads, and sends when it may. */
export function servePage(
  socket: WebSocket,
  hub: StreamHost,
  facts: HelloFacts,
  send: SendEvent | undefined,
): FlowReader {
  const reader = read(socket, hub, pageEncoder(facts));
  socket.on('message', (data) => {
    const frame = parseSendFrame(data);
    if (frame === null) return;
    reader.sendNow(sentFrame(frame.request, deliver(frame, send)));
  });
  return reader;
}

/** Why an event was not delivered; `null` when it was. */
function deliver({ sessionId, event }: SendFrame, send: SendEvent | undefined): string | null {
  if (send === undefined) {
    return 'This program is only watched: start it with --inspect-control to send events.';
  }
  // Those are XState's own: one of them would stop the actor behind its parent's back.
  if (event.type.startsWith('xstate.')) {
    return `Events of XState itself are not sent, received ${event.type}.`;
  }
  return send(sessionId, event);
}

/** Stately's tools: they only read. */
export function serveStately(socket: WebSocket, hub: StreamHost): FlowReader {
  return read(
    socket,
    hub,
    statelyEncoder(() => hub.now),
  );
}

/** Counts the apps, so that their ids differ: every process counts its actors from `x:0`. */
let appCount = 0;

/** An app that tells what it does. */
export function serveApp(socket: WebSocket, hub: AppSink): void {
  appCount += 1;
  const prefix = `app${appCount}`;
  const foreign = new ForeignReader({ prefix });
  socket.on('error', () => {});
  socket.on('message', (data) => {
    for (const message of foreign.read(parse(data))) hub.accept(message);
  });
  socket.on('close', () => hub.lose(prefix));
}

function read(socket: WebSocket, hub: StreamHost, encoder: Encoder): FlowReader {
  const reader = new FlowReader(
    (text, done) => socket.send(text, () => done()),
    encoder,
    () => hub.state(),
    { batchMs: pageBatchMs },
  );
  const leave = hub.read(reader);
  // Without a listener an error of one connection would end the program.
  socket.on('error', () => {});
  socket.on('close', () => {
    leave();
    reader.end();
  });
  return reader;
}

function parse(data: RawData): unknown {
  try {
    return JSON.parse((data as Buffer).toString());
  } catch {
    return null;
  }
}

function parseSendFrame(data: RawData): SendFrame | null {
  const frame = parse(data) as Partial<SendFrame> | null;
  if (typeof frame !== 'object' || frame === null || frame.type !== 'send') return null;
  const { request, sessionId, event } = frame;
  const isEvent = typeof event === 'object' && event !== null && typeof event.type === 'string';
  if (typeof request !== 'number' || typeof sessionId !== 'string' || !isEvent) return null;
  return { type: 'send', request, sessionId, event };
}
