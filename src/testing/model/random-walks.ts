/** Events in random order, with fast-check: what fails is shrunk to the few events that it takes. */
import type * as FastCheck from 'fast-check';
import type { EventObject } from 'xstate';
import { type Payload, showEvent } from './events.ts';

/** What a walk goes through. */
export interface Walker {
  /** Whether the event can happen now; what cannot is passed over. @defaultValue always */
  can?(event: EventObject): boolean;
  /** Makes the event happen, and throws when something does not hold after it. */
  send(event: EventObject): void | Promise<void>;
  /** After the last event: throws when something does not hold at the end. */
  stop?(): void | Promise<void>;
}

/** How long, how often, and from which seed. */
export interface WalkOptions {
  /** @defaultValue 100 */
  numRuns?: number;
  /** Events in one walk, at most; those that cannot happen count. @defaultValue 60 */
  maxLength?: number;
  /** The same seed makes the same walks. @defaultValue a new one each time */
  seed?: number;
}

/** An event, or a fast-check arbitrary of events. */
export type WalkEvent = (EventObject & Payload) | FastCheck.Arbitrary<EventObject>;

/** A walk on which something did not hold; `events` are the few that it takes. */
export class WalkFailure extends Error {
  override readonly name = 'WalkFailure';
  readonly events: EventObject[];
  readonly seed: number;

  constructor(events: EventObject[], seed: number, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const list = events.map((event) => `  ${showEvent(event)}`);
    super([reason, `The events it takes (seed ${seed}):`, ...list].join('\n'), { cause });
    this.events = events;
    this.seed = seed;
  }
}

/**
 * Sends events in random order to a walker of its own for each walk.
 *
 * @throws WalkFailure with the shortest list of events that still fails.
 */
export async function randomWalks(
  events: readonly WalkEvent[],
  start: () => Walker | Promise<Walker>,
  { numRuns = 100, maxLength = 60, seed }: WalkOptions = {},
): Promise<void> {
  const fc = await loadFastCheck();
  const anyEvent = fc.oneof(
    ...events.map((event) => (isArbitrary(event) ? event : fc.constant(event))),
  );
  let taken: EventObject[] = [];
  const property = fc.asyncProperty(
    fc.array(anyEvent, { maxLength, minLength: 1, size: 'max' }),
    async (walk) => {
      taken = [];
      await goWalk(await start(), walk, taken);
    },
  );
  const result = await fc.check(property, { numRuns, ...(seed === undefined ? {} : { seed }) });
  if (!result.failed) return;
  const walk = result.counterexample?.[0] ?? [];
  // Once more, to tell which of its events could happen at all.
  let cause: unknown = result.errorInstance;
  try {
    taken = [];
    await goWalk(await start(), walk, taken);
  } catch (error) {
    cause = error;
  }
  throw new WalkFailure(taken, result.seed, cause);
}

async function goWalk(walker: Walker, walk: EventObject[], taken: EventObject[]): Promise<void> {
  let failed = true;
  try {
    for (const event of walk) {
      if (walker.can?.(event) === false) continue;
      taken.push(event);
      await walker.send(event);
    }
    failed = false;
  } finally {
    // What does not hold at the end must not hide what did not hold before.
    if (failed) await Promise.resolve(walker.stop?.()).catch(() => undefined);
  }
  await walker.stop?.();
}

async function loadFastCheck(): Promise<typeof FastCheck> {
  try {
    return await import('fast-check');
  } catch (cause) {
    throw new Error(
      'Random walks need the package fast-check, which is not installed. Put it in with: npm install --save-dev fast-check',
      { cause },
    );
  }
}

function isArbitrary(event: WalkEvent): event is FastCheck.Arbitrary<EventObject> {
  return 'generate' in event && 'shrink' in event;
}
