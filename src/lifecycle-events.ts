/** The stream of facts that the machines of a worker emit, wherever they emit them. */
import type { AnyActorRef, InspectionEvent } from 'xstate';
import type { LifecycleEvent } from '../machines/events.ts';

/** Listens to one kind of event. */
export type LifecycleListener<Type extends LifecycleEvent['type'] | '*'> = (
  event: Type extends '*' ? LifecycleEvent : Extract<LifecycleEvent, { type: Type }>,
) => void;

type AnyListener = (event: LifecycleEvent) => void;

/** Collects what every actor of a system emits, and hands it to listeners that cannot do harm. */
export class LifecycleEvents {
  readonly #listeners = new Map<string, Set<AnyListener>>();
  readonly #onListenerError: (error: unknown, event: LifecycleEvent) => void;

  constructor(onListenerError: (error: unknown, event: LifecycleEvent) => void) {
    this.#onListenerError = onListenerError;
  }

  /** For the `inspect` option of the root actor: listens to each actor as it is made. */
  readonly inspect = (inspection: InspectionEvent): void => {
    if (inspection.type !== '@xstate.actor') return;
    const actor = inspection.actorRef as AnyActorRef;
    actor.on('*', (event) => this.#deliver(event as LifecycleEvent));
  };

  /** Calls `listener` with each event of that type (`'*'`: of every type); returns what ends it. */
  on<Type extends LifecycleEvent['type'] | '*'>(
    type: Type,
    listener: LifecycleListener<Type>,
  ): () => void {
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners.add(listener as AnyListener));
    return () => void listeners.delete(listener as AnyListener);
  }

  // XState throws what a listener throws out of a timer, which would end the process with all its jobs.
  #deliver(event: LifecycleEvent): void {
    for (const type of [event.type, '*']) {
      for (const listener of this.#listeners.get(type) ?? []) {
        try {
          listener(event);
        } catch (error) {
          this.#onListenerError(error, event);
        }
      }
    }
  }
}
