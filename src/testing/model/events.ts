/** The events that paths and walks are made of. */
import type { AnyMachineSnapshot, AnyStateMachine, EventObject } from 'xstate';
import { transitionsOf, typeOf } from './machine-parts.ts';

/** What an event carries besides its type. */
export type Payload = Record<string, unknown>;

/**
 * The events of a model: for each type the payloads worth trying, or a function that makes them from the state they are
 * sent in and the events that have led there. A type with none (`[]`) is left out; one that is not named is tried without a payload. Types that the machine
 * declares with a wildcard are to be named in full.
 */
export type ModelEvents = Record<
  string,
  | readonly Payload[]
  | ((snapshot: AnyMachineSnapshot, past: readonly EventObject[]) => readonly Payload[])
>;

/** Every event that may be tried in a state. */
export type EventSource = (
  snapshot: AnyMachineSnapshot,
  past: readonly EventObject[],
) => EventObject[];

/** Makes the source of the events of a model. */
export function eventSource(model: AnyStateMachine, events: ModelEvents): EventSource {
  const types = [...new Set([...declaredTypes(model), ...Object.keys(events)])];
  return (snapshot, past) =>
    types.flatMap((type) => {
      const cases = events[type] ?? [{}];
      const payloads = typeof cases === 'function' ? cases(snapshot, past) : cases;
      return payloads.map((payload) => ({ ...payload, type }));
    });
}

/** The event types that a machine declares in full. */
export function declaredTypes(machine: AnyStateMachine): string[] {
  const types = transitionsOf(machine).map(typeOf);
  return [...new Set(types)].filter((type) => type !== '' && !type.endsWith('*'));
}

/** An event in one line. */
export function showEvent(event: EventObject): string {
  const { type, ...payload } = event;
  return Object.keys(payload).length === 0 ? type : `${type} ${show(payload)}`;
}

/** A value in one line: what cannot be written is named. */
export function show(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner === 'bigint') return `${inner}n`;
    if (inner instanceof Error) return inner.message;
    return isActorRef(inner) ? `actor ${inner.id}` : inner;
  });
}

function isActorRef(value: unknown): value is { id: string } {
  return typeof value === 'object' && value !== null && 'sessionId' in value && 'send' in value;
}
