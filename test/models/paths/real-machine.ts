/** Takes a real machine along the paths of its model: what comes from its own actors is caused where those get it from. */
import { isDeepStrictEqual } from 'node:util';
import type {
  AnyActor,
  AnyActorLogic,
  AnyMachineSnapshot,
  EventObject,
  InspectionEvent,
} from 'xstate';
import type { Sut } from '../../../src/testing/model/index.ts';

/** Real sockets and processes answer within milliseconds; a busy machine gets this. */
const PATIENCE_MS = 5_000;

interface Scheduled {
  event: EventObject;
  target: unknown;
}

/** Time that stands still; each timer goes off when a path says so, in any order. */
export class ManualClock {
  readonly #timers = new Map<number, () => void>();
  #lastId = 0;

  setTimeout(callback: () => void): number {
    this.#lastId += 1;
    this.#timers.set(this.#lastId, callback);
    return this.#lastId;
  }

  clearTimeout(id: number): void {
    this.#timers.delete(id);
  }

  /** Lets the timer of an event of an actor go off. */
  fire(actor: AnyActor, type: string): void {
    // XState knows its timers in the order in which it has set them here.
    const { _scheduledEvents: scheduled } = actor.system.getSnapshot() as unknown as {
      _scheduledEvents: Record<string, Scheduled>;
    };
    const index = Object.values(scheduled).findIndex(
      ({ event, target }) => target === actor && event.type === type,
    );
    const [id, callback] = [...this.#timers][index] ?? [];
    if (id === undefined || callback === undefined) throw new Error(`No timer is set for ${type}.`);
    this.#timers.delete(id);
    callback();
  }
}

/** An actor's logic that fails when it is told to, or says that it did: for errors that the real actor cannot be brought to. */
export function failable<TLogic extends AnyActorLogic>(logic: TLogic): TLogic {
  // A machine is an instance: what it does not find here it finds there.
  return Object.assign(Object.create(logic) as TLogic, {
    transition: ((snapshot, event, scope) => {
      if ((event as EventObject).type === 'test.fail') {
        // XState lets the timers of a callback that throws go on; those of a machine are its children.
        if (!('root' in logic)) logic.transition(snapshot, { type: 'xstate.stop' }, scope);
        throw new Error('a bug in this actor');
      }
      if ((event as EventObject).type === 'test.say') {
        const { say } = event as unknown as { say: EventObject };
        scope.defer(() => scope.self._parent?.send(say));
        return snapshot;
      }
      return logic.transition(snapshot, event, scope) as ReturnType<TLogic['transition']>;
    }) as TLogic['transition'],
  });
}

/** Makes the child of an actor fail. */
export function failChild(actor: AnyActor, id: string): void {
  const child = childOf(actor, id);
  // Its parent hears of it; without a subscriber XState throws it once more, out of nowhere.
  child.subscribe({ error: () => undefined });
  child.send({ type: 'test.fail' });
}

/** Makes the child of an actor say that something failed. */
export function sayAsChild(actor: AnyActor, id: string, say: EventObject): void {
  const order: EventObject & { say: EventObject } = { type: 'test.say', say };
  childOf(actor, id).send(order);
}

/** The child of an actor. */
export function childOf(actor: AnyActor, id: string): AnyActor {
  const child = (actor.getSnapshot() as AnyMachineSnapshot).children[id];
  if (child === undefined) throw new Error(`${actor.id} has no child ${id}.`);
  return child as AnyActor;
}

/** What makes an event happen. */
export type Happenings = Record<
  string,
  ((event: EventObject & Record<string, unknown>) => void | Promise<void>) | undefined
>;

type State = Pick<AnyMachineSnapshot, 'value' | 'status'>;

/** Writes down what an actor takes in, and where it is after that. Hand `inspect` to its system before it starts. */
export class Witness {
  readonly #taken: { type: string; state: State }[] = [];
  readonly #waiting = new Set<() => void>();
  actor: AnyActor | null = null;
  /** How far the path has come in what was taken in. */
  #place = 0;

  readonly inspect = (event: InspectionEvent): void => {
    if (event.type !== '@xstate.snapshot' || event.actorRef !== this.actor) return;
    const { value, status } = event.snapshot as AnyMachineSnapshot;
    this.#taken.push({ type: event.event.type, state: { value, status } });
    for (const look of this.#waiting) look();
  };

  /** Resolves once the actor takes in an event of that type, or has done so already since the last one of the path. */
  async take(type: string, what: () => string): Promise<void> {
    const next = (): number =>
      this.#taken.findIndex((one, index) => index >= this.#place && one.type === type);
    await this.#until(() => next() >= 0, what);
    this.#place = next() + 1;
  }

  /**
   * Resolves once the actor is in a state, or was after what it has taken in last for the path: where its neighbours answer
   * at once it is further already.
   */
  async reach(model: State, what: () => string): Promise<void> {
    const isIt = ({ value, status }: State): boolean =>
      status === model.status && isDeepStrictEqual(value, model.value);
    const holds = (): boolean => {
      const since = this.#taken.slice(Math.max(0, this.#place - 1)).map(({ state }) => state);
      return [...since, this.actor?.getSnapshot() as AnyMachineSnapshot].some(isIt);
    };
    await this.#until(holds, what);
  }

  async #until(holds: () => boolean, what: () => string): Promise<void> {
    if (holds()) return;
    await new Promise<void>((resolve, reject) => {
      const end = (settle: () => void): void => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        settle();
      };
      const look = (): void => {
        // Its snapshot is the new one only when the step is over.
        queueMicrotask(() => holds() && end(resolve));
      };
      const timer = setTimeout(() => end(() => reject(new Error(what()))), PATIENCE_MS);
      this.#waiting.add(look);
    });
  }
}

/**
 * A real machine as the system under test. `happenings` cause what its actors would tell; timers go off by the clock, and
 * everything else is a message of another machine, sent as it is.
 */
export function realMachine(options: {
  witness: Witness;
  actor: AnyActor;
  clock: ManualClock;
  happenings: Happenings;
  stop: () => void | Promise<void>;
}): Sut {
  const { witness, actor, clock, happenings } = options;
  const state = (): AnyMachineSnapshot => actor.getSnapshot() as AnyMachineSnapshot;
  return {
    send: async (event) => {
      const { type } = event;
      const happen = happenings[type];
      if (happen !== undefined) await happen(event);
      else if (type.startsWith('xstate.after.')) clock.fire(actor, type);
      else if (type.startsWith('xstate.')) throw new Error(`Nothing causes ${type} here.`);
      else actor.send(event);
      await witness.take(
        type,
        () => `${type} did not happen; the machine is in ${JSON.stringify(state().value)}.`,
      );
    },
    check: (model) =>
      witness.reach(
        model,
        () => `The machine is in ${JSON.stringify(state().value)} (${state().status}).`,
      ),
    stop: async () => {
      // Processes go first: their actors are to hear of it.
      await options.stop();
      if (actor._parent === undefined) actor.stop();
    },
  };
}
