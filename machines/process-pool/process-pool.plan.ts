/** What a pool should do next, worked out on a sketch of it: claims first, then refills, then turns to warm up. */
import { withEntry } from './process-pool.rules.ts';
import type { PoolEntry, ProcessPoolContext } from './process-pool.types.ts';

type Processes = ProcessPoolContext['processes'];

/** What `makePlan` is asked for. */
export interface Wanted {
  /** Give waiting claims a process each. */
  grant: boolean;
  /** Bring the pool to its number of idle processes. */
  refill: boolean;
  /** See to it that one process is on its way to be warm. */
  proof: boolean;
}

/** What to do: processes to add and who has them, turns to warm up, claims to grant. */
export interface Plan {
  add: Record<string, Sketch>;
  start: string[];
  grants: { process: string; claim: ProcessPoolContext['waiting'][number] }[];
}

type Sketch = Pick<PoolEntry, 'phase' | 'claimedBy'>;

/** Grants first, then refills, then gives turns to warm up: claimed processes first, as many as there are cores. */
export function makePlan(context: ProcessPoolContext, wanted: Wanted): Plan {
  const sketch: Record<string, Sketch> = {};
  for (const [id, { phase, claimedBy }] of Object.entries(context.processes)) {
    sketch[id] = { phase, claimedBy };
  }
  const grants = wanted.grant ? grantClaims(sketch, context.waiting) : [];
  if (wanted.refill) add(sketch, idleTarget(context, sketch) - idleIds(sketch).length);
  if (wanted.proof && !isOneOnItsWay(sketch)) add(sketch, 1);
  const start = takeTurns(sketch, context.maxStarting);
  const added = Object.entries(sketch).filter(([id]) => !(id in context.processes));
  return { add: Object.fromEntries(added), start, grants };
}

function grantClaims(
  sketch: Record<string, Sketch>,
  waiting: ProcessPoolContext['waiting'],
): Plan['grants'] {
  return waiting.map((claim) => {
    const process = bestIdle(sketch) ?? freeId(sketch);
    sketch[process] = { phase: sketch[process]?.phase ?? 'queued', claimedBy: claim.slot };
    return { process, claim };
  });
}

function add(sketch: Record<string, Sketch>, count: number): void {
  for (let missing = count; missing > 0; missing -= 1) {
    sketch[freeId(sketch)] = { phase: 'queued', claimedBy: null };
  }
}

function takeTurns(sketch: Record<string, Sketch>, maxStarting: number): string[] {
  const entries = Object.entries(sketch);
  const warming = entries.filter(([, entry]) => entry.phase === 'warming').length;
  const queued = entries.filter(([, entry]) => entry.phase === 'queued');
  const claimed = queued.filter(([, entry]) => entry.claimedBy !== null);
  const rest = queued.filter(([, entry]) => entry.claimedBy === null);
  const turns = [...claimed, ...rest].slice(0, Math.max(0, maxStarting - warming));
  for (const [, entry] of turns) entry.phase = 'warming';
  return turns.map(([id]) => id);
}

/** A warm process, else the one that is nearest to it. */
function bestIdle(sketch: Record<string, Sketch>): string | undefined {
  const idle = idleIds(sketch);
  return (
    idle.find((id) => sketch[id]?.phase === 'warm') ??
    idle.find((id) => sketch[id]?.phase === 'warming') ??
    idle[0]
  );
}

/** Processes that no job has claimed and that are not on their way out. */
function idleIds(sketch: Record<string, Sketch>): string[] {
  return Object.entries(sketch)
    .filter(([, entry]) => entry.claimedBy === null && entry.phase !== 'stopping')
    .map(([id]) => id);
}

/** True when an unclaimed process is going to be warm. */
function isOneOnItsWay(sketch: Record<string, Sketch>): boolean {
  return idleIds(sketch).some((id) => sketch[id]?.phase !== 'warm');
}

/** Ids are pooled, the lowest free one first, so that event types stay few. */
function freeId(sketch: Record<string, Sketch>): string {
  let index = 1;
  while (`process.${index}` in sketch) index += 1;
  return `process.${index}`;
}

/** How many processes to keep ready: as many as asked, and no more than there can be jobs beside the claimed ones. */
function idleTarget(
  { numIdleProcesses, maxJobs }: ProcessPoolContext,
  processes: Record<string, Sketch>,
): number {
  const claimed = Object.values(processes).filter(({ claimedBy }) => claimedBy !== null).length;
  return Math.max(0, Math.min(numIdleProcesses, (maxJobs ?? Infinity) - claimed));
}

/** Idle processes above the target, the least ready first. With none to keep, the proof is kept for the first job. */
export function surplusProcesses(context: ProcessPoolContext): string[] {
  const order = ['queued', 'warming', 'warm'];
  const rank = (id: string): number => order.indexOf(context.processes[id]?.phase ?? '');
  const idle = idleIds(context.processes).toSorted((one, other) => rank(one) - rank(other));
  const target = idleTarget(context, context.processes);
  const keep = Math.max(target, context.numIdleProcesses === 0 ? 1 : 0);
  return idle.slice(0, Math.max(0, idle.length - keep));
}

/** The pool once a plan is carried out. */
export function withPlan(processes: Processes, plan: Plan): Processes {
  let next = processes;
  for (const { process, claim } of plan.grants) {
    next = withEntry(next, process, { claimedBy: claim.slot, client: claim.client });
  }
  for (const process of plan.start) next = withEntry(next, process, { phase: 'warming' });
  return next;
}
