/** Placeholder actors: a machine names what it needs, `.provide()` puts the real thing in. */
import {
  fromCallback,
  fromPromise,
  type AnyActorLogic,
  type CallbackActorLogic,
  type EventObject,
  type NonReducibleUnknown,
  type PromiseActorLogic,
} from 'xstate';

function missing(machine: string, actor: string): Error {
  return new Error(
    `The actor "${actor}" of ${machine} is not implemented. Put it in with ${machine}.provide({ actors: { ${actor}: … } }).`,
  );
}

/** A promise actor that fails and says which `.provide()` is missing. */
export function unprovided<Output, Input = NonReducibleUnknown>(
  machine: string,
  actor: string,
): PromiseActorLogic<Output, Input> {
  return fromPromise<Output, Input>(() => Promise.reject(missing(machine, actor)));
}

/** A callback actor that fails and says which `.provide()` is missing. */
export function unprovidedCallback<Event extends EventObject, Input = NonReducibleUnknown>(
  machine: string,
  actor: string,
): CallbackActorLogic<Event, Input> {
  return fromCallback<Event, Input>(() => {
    throw missing(machine, actor);
  });
}

/** An actor of hand-written logic that fails and says which `.provide()` is missing. */
export function unprovidedLogic<TLogic extends AnyActorLogic>(
  machine: string,
  actor: string,
): TLogic {
  const fail = (): never => {
    throw missing(machine, actor);
  };
  const logic: Pick<AnyActorLogic, 'transition' | 'getInitialSnapshot' | 'getPersistedSnapshot'> = {
    transition: fail,
    getInitialSnapshot: fail,
    getPersistedSnapshot: fail,
  };
  return logic as TLogic;
}
