/** The reference page of a machine, made from the machine itself. */
import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { eventName, guardName, toMermaid } from '../../src/diagram/mermaid.ts';

/** The page: what the machine is, its picture, and every state with its transitions. */
export function machinePage(machine: AnyStateMachine): string {
  const { root } = machine;
  return [
    `# ${machine.id}`,
    '',
    root.description ?? '',
    '',
    'This page is made from the machine; `npm run docs` writes it anew.',
    '',
    '```mermaid',
    toMermaid(machine).trimEnd(),
    '```',
    '',
    ...sections(root),
  ].join('\n');
}

function sections(state: AnyStateNode): string[] {
  const children = Object.values(state.states).flatMap(sections);
  const isRoot = state.path.length === 0;
  const rows = transitionRows(state);
  if (isRoot && rows.length === 0) return children;
  return [
    `## ${isRoot ? 'Anywhere' : state.path.join(' → ')}`,
    '',
    ...(isRoot || (state.description ?? '') === '' ? [] : [state.description ?? '', '']),
    ...(state.invoke.length === 0
      ? []
      : [`Runs ${state.invoke.map((invoke) => `\`${nameOf(invoke.src)}\``).join(', ')}.`, '']),
    ...(rows.length === 0
      ? []
      : ['| when | if | then | why |', '| --- | --- | --- | --- |', ...rows, '']),
    ...children,
  ];
}

function nameOf(source: unknown): string {
  return typeof source === 'string' ? source : 'an actor without a name';
}

function transitionRows(state: AnyStateNode): string[] {
  const transitions = [...[...state.transitions.values()].flat(), ...(state.always ?? [])];
  return transitions.map((transition) => {
    const target = transition.target?.map((node) => node.path.join(' → ')).join(', ');
    const guard = guardName(transition.guard);
    const event = eventName(String(transition.eventType));
    return `| ${event === '' ? 'at once' : `\`${event}\``} | ${guard === '' ? '' : `\`${guard}\``} | ${target ?? 'stays'} | ${transition.description ?? ''} |`;
  });
}
