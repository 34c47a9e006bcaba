/** A room in memory: the part of rtc-node's `Room` that a job uses, played by the test. */
import { EventEmitter } from 'node:events';
import type { RemoteParticipant, RemoteTrackPublication, Room } from '@livekit/rtc-node';

interface ConnectCall {
  url: string;
  token: string;
  options: Record<string, unknown>;
}

/** A room that connects when the test says so. */
export class FakeRoom extends EventEmitter {
  isConnected = false;
  sid: Promise<string> = Promise.resolve('RM_1');
  localParticipant: { identity: string } | undefined;
  readonly remoteParticipants = new Map<string, RemoteParticipant>();
  readonly connects: ConnectCall[] = [];
  disconnects = 0;
  #pending: { resolve: () => void; reject: (error: Error) => void } | null = null;

  /** As what a job takes it for. */
  asRoom(): Room {
    return this as unknown as Room;
  }

  connect(url: string, token: string, options: Record<string, unknown>): Promise<void> {
    this.connects.push({ url, token, options });
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject };
    });
  }

  getSid(): Promise<string> {
    return this.sid;
  }

  async disconnect(): Promise<void> {
    this.disconnects += 1;
    this.drop(1);
  }

  /** The connect under way succeeds. */
  succeed(identity = 'agent-AJ_1'): void {
    this.isConnected = true;
    this.localParticipant = { identity };
    this.emit('connectionStateChanged', 1);
    this.#pending?.resolve();
  }

  /** The connect under way fails. */
  refuse(message: string): void {
    this.#pending?.reject(new Error(message));
  }

  /** The connection ends, with LiveKit's number for the reason. */
  drop(reason: number): void {
    this.isConnected = false;
    this.emit('disconnected', reason);
  }

  join(identity: string, { kind = 0, sid = `PA_${identity}` } = {}): RemoteParticipant {
    const participant = {
      identity,
      sid,
      kind,
      trackPublications: new Map(),
    } as unknown as RemoteParticipant;
    this.remoteParticipants.set(identity, participant);
    if (this.isConnected) this.emit('participantConnected', participant);
    return participant;
  }

  leave(identity: string): void {
    const participant = this.remoteParticipants.get(identity);
    this.remoteParticipants.delete(identity);
    this.emit('participantDisconnected', participant);
  }

  /** A track of a participant; `subscribed` tells whether the agent asked for it. */
  publish(identity: string, kind: number) {
    const publication = {
      kind,
      subscribed: false,
      setSubscribed(subscribed: boolean) {
        publication.subscribed = subscribed;
      },
    };
    const participant = this.remoteParticipants.get(identity);
    const tracks = participant?.trackPublications as Map<string, RemoteTrackPublication>;
    tracks.set(`TR_${tracks.size}`, publication as unknown as RemoteTrackPublication);
    if (this.isConnected) this.emit('trackPublished', publication, participant);
    return publication;
  }
}
