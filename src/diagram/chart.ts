/** A machine as a picture shows it: its states, and arrows with the transitions between them. */
import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { guardName } from './mermaid.ts';

/** A state of the picture. */
export interface ChartState {
  /** Its path, joined by dots; empty for the machine itself. */
  id: string;
  key: string;
  parent: string | null;
  kind: AnyStateNode['type'];
  description: string;
  /** Whether its parent starts here. */
  isInitial: boolean;
  /** The actors that run while it is active. */
  invokes: string[];
  /** Transitions without a target: they change no state. */
  inner: ChartTransition[];
}

/** A transition of the picture. */
export interface ChartTransition {
  /** See `transitionId()`. */
  id: string;
  /** The state that has it. */
  source: string;
  targets: string[];
  /** As XState names it; empty for one that is taken at once. */
  event: string;
  kind: 'event' | 'after' | 'always' | 'done' | 'error';
  label: string;
  guard: string;
  actions: string[];
  description: string;
}

/** All transitions from one state to another. */
export interface ChartArrow {
  id: string;
  source: string;
  target: string;
  transitions: ChartTransition[];
}

/** A machine as a picture shows it. */
export interface Chart {
  id: string;
  states: ChartState[];
  arrows: ChartArrow[];
}

/** Names a transition: the `index`-th candidate for an event type in a state node with that XState id. */
export function transitionId(node: string, eventType: string, index: number): string {
  return `${node} ${eventType} ${index}`;
}

/** What a picture of the machine shows. */
export function chartOf(machine: AnyStateMachine): Chart {
  const nodes = nodesOf(machine.root);
  const transitions = nodes.flatMap(transitionsOf);
  return {
    id: machine.id,
    states: nodes.map((node) => stateOf(node, transitions)),
    arrows: arrowsOf(transitions),
  };
}

/** The ids of the states that a snapshot's `value` says are active, the machine itself among them. */
export function activeStates(value: unknown, parent = ''): Set<string> {
  const active = new Set([parent]);
  const at = (key: string) => (parent === '' ? key : `${parent}.${key}`);
  if (typeof value === 'string') active.add(at(value));
  if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) {
      for (const id of activeStates(inner, at(key))) active.add(id);
    }
  }
  return active;
}

/** Tells two charts apart: two machines of one shape have one layout. */
export function signatureOf(chart: Chart): string {
  const states = chart.states.map(({ id, kind, invokes, inner }) => [
    id,
    kind,
    invokes,
    inner.map(lineOf),
  ]);
  const arrows = chart.arrows.map(({ id, transitions }) => [id, transitions.map(lineOf)]);
  return `${chart.id}-${hash(JSON.stringify([states, arrows]))}`;
}

/** The text of a transition, as it stands at its arrow. */
export function lineOf({ label, guard }: Pick<ChartTransition, 'label' | 'guard'>): string {
  return [label, guard === '' ? '' : `[${guard}]`].filter((part) => part !== '').join(' ');
}

/** FNV-1a, as text. */
function hash(text: string): string {
  let sum = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    sum = Math.imul(sum ^ text.charCodeAt(index), 0x01000193);
  }
  return (sum >>> 0).toString(36);
}

function nodesOf(node: AnyStateNode): AnyStateNode[] {
  return [node, ...Object.values(node.states).flatMap(nodesOf)];
}

function idOf(node: AnyStateNode): string {
  return node.path.join('.');
}

function stateOf(node: AnyStateNode, transitions: ChartTransition[]): ChartState {
  const id = idOf(node);
  return {
    id,
    key: node.key,
    parent: node.parent === undefined ? null : idOf(node.parent),
    kind: node.type,
    description: node.description ?? '',
    isInitial: isInitial(node),
    invokes: node.invoke.map(({ src, id: invokeId }) => nameOf(src) ?? invokeId),
    inner: transitions.filter(({ source, targets }) => source === id && targets.length === 0),
  };
}

function isInitial(node: AnyStateNode): boolean {
  if (node.parent?.type !== 'compound') return false;
  return node.parent.initial.target?.includes(node) ?? false;
}

function transitionsOf(node: AnyStateNode): ChartTransition[] {
  const byEvent = [...node.transitions.values(), node.always ?? []];
  return byEvent.flatMap((candidates) =>
    candidates.map((transition, index) => ({
      id: transitionId(node.id, String(transition.eventType), index),
      source: idOf(node),
      targets: (transition.target ?? []).map(idOf),
      ...eventOf(String(transition.eventType), node),
      guard: guardName(transition.guard),
      actions: transition.actions.flatMap((action) => nameOf(action) ?? []),
      description: transition.description ?? '',
    })),
  );
}

type Named = Pick<ChartTransition, 'event' | 'kind' | 'label'>;

function eventOf(event: string, node: AnyStateNode): Named {
  if (event === '') return { event, kind: 'always', label: 'always' };
  const [, delay] = /^xstate\.after\.([^.]+)\./.exec(event) ?? [];
  if (delay === undefined) return endOf(event, node) ?? { event, kind: 'event', label: event };
  return {
    event,
    kind: 'after',
    label: /^\d+$/.test(delay) ? `after ${delay} ms` : `after ${delay}`,
  };
}

function endOf(event: string, node: AnyStateNode): Named | null {
  const [, kind, of, id = ''] = /^xstate\.(done|error)\.(actor|state)\.(.+)$/.exec(event) ?? [];
  if (kind !== 'done' && kind !== 'error') return null;
  return { event, kind, label: of === 'state' ? kind : `${kind} ${actorName(id, node)}` };
}

/** An invoked actor without an id of its own is named by its logic. */
function actorName(id: string, node: AnyStateNode): string {
  const invoke = node.invoke.find((one) => one.id === id);
  const isUnnamed = id === `0.${node.id}` || /^\d+\./.test(id);
  return (isUnnamed && invoke !== undefined ? nameOf(invoke.src) : null) ?? id;
}

function nameOf(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null || !('type' in value)) return null;
  return typeof value.type === 'string' ? value.type : null;
}

function arrowsOf(transitions: ChartTransition[]): ChartArrow[] {
  const arrows = new Map<string, ChartArrow>();
  for (const transition of transitions) {
    for (const target of transition.targets) {
      const id = `${transition.source}→${target}`;
      const arrow = arrows.get(id) ?? { id, source: transition.source, target, transitions: [] };
      arrow.transitions.push(transition);
      arrows.set(id, arrow);
    }
  }
  return [...arrows.values()];
}
