/** What types do not see in a machine: names without an implementation, invokes without onError, wildcards, dead timers. */
import type { AnyStateMachine, AnyStateNode } from 'xstate';

/** Everything that is wrong with a machine, a line each; empty when nothing is. */
export function selfCheck(machine: AnyStateMachine): string[] {
  return statesOf(machine.root).flatMap((state) => checkState(machine, state));
}

/** A state and all below it. */
export function statesOf(state: AnyStateNode): AnyStateNode[] {
  return [state, ...Object.values(state.states).flatMap(statesOf)];
}

function checkState(machine: AnyStateMachine, state: AnyStateNode): string[] {
  const say = (problem: string): string => `${state.id}: ${problem}`;
  const problems: string[] = [];
  const isParent = Object.keys(state.states).length > 0 && state.parent?.type === 'parallel';
  if (!isParent && (state.description ?? '') === '') problems.push(say('has no description'));
  if (state.key.includes('.')) problems.push(say('has a dot in its name'));
  for (const invoke of state.invoke) {
    if (typeof invoke.src === 'string' && !(invoke.src in machine.implementations.actors)) {
      problems.push(say(`actor ${invoke.src} is not implemented`));
    }
    if (!state.transitions.has(`xstate.error.actor.${invoke.id}`)) {
      problems.push(say(`invoke ${String(invoke.src)} has no onError`));
    }
  }
  if (state.transitions.has('*')) problems.push(say("has a '*' transition"));
  for (const { delay } of state.after) {
    if (typeof delay === 'string' && !(delay in machine.implementations.delays)) {
      problems.push(say(`delay ${delay} is not implemented`));
    }
  }
  const transitions = [...state.transitions.values()].flat().concat(state.always ?? []);
  const actions = [
    ...state.entry,
    ...state.exit,
    ...transitions.flatMap((transition) => transition.actions),
  ];
  problems.push(...actions.flatMap((action) => checkAction(machine, action).map(say)));
  for (const { guard } of transitions) {
    const name = nameOf(guard);
    if (guard !== undefined && name === null) problems.push(say('has a guard without a name'));
    if (name !== null && !(name in machine.implementations.guards)) {
      problems.push(say(`guard ${name} is not implemented`));
    }
  }
  return problems;
}

function checkAction(machine: AnyStateMachine, action: unknown): string[] {
  const name = nameOf(action);
  // XState's own timers and invokes are functions with these types.
  if (typeof action === 'function' && name !== null && name.startsWith('xstate.')) return [];
  if (name === null) return ['has an action without a name'];
  return name in machine.implementations.actions ? [] : [`action ${name} is not implemented`];
}

function nameOf(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if ((typeof value === 'object' || typeof value === 'function') && value !== null) {
    const { type } = value as { type?: unknown };
    return typeof type === 'string' ? type : null;
  }
  return null;
}
