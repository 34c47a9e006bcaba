/** The user's own machine as the actor `entry` of the session. */
import {
  isMachineSnapshot,
  type AnyActorLogic,
  type AnyActorRef,
  type AnyActorScope,
  type EventObject,
  type Snapshot,
} from 'xstate';
import type { SessionLogic, SessionLogicInput } from './agent-definition.ts';
import { isAbort, type EntryParts, type EntryRun } from './entry-run.ts';
import { runInJobContext } from './job-context-storage.ts';
import { watchRoom, type RoomSessionEvent } from './room-events.ts';

/** Before the machine has begun. */
const waiting: Snapshot<unknown> = { status: 'active', output: undefined, error: undefined };

/** The session ended before the machine had begun. */
const stopped: Snapshot<unknown> = { status: 'stopped', output: undefined, error: undefined };

/** What begins the machine; it does not see it. */
const started = { type: 'session.started' };

type Children = Record<string, AnyActorRef | undefined>;

/** A run of the machine `session`. */
export class MachineRun implements EntryRun {
  /** The machine, which begins a moment after its actor: seen from outside it is the user's own. */
  readonly logic: AnyActorLogic;
  readonly #machine: AnyActorLogic;
  readonly #parts: EntryParts;
  #actor: AnyActorRef | null = null;
  #hasBegun = false;
  #end: Promise<void> = Promise.resolve();
  /** It has a transition for the close. */
  #isLeaving = false;

  constructor(machine: SessionLogic, parts: EntryParts) {
    this.#machine = machine as unknown as AnyActorLogic;
    this.#parts = parts;
    this.logic = Object.assign(Object.create(this.#machine) as AnyActorLogic, {
      getInitialSnapshot: () => waiting,
      start: (_snapshot: Snapshot<unknown>, scope: AnyActorScope) => this.#start(scope.self),
      transition: (snapshot: Snapshot<unknown>, event: EventObject, scope: AnyActorScope) =>
        snapshot === waiting ? this.#first(event, scope) : this.#transition(snapshot, event, scope),
    });
  }

  /** A machine that does not take the close, and has nothing running that could end it, is not waited for. */
  async settled(): Promise<void> {
    if (!this.#isLeaving) {
      // What ctx.signal and the end of the room bring about.
      await new Promise((resolve) => setImmediate(resolve));
      if (isIdle(this.#actor?.getSnapshot())) return;
    }
    await this.#end;
  }

  #start(actor: AnyActorRef): void {
    this.#actor = actor;
    const stopWatching = this.#watch();
    this.#end = new Promise((resolve) => {
      const end = (): void => {
        this.#actor = null;
        stopWatching();
        resolve();
      };
      actor.subscribe({ complete: end, error: end });
    });
    // As with a function: the worker hears first that the session has started.
    queueMicrotask(() => this.#begin());
  }

  #watch(): () => void {
    const { ctx, listeners } = this.#parts;
    const stops = [
      watchRoom(ctx.room, (event) => this.#tell(event)),
      listeners.on('drain', ({ deadlineMs }) =>
        this.#tell({ type: 'session.draining', deadlineMs }),
      ),
      listeners.on('shutdown', ({ reason, detail }) =>
        this.#close({ type: 'session.closing', reason, detail }),
      ),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }

  #begin(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    this.#send(started);
  }

  #tell(event: RoomSessionEvent): void {
    this.#begin();
    this.#send(event);
  }

  #close(event: RoomSessionEvent): void {
    this.#begin();
    this.#isLeaving = takes(this.#actor?.getSnapshot(), event);
    this.#send(event);
  }

  #send(event: EventObject): void {
    const actor = this.#actor;
    if (actor !== null) runInJobContext(this.#parts.ctx, () => actor.send(event));
  }

  #first(event: EventObject, scope: AnyActorScope): Snapshot<unknown> {
    if (event.type === 'xstate.stop') return stopped;
    if (event !== started) return waiting;
    const input: SessionLogicInput = { ctx: this.#parts.ctx };
    const first = this.#machine.getInitialSnapshot(scope, input) as Snapshot<unknown>;
    if (first.status === 'active') scope.defer(() => this.#machine.start?.(first, scope));
    return first;
  }

  /** XState leaves the children of a machine running that throws. */
  #transition(snapshot: Snapshot<unknown>, event: EventObject, scope: AnyActorScope) {
    const { signal } = this.#parts.ctx;
    try {
      const next = this.#machine.transition(snapshot, event, scope) as Snapshot<unknown>;
      return next.status === 'error' && isAbort(next.error, signal) ? doneAs(next) : next;
    } catch (error) {
      for (const child of childrenOf(snapshot)) scope.stopChild(child);
      if (isAbort(error, signal)) return doneAs(snapshot);
      throw error;
    }
  }
}

function doneAs(snapshot: Snapshot<unknown>): Snapshot<unknown> {
  return { ...snapshot, status: 'done', output: undefined, error: undefined };
}

function childrenOf(snapshot: unknown): AnyActorRef[] {
  if (!isMachineSnapshot(snapshot)) return [];
  return Object.values(snapshot.children as Children).filter((child) => child !== undefined);
}

function takes(snapshot: unknown, event: RoomSessionEvent): boolean {
  try {
    return isMachineSnapshot(snapshot) && snapshot.can(event);
  } catch {
    // A guard threw: so it will again when it gets the event, and that ends the machine.
    return true;
  }
}

function isIdle(snapshot: unknown): boolean {
  return (
    isMachineSnapshot(snapshot) &&
    childrenOf(snapshot).every((child) => isOver(child.getSnapshot() as Snapshot<unknown>))
  );
}

function isOver({ status }: Snapshot<unknown>): boolean {
  return status !== 'active';
}
