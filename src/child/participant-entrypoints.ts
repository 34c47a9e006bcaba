import type { RemoteParticipant, Room } from '@livekit/rtc-node';
import type { Logger } from 'pino';
import { FunctionExistsError } from '../errors.ts';
import { isOfKind, type WaitForParticipantOptions } from './wait-for-participant.ts';

/** A function that runs for a participant of the room. */
export type ParticipantFunction = (participant: RemoteParticipant) => Promise<void> | void;

interface Entrypoint {
  /** What the user gave, by which it is recognised. */
  key: unknown;
  run: ParticipantFunction;
  kind: WaitForParticipantOptions['kind'];
  /** The stays it has run for: the SID is the same when our own connection is renewed, and another one after a rejoin. */
  seen: Set<string>;
}

/** Functions that run once for each participant, those in the room and those who come later. */
export class ParticipantEntrypoints {
  readonly #room: Room;
  readonly #logger: Logger;
  readonly #entrypoints: Entrypoint[] = [];

  constructor(room: Room, logger: Logger) {
    this.#room = room;
    this.#logger = logger;
    room.on('participantConnected', (participant) => this.#runAll(participant));
    // No event tells of those who are in the room when it connects.
    room.on('connectionStateChanged', () => {
      for (const participant of this.#present()) this.#runAll(participant);
    });
  }

  /** Adds a function; it runs at once for the participants who are in the room. */
  add(key: unknown, run: ParticipantFunction, kind: WaitForParticipantOptions['kind']): void {
    if (this.#entrypoints.some((entrypoint) => entrypoint.key === key)) {
      throw new FunctionExistsError(
        'This function is a participant entrypoint already. Add each function once.',
      );
    }
    const entrypoint: Entrypoint = { key, run, kind, seen: new Set() };
    this.#entrypoints.push(entrypoint);
    for (const participant of this.#present()) this.#run(entrypoint, participant);
  }

  #present(): RemoteParticipant[] {
    return this.#room.isConnected ? [...this.#room.remoteParticipants.values()] : [];
  }

  #runAll(participant: RemoteParticipant): void {
    for (const entrypoint of this.#entrypoints) this.#run(entrypoint, participant);
  }

  #run({ run, kind, seen }: Entrypoint, participant: RemoteParticipant): void {
    const stay = participant.sid ?? participant.identity;
    if (seen.has(stay) || !isOfKind(participant, kind)) return;
    seen.add(stay);
    Promise.resolve(participant)
      .then(run)
      .catch((error: unknown) =>
        this.#logger.error(
          { err: error, participant: participant.identity },
          'participant entrypoint failed',
        ),
      );
  }
}
