/** The link between a participant's program and its room: messages both ways, as JSON, in order. */
import { WebSocket } from 'ws';
import type { FromParticipant, ToParticipant } from './messages.ts';

/** One end of a link. Nothing is received before there is a listener. */
export interface Link<Sent, Received> {
  send(message: Sent): void;
  onMessage(listener: (message: Received) => void): void;
  /** Called once, when the other end is gone. */
  onClose(listener: () => void): void;
  close(): void;
}

/** The end that a participant's program holds. */
export type ParticipantLink = Link<FromParticipant, ToParticipant>;

/** The end that the room holds. */
export type RoomLink = Link<ToParticipant, FromParticipant>;

/** How a participant's program gets to the server at `url`. */
export type Connect = (url: string) => Promise<ParticipantLink>;

class MemoryEnd<Sent, Received> implements Link<Sent, Received> {
  other: MemoryEnd<Received, Sent> | null = null;
  readonly #early: string[] = [];
  #listener: ((message: Received) => void) | null = null;
  #closed: () => void = () => {};

  send(message: Sent): void {
    const { other } = this;
    // As text, and a moment later: what a socket would do.
    const text = JSON.stringify(message);
    queueMicrotask(() => other?.take(text));
  }

  take(text: string): void {
    if (this.#listener === null) this.#early.push(text);
    else this.#listener(JSON.parse(text) as Received);
  }

  onMessage(listener: (message: Received) => void): void {
    this.#listener = listener;
    for (const text of this.#early.splice(0)) this.take(text);
  }

  onClose(listener: () => void): void {
    this.#closed = listener;
  }

  close(): void {
    const { other } = this;
    if (other === null) return;
    this.other = null;
    other.other = null;
    queueMicrotask(() => other.#closed());
  }
}

/** A link inside one process. */
export function memoryLink(): [participant: ParticipantLink, room: RoomLink] {
  const participant = new MemoryEnd<FromParticipant, ToParticipant>();
  const room = new MemoryEnd<ToParticipant, FromParticipant>();
  participant.other = room;
  room.other = participant;
  return [participant, room];
}

/** A link over an open WebSocket. Messages that are no JSON end it. */
export function socketLink<Sent, Received>(socket: WebSocket): Link<Sent, Received> {
  return {
    send: (message) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
    },
    onMessage: (listener) => {
      socket.on('message', (data) => {
        const message = parse<Received>(data as Buffer);
        if (message === null) socket.terminate();
        else listener(message);
      });
    },
    onClose: (listener) => void socket.once('close', listener),
    close: () => socket.close(),
  };
}

function parse<Received>(data: Buffer): Received | null {
  try {
    return JSON.parse(data.toString()) as Received;
  } catch {
    return null;
  }
}
