/** What kind of logic an actor has. */
import {
  type AnyActorRef,
  fromCallback,
  fromEventObservable,
  fromObservable,
  fromPromise,
  fromTransition,
} from 'xstate';
import type { ActorKind } from '../messages.ts';
import type { ActorInside } from './snapshot.ts';

const observable = { subscribe: () => ({ unsubscribe: () => {} }) };

let codes: ReadonlyMap<string, ActorKind> | null = null;

/** XState's own kinds carry no name; what they have in common is the code of their transition. */
const kindsByCode = (): ReadonlyMap<string, ActorKind> =>
  new Map<string, ActorKind>([
    [codeOf(fromPromise(() => Promise.resolve())), 'promise'],
    [codeOf(fromCallback(() => {})), 'callback'],
    [codeOf(fromObservable(() => observable)), 'observable'],
    [codeOf(fromEventObservable(() => observable)), 'observable'],
    [codeOf(fromTransition((state) => state, {})), 'transition'],
  ]);

/** The kind of an actor's logic. */
export function kindOf(actor: AnyActorRef): ActorKind {
  const { logic } = actor as ActorInside;
  if (logic === undefined) return 'other';
  if (machineConfig(actor) !== null) return 'machine';
  // Made when it is needed: job processes have this file, and mostly nobody watches them.
  codes ??= kindsByCode();
  return codes.get(codeOf(logic)) ?? 'other';
}

/** The config of a machine; `null` for other logic. */
export function machineConfig(actor: AnyActorRef): { id?: string } | null {
  const config: unknown = (actor as ActorInside).logic?.config;
  return typeof config === 'object' && config !== null ? config : null;
}

function codeOf(logic: { transition?: unknown }): string {
  return typeof logic.transition === 'function'
    ? Function.prototype.toString.call(logic.transition)
    : '';
}
