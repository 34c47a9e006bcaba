/** Snapshots and what an actor is, for the wire. */
import { type Json, REDACTED, type TakenTransition, type WireSnapshot } from '../messages.ts';
import { type PlainOptions, toPlainFields } from './plain.ts';

/** The parts of actors and state nodes that XState leaves out of its public types. */
export interface ActorInside {
  logic?: { config?: unknown; transition?: unknown };
  options?: { systemId?: string; input?: unknown };
  src?: unknown;
  systemId?: string;
}

interface StateNodeInside {
  id: string;
  transitions: Map<string, readonly object[]>;
  always?: readonly object[];
}

interface TransitionInside {
  eventType: string | null;
  source: StateNodeInside;
  target?: readonly { id: string }[] | undefined;
}

type Children = Record<string, { sessionId?: unknown; id?: unknown } | undefined>;

/** What machines keep in a snapshot for themselves. */
const inside = new Set(['machine', '_nodes', 'tags', 'children', 'value', 'status', 'toJSON']);
const statuses: readonly unknown[] = ['active', 'done', 'error', 'stopped'];

/** A snapshot; `name` is what the actor is called, as an actor called `fetchToken` has a token for its output. */
export function wireSnapshot(snapshot: unknown, name: string, options: PlainOptions): WireSnapshot {
  // An actor that is only being made has none.
  if (typeof snapshot !== 'object' || snapshot === null) return { status: 'active' };
  const fields = snapshot as Record<string, unknown>;
  const { status } = fields;
  const shown = toPlainFields(fields, options, inside) as WireSnapshot;
  if ('output' in shown && options.redactor.hides(name, '')) shown.output = REDACTED;
  addMachinePart(shown, fields, options);
  shown.status = (statuses.includes(status) ? status : 'active') as WireSnapshot['status'];
  return shown;
}

function addMachinePart(
  shown: WireSnapshot,
  { value, tags, children }: Record<string, unknown>,
  options: PlainOptions,
): void {
  // Names of states are no secrets, whatever they are called.
  if (value !== undefined) shown.value = stateValue(value, 0);
  if (tags instanceof Set || Array.isArray(tags)) shown.tags = Array.from(tags, String);
  if (typeof children === 'object' && children !== null) {
    shown.children = refs(children as Children, options);
  }
}

function stateValue(value: unknown, depth: number): Json {
  if (typeof value !== 'object' || value === null || depth > 30) return String(value);
  const plain: Record<string, Json> = {};
  for (const [name, inner] of Object.entries(value)) plain[name] = stateValue(inner, depth + 1);
  return plain;
}

/** Children are actors, or references to them where the snapshot comes from another process. */
function refs(children: Children, { idOf }: PlainOptions): Json {
  const plain: Record<string, Json> = {};
  for (const [name, child] of Object.entries(children)) {
    const id = child?.sessionId ?? child?.id;
    if (typeof id === 'string') plain[name] = { xstate$$type: 1, id: idOf(id) };
  }
  return plain;
}

/** What the transitions of a microstep were; the first one of a machine is none. */
export function takenTransitions(transitions: readonly unknown[]): TakenTransition[] {
  return (transitions as TransitionInside[]).flatMap((transition) => {
    const { eventType, source, target = [] } = transition;
    if (eventType === null || source === undefined) return [];
    const candidates = eventType === '' ? source.always : source.transitions.get(eventType);
    const index = candidates?.indexOf(transition) ?? -1;
    const targets = target.map(({ id }) => id);
    return [{ source: source.id, targets, eventType, index: Math.max(0, index) }];
  });
}
