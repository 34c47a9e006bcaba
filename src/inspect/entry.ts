import type { InspectMessage } from './messages.ts';

/**
 * A message of the stream as its text, which all readers share. Thousands are kept: as objects they would be most of what the
 * garbage collector has to look after.
 */
export class Entry {
  readonly seq: number;
  readonly text: string;
  readonly type: InspectMessage['type'];
  /** Whom it is about: the `sessionId` of an actor; the id of a definition. */
  readonly about: string;
  /** Whether it tells that its actor has ended. */
  readonly isEnd: boolean;

  /** `text` is the message with its number. */
  constructor(message: InspectMessage, seq: number, text: string) {
    this.seq = seq;
    this.text = text;
    this.type = message.type;
    this.about =
      message.type === '@greenroom.definition' ? message.definitionId : message.sessionId;
    this.isEnd = 'snapshot' in message && message.snapshot.status !== 'active';
  }

  /** The message itself, made of the text each time. */
  get message(): InspectMessage {
    return JSON.parse(this.text) as InspectMessage;
  }
}
