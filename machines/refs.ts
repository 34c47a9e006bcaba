import type { ActorRef, EventObject, Snapshot } from 'xstate';

/** A reference to an actor of which no more is known than the events it takes. */
export type Ref<TEvent extends EventObject> = ActorRef<Snapshot<unknown>, TEvent>;
