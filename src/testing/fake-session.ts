/** The agent, the room and the steps of a session, played by a test. */
import {
  type CallbackActorLogic,
  type EventObject,
  fromCallback,
  fromPromise,
  type PromiseActorLogic,
} from 'xstate';
import type { CloseCause } from '../../machines/session-close/session-close.types.ts';
import type { Participant, RoomEvent } from '../../machines/session/session.types.ts';

/** The actors that do the steps of a session close. */
export const closeStepActors = [
  'settleEntry',
  'endSession',
  'settleConnect',
  'deleteRoom',
  'leaveRoom',
  'runCallbacks',
  'flushLogs',
  'disposeNative',
] as const;

/** An actor that does a step. */
export type CloseStepActor = (typeof closeStepActors)[number];

type StepLogic = PromiseActorLogic<unknown, CloseCause>;

interface EntryRun {
  resolve: () => void;
  reject: (error: unknown) => void;
}

/** What a session reaches the world by. */
export class FakeSession {
  /** The steps of the close, as they were begun. */
  readonly steps: CloseStepActor[] = [];
  /** Steps that fail, with their errors. */
  readonly failing = new Map<CloseStepActor, Error>();
  /** Steps that never end. */
  readonly hanging = new Set<CloseStepActor>();
  /** Why the session closes; `null` before. */
  cause: CloseCause | null = null;
  readonly #room = new Set<(event: RoomEvent) => void>();
  readonly #entry: EntryRun;

  /** The actor `entry`; it goes on until `returnEntry()` or `failEntry()`. */
  readonly entry: PromiseActorLogic<unknown>;

  constructor() {
    let settle!: EntryRun;
    const run = new Promise<void>((resolve, reject) => (settle = { resolve, reject }));
    // Nobody may be there to hear of a failure.
    run.catch(() => {});
    this.#entry = settle;
    this.entry = fromPromise<unknown>(() => run);
  }

  /** The actor `room`. */
  readonly room: CallbackActorLogic<EventObject, { linked: Participant | null }> = fromCallback(
    ({ sendBack }) => {
      const say = (event: RoomEvent): void => sendBack(event);
      this.#room.add(say);
      return () => void this.#room.delete(say);
    },
  );

  /** The actors of the session close. */
  readonly close = Object.fromEntries(
    closeStepActors.map((name) => [name, this.#step(name)]),
  ) as Record<CloseStepActor, StepLogic>;

  /** The room tells something. */
  tell(event: RoomEvent): void {
    for (const say of this.#room) say(event);
  }

  /** The agent gets into its room. */
  connect(roomSid: string, { identity = 'agent', isLinkedHere = true } = {}): void {
    this.tell({ type: 'room.connecting' });
    this.tell({ type: 'room.connected', roomSid, identity, isLinkedHere });
  }

  /** `entry` returns. */
  returnEntry(): void {
    this.#entry.resolve();
  }

  /** `entry` throws. */
  failEntry(error: unknown): void {
    this.#entry.reject(error);
  }

  #step(name: CloseStepActor): StepLogic {
    return fromPromise<unknown, CloseCause>(({ input }) => {
      this.cause = input;
      this.steps.push(name);
      if (this.hanging.has(name)) return new Promise(() => {});
      const error = this.failing.get(name);
      return error === undefined ? Promise.resolve() : Promise.reject(error);
    });
  }
}
