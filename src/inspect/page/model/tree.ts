/** The actors as a tree: who is below whom, what is folded, what a search finds. */
import type { Stage, ActorState, JobState } from './stage.ts';

/** A line of the tree. */
export interface TreeRow {
  actor: ActorState;
  job: JobState | null;
  depth: number;
  hasChildren: boolean;
  isOpen: boolean;
}

/** What of the tree is shown. */
export interface TreeOptions {
  /** Lower case; empty shows everything. */
  search: string;
  show: 'all' | 'live' | 'ended' | 'machines';
  isOpen: (actor: ActorState, job: JobState | null) => boolean;
}

/** The lines of the tree, from the top. */
export function treeRows(stage: Stage, options: TreeOptions): TreeRow[] {
  const children = childrenOf(stage);
  const fits = fitting(stage, children, options);
  const rows: TreeRow[] = [];
  const visit = (actor: ActorState, depth: number): void => {
    if (!fits.has(actor.id)) return;
    const inside = (children.get(actor.id) ?? []).filter(({ id }) => fits.has(id));
    const job = stage.jobs.get(actor.id) ?? null;
    const isOpen = options.search !== '' || options.isOpen(actor, job);
    rows.push({ actor, job, depth, hasChildren: inside.length > 0, isOpen });
    if (isOpen) for (const child of inside) visit(child, depth + 1);
  };
  for (const actor of children.get(null) ?? []) visit(actor, 0);
  return rows;
}

/** The actor and all that it is shown below. */
export function pathTo(stage: Stage, id: string | null): Set<string> {
  const jobOf = jobsByProcess(stage);
  const path = new Set<string>();
  let at = id;
  while (at !== null && !path.has(at)) {
    path.add(at);
    at = jobOf.get(at) ?? stage.actors.get(at)?.parentId ?? null;
  }
  return path;
}

/** A process that has a job is shown below that. */
function jobsByProcess(stage: Stage): Map<string, string> {
  const jobOf = new Map<string, string>();
  for (const [id, { processId, phase }] of stage.jobs) {
    if (processId !== null && (phase !== 'ended' || !jobOf.has(processId))) {
      jobOf.set(processId, id);
    }
  }
  return jobOf;
}

/** Who is shown below whom. */
function childrenOf(stage: Stage): Map<string | null, ActorState[]> {
  const jobOf = jobsByProcess(stage);
  const children = new Map<string | null, ActorState[]>();
  for (const actor of stage.actors.values()) {
    const above = jobOf.get(actor.id) ?? actor.parentId;
    // Whoever stands below someone unknown is shown all the same.
    const parent = above !== null && stage.actors.has(above) ? above : null;
    const list = children.get(parent);
    if (list === undefined) children.set(parent, [actor]);
    else list.push(actor);
  }
  return children;
}

/** The actors that fit, and those above them. */
function fitting(
  stage: Stage,
  children: Map<string | null, ActorState[]>,
  { search, show }: TreeOptions,
): Set<string> {
  const found = new Set<string>();
  const visit = (actor: ActorState, isInFound: boolean): boolean => {
    const isFound = isInFound || matches(actor, stage.jobs.get(actor.id), search);
    let isShown = isFound && isOfKind(actor, show);
    for (const child of children.get(actor.id) ?? []) {
      if (visit(child, isFound && search !== '')) isShown = true;
    }
    if (isShown) found.add(actor.id);
    return isShown;
  };
  for (const actor of children.get(null) ?? []) visit(actor, false);
  return found;
}

function matches(actor: ActorState, job: JobState | undefined, search: string): boolean {
  if (search === '') return true;
  const words = [
    actor.name,
    actor.machineId,
    actor.src,
    stateText(actor),
    job?.jobId,
    job?.room,
    job?.outcome,
    job?.reason,
    job?.pid,
  ];
  return words.join(' ').toLowerCase().includes(search);
}

function isOfKind(actor: ActorState, show: TreeOptions['show']): boolean {
  if (show === 'live') return actor.endedAt === null;
  if (show === 'ended') return actor.endedAt !== null;
  return show === 'all' || actor.kind === 'machine';
}

/** The state of an actor in a few words. */
export function stateText({ snapshot, isLost }: ActorState): string {
  if (isLost) return 'lost';
  const { value, status } = snapshot;
  if (value !== undefined && value !== null) return valueText(value);
  return status;
}

/** A state value in one line: `running.connected`, regions apart. */
export function valueText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return '';
  return Object.entries(value)
    .map(([key, inner]) => {
      const rest = valueText(inner);
      return rest === '' ? key : `${key}.${rest}`;
    })
    .join(' | ');
}
