/** Every way to take one transition, guard or action out of a machine. */

/** What can be taken out. */
export type MutationKind = 'transition' | 'guard' | 'action';

/** One thing that is taken out; `path` leads to it in the machine's literal. */
export interface Mutation {
  /** Tells it from every other one of the machine, in words. */
  name: string;
  kind: MutationKind;
  path: (string | number)[];
}

/** A part of a machine's literal. */
type Config = Record<string, unknown>;

interface Place {
  path: (string | number)[];
  /** The state and what stands before the thing, as it is told. */
  where: string;
}

/** All mutations of a machine's literal, in its order. */
export function mutationsOf(config: object): Mutation[] {
  const id = String((config as Config)['id']);
  return numbered(ofState(config as Config, { path: [], where: id }));
}

/** Takes it out of a literal of its own. */
export function mutate(config: object, { path }: Mutation): void {
  const key = path.at(-1)!;
  let parent = config as Config;
  for (const step of path.slice(0, -1)) parent = parent[step] as Config;
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else delete parent[key];
}

function ofState(state: Config, { path, where }: Place): Mutation[] {
  const inner = (key: string) => [...path, key];
  return [
    ...ofActions(state['entry'], { path: inner('entry'), where: `${where} entry` }),
    ...ofActions(state['exit'], { path: inner('exit'), where: `${where} exit` }),
    ...ofInvokes(state['invoke'], { path: inner('invoke'), where }),
    ...ofTransitions(state['on'], { path: inner('on'), where: `${where} on` }),
    ...ofTransitions(state['after'], { path: inner('after'), where: `${where} after` }),
    ...ofTransition(state, 'always', { path, where }),
    ...ofTransition(state, 'onDone', { path, where }),
    ...Object.entries((state['states'] ?? {}) as Config).flatMap(([key, child]) =>
      ofState(child as Config, { path: [...path, 'states', key], where: `${where}.${key}` }),
    ),
  ];
}

function ofInvokes(invoke: unknown, { path, where }: Place): Mutation[] {
  if (invoke === undefined) return [];
  const ofOne = (one: Config, at: (string | number)[]) =>
    ['onDone', 'onError', 'onSnapshot'].flatMap((key) =>
      ofTransition(one, key, { path: at, where: `${where} ${String(one['src'])}` }),
    );
  return Array.isArray(invoke)
    ? invoke.flatMap((one, index) => ofOne(one as Config, [...path, index]))
    : ofOne(invoke as Config, path);
}

function ofTransitions(on: unknown, place: Place): Mutation[] {
  const transitions = (on ?? {}) as Config;
  return Object.keys(transitions).flatMap((key) => ofTransition(transitions, key, place));
}

/** What stands under one key: a target, a transition, or several of them. */
function ofTransition(holder: Config, key: string, { path, where }: Place): Mutation[] {
  const value = holder[key];
  const at = { path: [...path, key], where: `${where} ${key}` };
  if (value === undefined) return [];
  if (Array.isArray(value)) {
    return value.flatMap((one: unknown, index) =>
      ofOneTransition(one, { path: [...at.path, index], where: at.where }),
    );
  }
  return ofOneTransition(value, at);
}

function ofOneTransition(value: unknown, { path, where }: Place): Mutation[] {
  const transition = (typeof value === 'string' ? { target: value } : value) as Config;
  const target = transition['target'] === undefined ? '' : ` → ${nameOf(transition['target'])}`;
  const guard = transition['guard'] === undefined ? '' : ` [${nameOf(transition['guard'])}]`;
  const told = `${where}${guard}${target}`;
  return [
    { name: `${told}: the transition`, kind: 'transition', path },
    ...(guard === ''
      ? []
      : [{ name: `${told}: the guard`, kind: 'guard' as const, path: [...path, 'guard'] }]),
    ...ofActions(transition['actions'], { path: [...path, 'actions'], where: told }),
  ];
}

function ofActions(actions: unknown, { path, where }: Place): Mutation[] {
  if (actions === undefined) return [];
  const one = (action: unknown, at: (string | number)[]): Mutation => ({
    name: `${where}: action ${nameOf(action)}`,
    kind: 'action',
    path: at,
  });
  return Array.isArray(actions)
    ? actions.map((action, index) => one(action, [...path, index]))
    : [one(actions, path)];
}

function nameOf(value: unknown): string {
  return typeof value === 'string' ? value : nameOf((value as Config)['type']);
}

/** The second of the same name gets a number. */
function numbered(mutations: Mutation[]): Mutation[] {
  const seen = new Map<string, number>();
  return mutations.map((mutation) => {
    const count = (seen.get(mutation.name) ?? 0) + 1;
    seen.set(mutation.name, count);
    return count === 1 ? mutation : { ...mutation, name: `${mutation.name} (${count})` };
  });
}
