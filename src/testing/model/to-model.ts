/** A machine without its world: what it invokes, waits for and spawns becomes plain events. */
import {
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type AnyStateNode,
  assign,
  createMachine,
  enqueueActions,
  raise,
} from 'xstate';

/** Parts of XState's built-in actions that its types leave out. */
interface BuiltIn {
  type?: string;
  assignment?: unknown;
  collect?: (args: Record<string, unknown>, params: unknown) => void;
  event?: unknown;
  delay?: unknown;
}

type Config = Record<string, unknown>;
type Call = (args: Record<string, unknown>, params?: unknown) => unknown;
type Enqueue = Call & Record<string, (...args: unknown[]) => unknown>;

/**
 * Makes the model of a machine. It has the same states, targets and guards, the same ids and event types; `invoke` and
 * `after` are gone, and what they would have sent (`xstate.done.actor.<id>`, `xstate.error.actor.<id>`,
 * `xstate.after.<delay>.<state id>`) is an event like any other. Of the actions only those that assign, and those that
 * raise an event at once, are kept: nothing is sent, spawned or called.
 */
export function toModel<TMachine extends AnyStateMachine>(machine: TMachine): TMachine {
  const implementations = machine.implementations;
  const actions = Object.fromEntries(
    Object.entries(implementations.actions).map(([name, action]) => [
      name,
      modelAction(action) ?? (() => undefined),
    ]),
  );
  const config = modelState(machine.root) as Parameters<typeof createMachine>[0];
  return createMachine(config).provide({
    ...implementations,
    actions,
  } as never) as unknown as TMachine;
}

function modelState(node: AnyStateNode): Config {
  const { invoke: _invoke, after: _after, ...config } = node.config as Config;
  const on = { ...modelTransitions(config['on'] as Config), ...eventsOfTheWorld(node) };
  const states = Object.values(node.states).map((child) => [child.key, modelState(child)]);
  return {
    ...config,
    ...(node.parent === undefined ? { id: node.machine.id, ...modelContext(config) } : {}),
    entry: modelActions(config['entry']),
    exit: modelActions(config['exit']),
    on,
    ...(config['always'] === undefined ? {} : { always: modelTransition(config['always']) }),
    ...(config['onDone'] === undefined ? {} : { onDone: modelTransition(config['onDone']) }),
    ...(states.length === 0 ? {} : { states: Object.fromEntries(states) as Config }),
  };
}

/** What the invokes and timers of a state would send. */
function eventsOfTheWorld(node: AnyStateNode): Config {
  const on: Config = {};
  for (const { id, onDone, onError, onSnapshot } of node.invoke) {
    if (onDone !== undefined) on[`xstate.done.actor.${id}`] = modelTransition(onDone);
    if (onError !== undefined) on[`xstate.error.actor.${id}`] = modelTransition(onError);
    if (onSnapshot !== undefined) on[`xstate.snapshot.${id}`] = modelTransition(onSnapshot);
  }
  for (const [delay, transition] of Object.entries((node.config.after ?? {}) as Config)) {
    on[`xstate.after.${delay}.${node.id}`] = modelTransition(transition);
  }
  return on;
}

function modelTransitions(on: Config | undefined): Config {
  return Object.fromEntries(
    Object.entries(on ?? {}).map(([type, transition]) => [type, modelTransition(transition)]),
  );
}

function modelTransition(transition: unknown): unknown {
  if (Array.isArray(transition)) return transition.map(modelTransition);
  if (typeof transition !== 'object' || transition === null) return transition;
  if (!('actions' in transition)) return transition;
  return { ...transition, actions: modelActions(transition.actions) };
}

/** Named actions stay: their implementations are replaced. What stands in the machine itself is replaced here. */
function modelActions(actions: unknown): unknown[] {
  const list = Array.isArray(actions) ? (actions as unknown[]) : [actions];
  return list
    .filter((action) => action !== undefined)
    .map((action) => (typeof action === 'function' ? modelAction(action) : action))
    .filter((action) => action !== null);
}

/** What is left of an action in the model; `null` when nothing is. */
function modelAction(action: unknown): unknown {
  const builtIn = action as BuiltIn;
  if (builtIn.type === 'xstate.assign') return assign(withoutSpawn(builtIn.assignment) as never);
  if (builtIn.type === 'xstate.raise') {
    return builtIn.delay === undefined ? raise(builtIn.event as never) : null;
  }
  if (builtIn.type !== 'xstate.enqueueActions') return null;
  const { collect } = builtIn;
  return enqueueActions((args, params) => {
    const given = args as unknown as Record<string, unknown>;
    collect?.({ ...given, enqueue: modelEnqueue(given['enqueue'] as Enqueue) }, params);
  });
}

/** Puts only what the model keeps into the queue. */
function modelEnqueue(enqueue: Enqueue): unknown {
  const nothing = (): undefined => undefined;
  const keep = (action: unknown): unknown => {
    if (typeof action !== 'function') return enqueue(action as never);
    const kept = modelAction(action);
    return kept === null ? undefined : enqueue(kept as never);
  };
  return Object.assign(keep, {
    assign: (assignment: unknown) => enqueue['assign']?.(withoutSpawn(assignment)),
    raise: (event: unknown, options?: { delay?: unknown }) =>
      options?.delay === undefined ? enqueue['raise']?.(event) : undefined,
    cancel: nothing,
    emit: nothing,
    sendParent: nothing,
    sendTo: nothing,
    spawnChild: nothing,
    stopChild: nothing,
  });
}

function modelContext(config: Config): Config {
  return typeof config['context'] === 'function'
    ? { context: stubbed(config['context'] as Call) }
    : {};
}

function withoutSpawn(assignment: unknown): unknown {
  if (typeof assignment === 'function') return stubbed(assignment as Call);
  return Object.fromEntries(
    Object.entries(assignment as Config).map(([key, value]) => [
      key,
      typeof value === 'function' ? stubbed(value as Call) : value,
    ]),
  );
}

function stubbed(call: Call): Call {
  return (args, params) => call({ ...args, spawn: spawnNothing }, params);
}

/** What stands in context for a child that the model does not have. */
function spawnNothing(source: unknown, options: { id?: string; systemId?: string } = {}): unknown {
  const id = options.id ?? options.systemId ?? (typeof source === 'string' ? source : 'child');
  const snapshot: Partial<AnyMachineSnapshot> = { status: 'active', context: {}, children: {} };
  return {
    id,
    sessionId: id,
    send: () => undefined,
    getSnapshot: () => snapshot,
    toJSON: () => id,
  };
}
