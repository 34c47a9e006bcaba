/** Records which transitions and states of a machine its tests have taken. */
import type {
  AnyStateMachine,
  AnyStateNode,
  AnyTransitionDefinition,
  InspectionEvent,
} from 'xstate';

interface Microstep {
  type: string;
  actorRef: { logic?: unknown };
  _transitions?: AnyTransitionDefinition[];
}

/** A recorder for one machine: hand `inspect` to every actor the tests start. */
export function recordCoverage(machine: AnyStateMachine) {
  const taken = new Set<AnyTransitionDefinition>();
  return {
    inspect: (event: InspectionEvent): void => {
      const step = event as unknown as Microstep;
      if (step.type !== '@xstate.microstep') return;
      for (const transition of step._transitions ?? []) {
        if (transition.source.machine.id === machine.id) taken.add(transition);
      }
    },
    /** Transitions no test has taken, as `source on event → targets`. */
    missing(): string[] {
      const covered = new Set([...taken].map(describe));
      return transitionsOf(machine.root)
        .map(describe)
        .filter((name) => !covered.has(name));
    },
  };
}

function transitionsOf(node: AnyStateNode): AnyTransitionDefinition[] {
  const own = [...node.transitions.values()].flat();
  const always = node.always ?? [];
  return [...own, ...always, ...Object.values(node.states).flatMap(transitionsOf)];
}

function describe(transition: AnyTransitionDefinition): string {
  const targets = (transition.target ?? []).map((target) => target.id).join(', ') || '(none)';
  const guard = guardOf(transition.guard);
  return `${transition.source.id} on ${transition.eventType || 'always'}${guard} → ${targets}`;
}

function guardOf(guard: unknown): string {
  if (guard === undefined) return '';
  const type = typeof guard === 'object' && guard !== null && 'type' in guard ? guard.type : guard;
  return ` [${String(type)}]`;
}
