/** What holds for a machine whatever happens, and in whatever order. */
import type { AnyMachineSnapshot, AnyStateMachine, EventObject } from 'xstate';
import { declaredTypes } from './events.ts';
import { randomWalks, type WalkEvent, type WalkOptions } from './random-walks.ts';
import { stepThrough } from './stepping.ts';
import type { Sut } from './test-paths.ts';
import { toModel } from './to-model.ts';

/** What an invariant is asked about: one step of the model. */
export interface ModelStep {
  snapshot: AnyMachineSnapshot;
  previous: AnyMachineSnapshot;
  event: EventObject;
}

/** What is sent, and what is to hold. */
export interface PropertyTestOptions extends WalkOptions {
  /** The events, or fast-check arbitraries of events. @defaultValue every type the machine declares, without a payload */
  events?: readonly WalkEvent[];
  input?: unknown;
  /** Holds after every step; throws when it does not. */
  invariant?: (step: ModelStep) => void;
  /** A system that is taken along the same way as the model. */
  sut?: () => Sut | Promise<Sut>;
}

/**
 * Walks the model of a machine at random, and a system beside it when there is one. Events that the model does not take in
 * its state are passed over.
 *
 * @throws WalkFailure with the shortest list of events that still fails.
 */
export async function propertyTest(
  machine: AnyStateMachine,
  options: PropertyTestOptions = {},
): Promise<void> {
  const model = toModel(machine);
  const {
    events = declaredTypes(model).map((type) => ({ type })),
    invariant,
    sut,
    input,
  } = options;
  await randomWalks(
    events,
    async () => {
      const stepping = stepThrough(model, input);
      const system = await sut?.();
      let { snapshot } = stepping.initial;
      return {
        can: (event) => snapshot.status === 'active' && snapshot.can(event),
        send: async (event) => {
          const previous = snapshot;
          snapshot = stepping.step(previous, event).snapshot;
          invariant?.({ snapshot, previous, event });
          await system?.send(event, snapshot);
          await system?.check?.(snapshot);
        },
        stop: () => system?.stop?.(),
      };
    },
    options,
  );
}
