/** What can come in a state, of all the events that a machine takes. */
import type { AnyMachineSnapshot, AnyStateMachine, EventObject } from 'xstate';
import { declaredTypes } from '../../../src/testing/model/events.ts';
import type { ModelEvents } from '../../../src/testing/model/index.ts';

/** The events of a machine's model, of which only those are tried that can come. */
export function onlyIf(
  machine: AnyStateMachine,
  events: ModelEvents,
  can: (type: string, snapshot: AnyMachineSnapshot, past: readonly EventObject[]) => boolean,
): ModelEvents {
  const types = [...new Set([...declaredTypes(machine), ...Object.keys(events)])];
  return Object.fromEntries(
    types.map((type) => [
      type,
      (snapshot, past) => {
        if (!can(type, snapshot, past)) return [];
        const cases = events[type] ?? [{}];
        return typeof cases === 'function' ? cases(snapshot, past) : cases;
      },
    ]),
  );
}
