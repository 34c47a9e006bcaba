/** Which actors a list is about. */
import type { Log } from './log.ts';

/** The chosen actor alone, with all below it, or everyone. */
export type Reach = 'actor' | 'below' | 'all';

/** Tells whether an actor belongs to what is chosen; an actor's place in the tree never changes. */
export function inReach(log: Log, chosen: string | null, reach: Reach): (id: string) => boolean {
  if (reach === 'all' || chosen === null) return () => true;
  if (reach === 'actor') return (id) => id === chosen;
  const known = new Map<string, boolean>([[chosen, true]]);
  const isBelow = (id: string): boolean => {
    const before = known.get(id);
    if (before !== undefined) return before;
    const actor = log.head.actors.get(id);
    if (actor === undefined) return false;
    // Whoever writes the stream may be wrong: actors below each other are below nobody.
    known.set(id, false);
    const result = actor.parentId !== null && isBelow(actor.parentId);
    known.set(id, result);
    return result;
  };
  return isBelow;
}
