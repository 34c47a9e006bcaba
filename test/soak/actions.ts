/** What a soak does next. Every decision comes from the seed: the same seed gives the same list. */
import { seededRandom } from '../support/seeded-random.ts';

/** What an agent does in its job: see `test/fixtures/agents/soaks.mjs`. */
export const behaviours = [
  'stay',
  'stay',
  'stay',
  'leave',
  'endSession',
  'throw',
  'throwInTimer',
  'exit',
  'return',
  'throwAtOnce',
] as const;

/** One of them. */
export type Behaviour = (typeof behaviours)[number];

/** Whom an action hits: a fraction of whatever runs at that time, so that decisions do not depend on what has happened. */
interface Victim {
  victim: number;
}

/** One step of a soak. */
export type Action =
  | { type: 'dispatch'; behaviour: Behaviour; afterMs: number; withCaller: boolean }
  /** The caller leaves, or the room is deleted when there is none. */
  | ({ type: 'hangUp' } & Victim)
  | ({ type: 'removeAgent' } & Victim)
  | ({ type: 'deleteDispatch' } & Victim)
  | ({ type: 'signal'; signal: 'SIGTERM' | 'SIGINT' | 'SIGHUP' | 'SIGKILL' } & Victim)
  | { type: 'cut' }
  | { type: 'restartServer'; signal: 'SIGTERM' | 'SIGKILL' };

/** An action, and how long to wait after it. */
export interface Step {
  action: Action;
  pauseMs: number;
}

const signals = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGKILL', 'SIGKILL'] as const;

/** How often each kind comes. */
const weights: readonly [Action['type'], number][] = [
  ['dispatch', 60],
  ['hangUp', 14],
  ['removeAgent', 4],
  ['deleteDispatch', 4],
  ['signal', 8],
  ['cut', 3],
  ['restartServer', 1],
];

/** An endless list of steps. */
export class Plan {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  /** The next step. Each takes the same number of decisions, whatever it is. */
  next(): Step {
    const [kind, first, second, third, pause] = Array.from({ length: 5 }, this.#random) as [
      number,
      number,
      number,
      number,
      number,
    ];
    return {
      action: makeAction(pickKind(kind), [first, second, third]),
      pauseMs: Math.round(50 + 900 * pause),
    };
  }
}

function makeAction(
  type: Action['type'],
  [first, second, third]: number[] & { length: 3 },
): Action {
  const [victim = 0, other = 0, last = 0] = [first, second, third];
  switch (type) {
    case 'dispatch':
      return {
        type,
        behaviour: pick(behaviours, victim),
        afterMs: Math.round(2_500 * other),
        withCaller: last < 0.4,
      };
    case 'signal':
      return { type, victim, signal: pick(signals, other) };
    case 'restartServer':
      return { type, signal: other < 0.5 ? 'SIGTERM' : 'SIGKILL' };
    case 'cut':
      return { type };
    default:
      return { type, victim };
  }
}

function pickKind(fraction: number): Action['type'] {
  const total = weights.reduce((sum, [, weight]) => sum + weight, 0);
  let rest = fraction * total;
  for (const [type, weight] of weights) {
    rest -= weight;
    if (rest < 0) return type;
  }
  return 'dispatch';
}

/** The item at that fraction of a list. */
export function pick<Item>(items: readonly Item[], fraction: number): Item {
  const item = items[Math.floor(fraction * items.length)];
  if (item === undefined) throw new Error('There is nothing to pick from.');
  return item;
}
