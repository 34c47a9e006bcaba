/** Reads an inspector's stream as the page does. */
import { WebSocket } from 'ws';
import { STREAM_PATH, type SentFrame, type ToPage } from '../../src/inspect/frames.ts';
import type { InspectMessage, WireEvent } from '../../src/inspect/messages.ts';
import { Recorder } from '../support/recorder.mjs';

/** A page without a picture. */
export class PageClient {
  readonly frames = new Recorder<ToPage>((frames) => frames.map(({ type }) => type).join('\n'));
  readonly socket: WebSocket;

  constructor(url: string) {
    this.socket = new WebSocket(new URL(STREAM_PATH, url.replace('http:', 'ws:')));
    this.socket.on('message', (data: Buffer) =>
      this.frames.add(JSON.parse(data.toString()) as ToPage),
    );
  }

  /** Everything so far, in order. */
  get messages(): InspectMessage[] {
    return this.frames.items.flatMap((frame) => ('messages' in frame ? frame.messages : []));
  }

  /** Resolves when the page is up to date. */
  async replayed(): Promise<void> {
    await this.frames.waitFor('The end of the replay', ({ type }) => type === 'live');
  }

  /** The first message that matches, be it here already or still to come. */
  async next(matches: (message: InspectMessage) => boolean): Promise<InspectMessage> {
    await this.count(1, matches);
    return this.messages.find(matches)!;
  }

  /** Resolves when there are so many messages that match. */
  async count(number: number, matches: (message: InspectMessage) => boolean): Promise<void> {
    await this.frames.waitFor(
      `${number} messages`,
      () => this.messages.filter(matches).length >= number,
    );
  }

  /** Sends an event to an actor, and waits for the answer. */
  async send(request: number, sessionId: string, event: WireEvent): Promise<SentFrame> {
    this.socket.send(JSON.stringify({ type: 'send', request, sessionId, event }));
    const isAnswer = (frame: ToPage): boolean => frame.type === 'sent' && frame.request === request;
    return (await this.frames.waitFor('The answer', isAnswer)) as SentFrame;
  }

  close(): void {
    this.socket.terminate();
  }
}
