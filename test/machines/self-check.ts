/** What types do not see in a machine: names without an implementation, invokes without onError, wildcards, dead timers. */
import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { statesOf } from '../../src/testing/model/machine-parts.ts';

/** Everything that is wrong with a machine, a line each; empty when nothing is. */
export function selfCheck(machine: AnyStateMachine): string[] {
  return statesOf(machine.root).flatMap((state) => checkState(machine, state));
}

function checkState(machine: AnyStateMachine, state: AnyStateNode): string[] {
  return [
    ...checkWords(state),
    ...checkInvokes(machine, state),
    ...checkDelays(machine, state),
    ...checkActions(machine, state),
    ...checkGuards(machine, state),
  ].map((problem) => `${state.id}: ${problem}`);
}

function checkWords(state: AnyStateNode): string[] {
  const isRegion = state.parent?.type === 'parallel' && Object.keys(state.states).length > 0;
  const problems: string[] = [];
  if (!isRegion && (state.description ?? '') === '') problems.push('has no description');
  if (state.key.includes('.')) problems.push('has a dot in its name');
  if (state.transitions.has('*')) problems.push("has a '*' transition");
  return problems;
}

function checkInvokes(machine: AnyStateMachine, state: AnyStateNode): string[] {
  return state.invoke.flatMap(({ id, src }) => {
    const problems: string[] = [];
    const name = typeof src === 'string' ? src : 'without a name';
    if (!(name in machine.implementations.actors))
      problems.push(`actor ${name} is not implemented`);
    if (!state.transitions.has(`xstate.error.actor.${id}`)) {
      problems.push(`invoke ${name} has no onError`);
    }
    return problems;
  });
}

function checkDelays(machine: AnyStateMachine, state: AnyStateNode): string[] {
  return state.after
    .map(({ delay }) => delay)
    .filter((delay) => typeof delay === 'string')
    .filter((delay) => !(delay in machine.implementations.delays))
    .map((delay) => `delay ${delay} is not implemented`);
}

function checkActions(machine: AnyStateMachine, state: AnyStateNode): string[] {
  const transitions = transitionsOf(state).flatMap(({ actions }) => actions);
  return [...state.entry, ...state.exit, ...transitions].flatMap((action) =>
    checkAction(machine, action),
  );
}

function checkGuards(machine: AnyStateMachine, state: AnyStateNode): string[] {
  return transitionsOf(state).flatMap(({ guard }) => {
    if (guard === undefined) return [];
    const name = nameOf(guard);
    if (name === null) return ['has a guard without a name'];
    return name in machine.implementations.guards ? [] : [`guard ${name} is not implemented`];
  });
}

function transitionsOf(state: AnyStateNode) {
  return [...state.transitions.values()].flat().concat(state.always ?? []);
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
