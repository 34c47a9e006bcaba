/** Participants as a program in a simulated room sees them: the part of rtc-node's classes that is not media. */
import type { Participant, RemoteTrackPublication } from '@livekit/rtc-node';
import type { ParticipantFacts, TrackFacts } from './messages.ts';

/** What rtc-node shows of a participant. */
type ParticipantShape = Omit<Participant, 'ffi_handle' | 'info' | 'trackPublications'>;

/** A participant, oneself or another. */
export class SeenParticipant implements ParticipantShape {
  readonly trackPublications = new Map<string, SeenPublication>();
  #facts: ParticipantFacts;
  #disconnectReason: number | undefined;

  constructor(facts: ParticipantFacts) {
    this.#facts = facts;
    for (const track of facts.tracks) this.addTrack(track);
  }

  get sid(): string {
    return this.#facts.sid;
  }

  get identity(): string {
    return this.#facts.identity;
  }

  get name(): string {
    return this.#facts.name;
  }

  get metadata(): string {
    return this.#facts.metadata;
  }

  get attributes(): Record<string, string> {
    return this.#facts.attributes;
  }

  get kind(): number {
    return this.#facts.kind;
  }

  get kindDetails(): [] {
    return [];
  }

  get disconnectReason(): number | undefined {
    return this.#disconnectReason;
  }

  /** What has changed: for the room. */
  update(change: Partial<ParticipantFacts>): void {
    this.#facts = { ...this.#facts, ...change };
  }

  /** It has left: for the room. */
  leave(reason: number): void {
    this.#disconnectReason = reason;
  }

  /** For the room. */
  addTrack(track: TrackFacts): SeenPublication {
    const publication = new SeenPublication(track);
    this.trackPublications.set(track.sid, publication);
    return publication;
  }
}

type PublicationShape = Omit<RemoteTrackPublication, 'ffiHandle' | 'info' | 'updateInfo' | 'track'>;

/** A published track: what it is called, and nothing to hear or see. */
export class SeenPublication implements PublicationShape {
  readonly sid: string;
  readonly name: string;
  readonly kind: number;
  readonly source: number;
  readonly muted = false;
  readonly track = undefined;
  readonly simulcasted = false;
  readonly width = 0;
  readonly height = 0;
  readonly mimeType = '';
  readonly encryptionType = 0;
  subscribed = false;

  constructor({ sid, name, kind, source }: TrackFacts) {
    this.sid = sid;
    this.name = name;
    this.kind = kind;
    this.source = source;
  }

  /** Noted, and nothing more: no `trackSubscribed` follows. */
  setSubscribed(subscribed: boolean): void {
    this.subscribed = subscribed;
  }
}
