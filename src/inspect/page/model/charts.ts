/** Charts of the machines in the stream, from the text of their configs. */
import { createMachine } from 'xstate';
import {
  type Chart,
  type ChartTransition,
  activeStates,
  chartOf,
  transitionId,
} from '../../../diagram/chart.ts';
import type { ActorState } from './stage.ts';

/** A chart, or why there is none. */
export type ChartResult = { chart: Chart; failure: null } | { chart: null; failure: string };

const known = new Map<string, ChartResult>();

/** The chart of a definition; each is read once. */
export function chartFor(definition: string): ChartResult {
  const before = known.get(definition);
  if (before !== undefined) return before;
  const result = read(definition);
  known.set(definition, result);
  return result;
}

function read(definition: string): ChartResult {
  try {
    const config = JSON.parse(definition) as Parameters<typeof createMachine>[0];
    return { chart: chartOf(createMachine(config)), failure: null };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { chart: null, failure: `The machine's definition cannot be drawn: ${reason}` };
  }
}

/** What is lit in a chart. */
export interface Marks {
  active: ReadonlySet<string>;
  /** Ids of transitions that the current states have. */
  enabled: ReadonlySet<string>;
  /** Ids of those that the last event took. */
  taken: ReadonlySet<string>;
}

/** What is lit in the chart of an actor. */
export function marksOf(chart: Chart, actor: ActorState): Marks {
  const active = activeStates(actor.snapshot.value ?? null);
  const isLive = actor.snapshot.status === 'active';
  const all = transitionsOf(chart);
  const enabled = isLive ? all.filter(({ source }) => active.has(source)) : [];
  return {
    active,
    enabled: new Set(enabled.map(({ id }) => id)),
    taken: takenIn(all, actor, active),
  };
}

/** The events that the current states handle, with their transitions, those of the innermost state first. */
export function enabledEvents(chart: Chart, actor: ActorState): Map<string, ChartTransition[]> {
  const { enabled } = marksOf(chart, actor);
  const events = new Map<string, ChartTransition[]>();
  const inside = transitionsOf(chart)
    .filter(({ id, kind }) => enabled.has(id) && kind !== 'always')
    .toSorted((left, right) => depthOf(right.source) - depthOf(left.source));
  for (const transition of inside) {
    events.set(transition.event, [...(events.get(transition.event) ?? []), transition]);
  }
  return events;
}

function depthOf(id: string): number {
  return id === '' ? 0 : id.split('.').length;
}

/** Every transition of a chart. */
function transitionsOf(chart: Chart): ChartTransition[] {
  const all = [
    ...chart.states.flatMap(({ inner }) => inner),
    ...chart.arrows.flatMap(({ transitions }) => transitions),
  ];
  return [...new Map(all.map((transition) => [transition.id, transition])).values()];
}

function takenIn(
  all: readonly ChartTransition[],
  actor: ActorState,
  active: ReadonlySet<string>,
): Set<string> {
  const told = actor.lastTransitions;
  if (told !== null) {
    return new Set(
      told.map(({ source, eventType, index }) => transitionId(source, eventType, index)),
    );
  }
  return guessTaken(all, actor, active);
}

/** Stately's format does not tell transitions: those that fit the event and the states before and after it. */
function guessTaken(
  all: readonly ChartTransition[],
  { lastEvent, valueBefore }: ActorState,
  active: ReadonlySet<string>,
): Set<string> {
  if (lastEvent === null) return new Set();
  const before = activeStates(valueBefore);
  const isReached = (target: string) => active.has(target);
  const direct = all.filter(
    ({ event, source, targets }) =>
      event === lastEvent.type && before.has(source) && targets.length > 0,
  );
  const reached = direct.filter(({ targets }) => targets.every(isReached));
  if (reached.length > 0) return new Set([reached[0]?.id ?? '']);
  const passing = direct.flatMap((first) => {
    const next = all.find(
      ({ kind, source, targets }) =>
        kind === 'always' && first.targets.includes(source) && targets.every(isReached),
    );
    return next === undefined ? [] : [first.id, next.id];
  });
  return new Set(passing.slice(0, 2));
}
