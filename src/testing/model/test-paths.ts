/** The shortest ways through a machine that reach all of its states and take all of its transitions. */
import type { AnyMachineSnapshot, AnyStateMachine, EventObject } from 'xstate';
import type { Missed } from './coverage.ts';
import { eventSource, type ModelEvents, show, showEvent } from './events.ts';
import { nameOf, statesOf, transitionsOf } from './machine-parts.ts';
import { type Step, stepThrough } from './stepping.ts';
import { toModel } from './to-model.ts';

/** The system under test: what really happens when an event of the model does. */
export interface Sut {
  /** Makes the event happen. `snapshot` is where the model is after it. */
  send(event: EventObject, snapshot: AnyMachineSnapshot): void | Promise<void>;
  /** Throws when the system is not where the model is. */
  check?(snapshot: AnyMachineSnapshot): void | Promise<void>;
  /** After the last event, also when something failed. */
  stop?(): void | Promise<void>;
}

/** How paths are looked for. */
export interface TestPathsOptions {
  /** Payloads for the events that need some. */
  events?: ModelEvents;
  input?: unknown;
  /** What the paths are to reach. @defaultValue 'transitions' */
  coverage?: 'states' | 'transitions';
  /** Starts a system for one path. */
  sut?: () => Sut | Promise<Sut>;
  /** Holds in every state of every path; throws when it does not. */
  invariant?: (snapshot: AnyMachineSnapshot, event: EventObject | null) => void;
  /** Two snapshots with the same key are one state. @defaultValue value and context */
  key?: (snapshot: AnyMachineSnapshot, past: readonly EventObject[]) => string;
  /** How many states are looked at before the search ends. @defaultValue 5000 */
  limit?: number;
}

/** One way through the machine. */
export interface TestPath {
  description: string;
  events: EventObject[];
  /** The transitions it takes, as a coverage report names them. */
  transitions: string[];
  /** The states it enters. */
  states: string[];
  /** Walks it: in the model, and in the system when there is one. */
  test(sut?: () => Sut | Promise<Sut>): Promise<void>;
}

/** The paths, and what none of them reaches. */
export interface TestPaths {
  paths: TestPath[];
  missed: Missed;
}

interface Trail {
  events: EventObject[];
  snapshot: AnyMachineSnapshot;
  transitions: ReadonlySet<string>;
  states: ReadonlySet<string>;
}

/**
 * Looks for paths that together reach every state and take every transition of a machine, none longer than it must be.
 * The machine is searched as its model: see `toModel()`.
 */
export function testPaths(machine: AnyStateMachine, options: TestPathsOptions = {}): TestPaths {
  const model = toModel(machine);
  const found = search(model, options);
  const trails = fewest(found.trails);
  const paths = trails.map((trail) => makePath(model, trail, options));
  return { paths, missed: found.missed };
}

/** Breadth first: the first trail that reaches something is a shortest one. */
function search(model: AnyStateMachine, options: TestPathsOptions) {
  const { limit = 5_000, key = defaultKey } = options;
  const stepping = stepThrough(model, options.input);
  const eventsOf = eventSource(model, options.events ?? {});
  const wanted = new Wanted(model, options.coverage);
  const start = follow(null, null, stepping.initial);
  const trails = wanted.find(start) ? [start] : [];
  const seen = new Set([key(start.snapshot, [])]);
  const queue = [start];
  const visit = (trail: Trail, event: EventObject): void => {
    const step = stepping.step(trail.snapshot, event);
    if (step.transitions.length === 0) return;
    const next = follow(trail, event, step);
    if (wanted.find(next)) trails.push(next);
    const name = key(next.snapshot, next.events);
    if (next.snapshot.status !== 'active' || seen.has(name) || seen.size >= limit) return;
    seen.add(name);
    queue.push(next);
  };
  for (let index = 0; index < queue.length && wanted.isAny(); index += 1) {
    const trail = queue[index] as Trail;
    for (const event of eventsOf(trail.snapshot, trail.events)) visit(trail, event);
  }
  return { trails, missed: wanted.missed() };
}

/** What no trail has reached yet. */
class Wanted {
  readonly #states: Set<string>;
  readonly #transitions: Set<string>;

  constructor(model: AnyStateMachine, coverage: TestPathsOptions['coverage'] = 'transitions') {
    this.#states = new Set(statesOf(model.root).map(({ id }) => id));
    this.#transitions = new Set(coverage === 'states' ? [] : transitionsOf(model).map(nameOf));
  }

  /** Whether the trail reaches something new, which is wanted no longer then. */
  find({ states, transitions }: Trail): boolean {
    const before = this.#states.size + this.#transitions.size;
    for (const state of states) this.#states.delete(state);
    for (const transition of transitions) this.#transitions.delete(transition);
    return this.#states.size + this.#transitions.size < before;
  }

  isAny(): boolean {
    return this.#states.size + this.#transitions.size > 0;
  }

  missed(): Missed {
    return { states: [...this.#states], transitions: [...this.#transitions] };
  }
}

function follow(from: Trail | null, event: EventObject | null, step: Step): Trail {
  return {
    events: event === null ? [] : [...(from?.events ?? []), event],
    snapshot: step.snapshot,
    transitions: new Set([...(from?.transitions ?? []), ...step.transitions.map(nameOf)]),
    states: new Set([...(from?.states ?? []), ...step.states]),
  };
}

/** Leaves out what longer trails reach on their way. */
function fewest(trails: readonly Trail[]): Trail[] {
  const seen = new Set<string>();
  return trails
    .toSorted((a, b) => byLength(b, a))
    .filter(({ transitions, states }) => {
      const reached = [...states, ...transitions];
      const isNew = reached.some((name) => !seen.has(name));
      for (const name of reached) seen.add(name);
      return isNew;
    })
    .toSorted(byLength);
}

function byLength(a: Trail, b: Trail): number {
  return a.events.length - b.events.length;
}

function makePath(model: AnyStateMachine, trail: Trail, options: TestPathsOptions): TestPath {
  return {
    description: trail.events.map(({ type }) => type).join(' → ') || 'at the start',
    events: trail.events,
    transitions: [...trail.transitions],
    states: [...trail.states],
    test: (sut = options.sut) => walk(model, trail, { ...options, ...(sut && { sut }) }),
  };
}

/** Goes a path in the model, and beside it in the system. */
async function walk(model: AnyStateMachine, trail: Trail, options: TestPathsOptions) {
  const stepping = stepThrough(model, options.input);
  const system = await options.sut?.();
  let { snapshot } = stepping.initial;
  const done: EventObject[] = [];
  const check = async (event: EventObject | null): Promise<void> => {
    options.invariant?.(snapshot, event);
    if (event !== null) await system?.send(event, snapshot);
    await system?.check?.(snapshot);
  };
  try {
    await check(null);
    for (const event of trail.events) {
      done.push(event);
      snapshot = stepping.step(snapshot, event).snapshot;
      await check(event);
    }
  } catch (error) {
    throw new Error(pathFailure(done, snapshot, error), { cause: error });
  } finally {
    await system?.stop?.();
  }
}

function pathFailure(done: EventObject[], snapshot: AnyMachineSnapshot, error: unknown): string {
  const events = done.map((event) => `  ${showEvent(event)}`);
  const reason = error instanceof Error ? error.message : String(error);
  const where = `the model is in ${show(snapshot.value)}`;
  return [reason, `After these events, when ${where}:`, ...events].join('\n');
}

function defaultKey(snapshot: AnyMachineSnapshot): string {
  return show([snapshot.status, snapshot.value, snapshot.context]);
}
