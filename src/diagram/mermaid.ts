/** Draws a machine as a Mermaid state diagram, which code hosts render. */
import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate';

/** What to leave out of a picture. */
export interface MermaidOptions {
  /** Draw only states down to this depth; 1 is the states of the root. @defaultValue all */
  depth?: number;
}

/** The Mermaid text of a machine's states and transitions; internal transitions without a target are left out. */
export function toMermaid(machine: AnyStateMachine, options: MermaidOptions = {}): string {
  const { root } = machine;
  const depth = options.depth ?? Infinity;
  return [
    'stateDiagram-v2',
    ...childrenLines(root, depth, '  '),
    ...new Set(statesOf(root).flatMap((state) => transitionLines(state, depth))),
    '',
  ].join('\n');
}

function childrenLines(state: AnyStateNode, depth: number, indent: string): string[] {
  const children = Object.values(state.states);
  if (children.length === 0 || depth === 0) return [];
  const any = hasInwardTransition(state)
    ? [`${indent}state "any of these" as ${anyOf(state)}`]
    : [];
  const blocks = children.map((child) => stateLines(child, depth - 1, indent));
  if (state.type === 'parallel') {
    const regions = blocks.flatMap((block, index) =>
      index === 0 ? block : [`${indent}--`, ...block],
    );
    return [...any, ...regions];
  }
  const initial = state.initial.target?.[0];
  const start = initial === undefined ? [] : [`${indent}[*] --> ${idOf(initial)}`];
  return [...start, ...any, ...blocks.flat()];
}

function stateLines(state: AnyStateNode, depth: number, indent: string): string[] {
  const name = `${indent}state "${state.key}" as ${idOf(state)}`;
  if (state.type === 'final') return [name, `${indent}${idOf(state)} --> [*]`];
  if (Object.keys(state.states).length === 0 || depth === 0) return [name];
  return [`${name} {`, ...childrenLines(state, depth, `${indent}  `), `${indent}}`];
}

function transitionLines(state: AnyStateNode, depth: number): string[] {
  const transitions = [...[...state.transitions.values()].flat(), ...(state.always ?? [])];
  const from = shownState(state, depth);
  const isClosed = from.path.length >= depth;
  return transitions.flatMap((transition) =>
    (transition.target ?? []).flatMap((target) => {
      // What happens inside a state that is drawn closed is not drawn, what leads out of it is.
      const staysInside = isInside(target, from) || (from !== state && target === from);
      if (isClosed && staysInside) return [];
      const label = labelOf(transition);
      const source = isInside(target, state) ? anyOf(state) : idOf(from);
      const end = idOf(shownState(target, depth));
      return [`  ${source} --> ${end}${label === '' ? '' : ` : ${label}`}`];
    }),
  );
}

/** A picture has no good arrow from a state to one inside it: a small extra state stands for all of them. */
function anyOf(state: AnyStateNode): string {
  return `${idOf(state)}_any`;
}

function hasInwardTransition(state: AnyStateNode): boolean {
  const transitions = [...[...state.transitions.values()].flat(), ...(state.always ?? [])];
  return transitions.some(({ target }) => target?.some((node) => isInside(node, state)));
}

function isInside(node: AnyStateNode, state: AnyStateNode): boolean {
  return node.parent !== undefined && (node.parent === state || isInside(node.parent, state));
}

function labelOf(transition: AnyTransitionDefinition): string {
  const guard = guardName(transition.guard);
  return [eventName(String(transition.eventType)), guard === '' ? '' : `[${guard}]`]
    .filter((part) => part !== '')
    .join(' ');
}

/** XState's own events in words: timers, and the ends of actors. */
export function eventName(type: string): string {
  const after = /^xstate\.after\.([^.]+)\./.exec(type);
  if (after?.[1] !== undefined) return `after ${after[1]}`;
  return type
    .replace(/^xstate\.done\.actor\.(\d+\.)?/, 'done ')
    .replace(/^xstate\.error\.actor\.(\d+\.)?/, 'error ')
    .replace(/^xstate\.done\.state\./, 'done ');
}

/** The name of a guard; empty when there is none. */
export function guardName(guard: AnyTransitionDefinition['guard']): string {
  if (guard === undefined) return '';
  if (typeof guard === 'string') return guard;
  return 'type' in guard && typeof guard.type === 'string' ? guard.type : 'guard';
}

function shownState(state: AnyStateNode, depth: number): AnyStateNode {
  return state.path.length > depth && state.parent !== undefined
    ? shownState(state.parent, depth)
    : state;
}

function statesOf(state: AnyStateNode): AnyStateNode[] {
  return [state, ...Object.values(state.states).flatMap((child) => statesOf(child))];
}

function idOf(state: AnyStateNode): string {
  return state.path.length === 0 ? state.machine.id : state.path.join('_');
}
