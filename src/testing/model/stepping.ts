/** Steps a machine takes when nothing is executed, with the transitions that each step took. */
import {
  type AnyActor,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type AnyTransitionDefinition,
  createActor,
  type EventObject,
  type InspectionEvent,
} from 'xstate';
import { show, showEvent } from './events.ts';

/** What an event did to a snapshot. */
export interface Step {
  snapshot: AnyMachineSnapshot;
  transitions: AnyTransitionDefinition[];
  /** The ids of all states that were entered or kept, those passed through included. */
  states: string[];
}

/** A machine that is stepped by hand. */
export interface Stepping {
  initial: Step;
  step(snapshot: AnyMachineSnapshot, event: EventObject): Step;
}

interface Microstep {
  type: string;
  snapshot: AnyMachineSnapshot;
  _transitions?: AnyTransitionDefinition[];
}

/** Prepares a machine for being stepped; `input` is what it starts with. */
export function stepThrough(machine: AnyStateMachine, input?: unknown): Stepping {
  let microsteps: Microstep[] = [];
  const inspect = (event: InspectionEvent): void => {
    if ((event.type as string) === '@xstate.microstep') {
      microsteps.push(event as unknown as Microstep);
    }
  };
  // Never started: it stands for the actor that a real step would belong to.
  const actor = createActor(machine, { inspect, input } as never) as unknown as AnyActor;
  const made = (snapshot: AnyMachineSnapshot): Step => {
    const steps = microsteps;
    microsteps = [];
    const snapshots = [...steps.map((step) => step.snapshot), snapshot];
    return {
      snapshot,
      transitions: steps.flatMap(({ _transitions }) => _transitions ?? []),
      states: [...new Set(snapshots.flatMap(({ _nodes }) => _nodes.map(({ id }) => id)))],
    };
  };
  const scope = scopeOf(actor);
  return {
    initial: made(actor.getSnapshot() as AnyMachineSnapshot),
    step: (snapshot, event) => {
      microsteps = [];
      return made(transition(machine, snapshot, event, scope));
    },
  };
}

/** A guard or the params of an action may need what the event does not carry. */
function transition(
  machine: AnyStateMachine,
  snapshot: AnyMachineSnapshot,
  event: EventObject,
  scope: Scope,
): AnyMachineSnapshot {
  try {
    return machine.transition(snapshot, event, scope) as AnyMachineSnapshot;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(
      `The machine ${machine.id} cannot take ${showEvent(event)} in ${show(snapshot.value)}: ${reason}. When the event lacks what a guard or an action reads, give it payloads in \`events\`.`,
      { cause },
    );
  }
}

type Scope = Parameters<AnyStateMachine['transition']>[2];

function scopeOf(actor: AnyActor): Scope {
  const nothing = (): void => undefined;
  return {
    self: actor,
    id: actor.id,
    sessionId: actor.sessionId,
    system: actor.system,
    logger: nothing,
    defer: nothing,
    emit: nothing,
    stopChild: nothing,
    actionExecutor: nothing,
  } as Scope;
}
