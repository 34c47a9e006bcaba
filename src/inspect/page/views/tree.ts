/** The actors at the left. */
import type { Store } from '../model/store.ts';
import { type TreeOptions, type TreeRow, pathTo, stateText, treeRows } from '../model/tree.ts';
import { byId, element, setAttribute, setText } from './dom.ts';
import { VirtualList } from './virtual-list.ts';

const rowHeight = 40;
const indent = 14;

/** Draws the tree, with its search and its filter. */
export class TreeView {
  readonly #store: Store;
  readonly #list: VirtualList;
  readonly #search = byId('search', HTMLInputElement);
  readonly #filter = byId('filter', HTMLSelectElement);
  readonly #count = byId('actor-count', HTMLElement);
  /** Rows that were opened or folded by hand; others are open when they run or are chosen, and a job is one line. */
  readonly #folds = new Map<string, boolean>();
  #rows: TreeRow[] = [];

  constructor(store: Store) {
    this.#store = store;
    this.#list = new VirtualList(
      byId('tree', HTMLElement),
      {
        rowHeight,
        fill: (row, index) => this.#fill(row, index),
        choose: (index, event) => this.#choose(index, event),
        key: (index, event) => this.#onKey(index, event),
      },
      'treeitem',
    );
    this.#search.addEventListener('input', () => store.changed());
    this.#filter.addEventListener('change', () => store.changed());
  }

  focusSearch(): void {
    this.#search.focus();
    this.#search.select();
  }

  update(): void {
    const { stage, chosen } = this.#store;
    const path = pathTo(stage, chosen);
    this.#rows = treeRows(stage, {
      search: this.#search.value.trim().toLowerCase(),
      show: this.#filter.value as TreeOptions['show'],
      isOpen: ({ id, endedAt }, job) =>
        this.#folds.get(id) ?? (path.has(id) || (endedAt === null && job === null)),
    });
    const live = [...stage.actors.values()].filter(({ endedAt }) => endedAt === null).length;
    setText(this.#count, `${live} live of ${stage.actors.size}`);
    this.#list.update(
      this.#rows.length,
      this.#rows.findIndex(({ actor }) => actor.id === chosen),
    );
  }

  #choose(index: number, event: Event): void {
    const row = this.#rows[index];
    if (row === undefined) return;
    const isCaret = event.target instanceof Element && event.target.closest('.caret') !== null;
    if (isCaret && row.hasChildren) this.#fold(row, !row.isOpen);
    else this.#store.choose(row.actor.id);
  }

  #fold({ actor }: TreeRow, isOpen: boolean): void {
    this.#folds.set(actor.id, isOpen);
    this.#store.changed();
  }

  #onKey(index: number, event: KeyboardEvent): void {
    const row = this.#rows[index];
    if (row === undefined || (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight')) return;
    event.preventDefault();
    event.stopPropagation();
    const wantsOpen = event.key === 'ArrowRight';
    if (row.hasChildren && row.isOpen !== wantsOpen) this.#fold(row, wantsOpen);
    else if (!wantsOpen) this.#chooseParent(index);
  }

  #chooseParent(index: number): void {
    const depth = this.#rows[index]?.depth ?? 0;
    const parent = this.#rows.slice(0, index).findLast((row) => row.depth === depth - 1);
    if (parent !== undefined) this.#store.choose(parent.actor.id);
  }

  #fill(row: HTMLElement, index: number): void {
    const shown = this.#rows[index];
    if (shown === undefined) return;
    if (row.childElementCount === 0) row.append(...rowParts());
    const { depth, hasChildren, isOpen } = shown;
    const name = row.querySelector('.name');
    const state = row.querySelector('.state');
    if (name === null || state === null) return;
    row.style.paddingInlineStart = `${8 + depth * indent}px`;
    setAttribute(row, 'aria-level', depth + 1);
    setAttribute(row, 'aria-expanded', hasChildren ? String(isOpen) : false);
    setAttribute(row, 'data-tone', toneOf(shown));
    setAttribute(row, 'data-kind', shown.actor.kind);
    setAttribute(row, 'title', tooltipOf(shown));
    setText(name, nameOf(shown));
    setText(state, detailOf(shown));
  }
}

function rowParts(): HTMLElement[] {
  return [
    element('span', { class: 'caret', 'aria-hidden': 'true' }),
    element('span', { class: 'dot', 'aria-hidden': 'true' }),
    element('span', { class: 'words' }, [
      element('span', { class: 'name' }),
      element('span', { class: 'state' }),
    ]),
  ];
}

/** What colours a line: live, ended well, ended badly. */
export function toneOf({ actor, job }: Pick<TreeRow, 'actor' | 'job'>): string {
  const { snapshot, isLost } = actor;
  if (snapshot.status === 'active') return 'live';
  if (isLost || snapshot.status === 'error') return 'bad';
  const isFailure = job !== null && job.outcome !== null && job.outcome !== 'succeeded';
  return isFailure ? 'bad' : 'ended';
}

function nameOf({ actor, job }: TreeRow): string {
  return job === null ? actor.name : `${job.room} · ${job.jobId}`;
}

function detailOf({ actor, job }: TreeRow): string {
  if (job === null || job.outcome === null) return stateText(actor);
  const reason = job.reason === null || job.reason === '' ? '' : ` · ${job.reason}`;
  return `${job.outcome}${reason}`;
}

function tooltipOf({ actor, job }: TreeRow): string {
  const lines = [
    `${actor.name} (${actor.machineId || actor.src || actor.kind})`,
    `session id ${actor.id}`,
    ...(actor.pid === null ? [] : [`process ${actor.pid}`]),
    ...(job?.failure === null || job === null
      ? []
      : [`${job.failure.code}: ${job.failure.message}`]),
  ];
  return lines.join('\n');
}
