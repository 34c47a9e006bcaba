/** What a machine declares, by names that stay the same while it runs. */
import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate';

/** A state and all below it. */
export function statesOf(node: AnyStateNode): AnyStateNode[] {
  return [node, ...Object.values(node.states).flatMap(statesOf)];
}

/** Every transition that a machine declares, outermost states first. */
export function transitionsOf(machine: AnyStateMachine): AnyTransitionDefinition[] {
  return statesOf(machine.root).flatMap((node) => [
    ...[...node.transitions.values()].flat(),
    ...(node.always ?? []),
  ]);
}

/** The event that a transition is for; empty when it needs none. */
export function typeOf(transition: AnyTransitionDefinition): string {
  return String(transition.eventType);
}

/** A transition in one line: `source on event [guard] → targets`, with a number when it alone does not tell which. */
export function nameOf(transition: AnyTransitionDefinition): string {
  const siblings = siblingsOf(transition);
  const name = shortName(transition);
  const same = siblings.filter((one) => shortName(one) === name);
  return same.length > 1 ? `${name} (${same.indexOf(transition) + 1})` : name;
}

function siblingsOf(transition: AnyTransitionDefinition): readonly AnyTransitionDefinition[] {
  const { source } = transition;
  const type = typeOf(transition);
  return (type === '' ? source.always : source.transitions.get(type)) ?? [];
}

function shortName(transition: AnyTransitionDefinition): string {
  const targets = (transition.target ?? []).map((target) => target.id).join(', ') || '(none)';
  const guard = guardOf(transition.guard);
  return `${transition.source.id} on ${typeOf(transition) || 'always'}${guard} → ${targets}`;
}

function guardOf(guard: unknown): string {
  if (guard === undefined) return '';
  const type = typeof guard === 'object' && guard !== null && 'type' in guard ? guard.type : guard;
  return ` [${typeof type === 'function' ? type.name || 'a function' : String(type)}]`;
}
