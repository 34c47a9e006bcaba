/** A list that has elements only for the rows that can be seen, however many there are. */
import { element, setAttribute } from './dom.ts';

/** How the list gets its rows. */
export interface ListSource {
  readonly rowHeight: number;
  /** Fills an element, which may have shown another row before. */
  fill: (row: HTMLElement, index: number) => void;
  /** A row was clicked, or chosen by key. */
  choose: (index: number, event: Event) => void;
  /** A key that the list itself has no use for. */
  key?: (index: number, event: KeyboardEvent) => void;
}

const spareRows = 4;

/** The list; `root` scrolls. */
export class VirtualList {
  readonly root: HTMLElement;
  readonly #source: ListSource;
  readonly #space = element('div', { class: 'list-space', role: 'presentation' });
  readonly #rows = new Map<number, HTMLElement>();
  readonly #role: string;
  #count = 0;
  #current = -1;

  constructor(root: HTMLElement, source: ListSource, rowRole = 'option') {
    this.root = root;
    this.#source = source;
    this.#role = rowRole;
    root.append(this.#space);
    root.tabIndex = 0;
    root.addEventListener('scroll', () => this.#draw(false), { passive: true });
    root.addEventListener('keydown', (event) => this.#onKey(event));
    new ResizeObserver(() => {
      this.#reveal(this.#current);
      this.#draw(false);
    }).observe(root);
  }

  /** Whether the last row can be seen. */
  get isAtEnd(): boolean {
    const { scrollTop, clientHeight, scrollHeight } = this.root;
    return scrollTop + clientHeight >= scrollHeight - this.#source.rowHeight;
  }

  /** Draws anew with so many rows; `current` is the marked one. */
  update(count: number, current: number): void {
    const hasMoved = current !== this.#current;
    const follows = this.isAtEnd;
    this.#current = current;
    if (count !== this.#count) {
      this.#count = count;
      this.#space.style.height = `${count * this.#source.rowHeight}px`;
    }
    if (hasMoved && (follows || current !== count - 1)) this.#reveal(current);
    this.#draw(true);
  }

  #reveal(index: number): void {
    if (index < 0) return;
    const { rowHeight } = this.#source;
    const { scrollTop, clientHeight } = this.root;
    const top = index * rowHeight;
    if (top < scrollTop) this.root.scrollTop = top;
    else if (top + rowHeight > scrollTop + clientHeight) {
      this.root.scrollTop = top + rowHeight - clientHeight;
    }
  }

  #draw(all: boolean): void {
    const { rowHeight, fill } = this.#source;
    const { scrollTop, clientHeight } = this.root;
    const first = Math.max(0, Math.floor(scrollTop / rowHeight) - spareRows);
    const end = Math.min(
      this.#count,
      Math.ceil((scrollTop + clientHeight) / rowHeight) + spareRows,
    );
    const free = this.#takeOutside(first, end);
    for (let index = first; index < end; index += 1) {
      const known = this.#rows.get(index);
      if (known !== undefined && !all) continue;
      const row = known ?? this.#placeRow(free.pop() ?? this.#makeRow(), index);
      setAttribute(row, 'aria-selected', index === this.#current ? 'true' : 'false');
      setAttribute(row, 'aria-posinset', index + 1);
      setAttribute(row, 'aria-setsize', this.#count);
      fill(row, index);
    }
    for (const row of free) row.remove();
    const hasCurrent = this.#rows.has(this.#current);
    setAttribute(this.root, 'aria-activedescendant', hasCurrent && this.#idOf(this.#current));
  }

  #idOf(index: number): string {
    return `${this.root.id}-${index}`;
  }

  /** The elements that no row in sight needs. */
  #takeOutside(first: number, end: number): HTMLElement[] {
    const outside = [...this.#rows].filter(([index]) => index < first || index >= end);
    for (const [index] of outside) this.#rows.delete(index);
    return outside.map(([, row]) => row);
  }

  #placeRow(row: HTMLElement, index: number): HTMLElement {
    row.style.transform = `translateY(${index * this.#source.rowHeight}px)`;
    row.dataset['index'] = String(index);
    row.id = this.#idOf(index);
    this.#rows.set(index, row);
    return row;
  }

  #makeRow(): HTMLElement {
    const row = element('div', { class: 'row', role: this.#role });
    row.addEventListener('click', (event) => {
      this.#source.choose(Number(row.dataset['index']), event);
    });
    this.#space.append(row);
    return row;
  }

  #onKey(event: KeyboardEvent): void {
    const target = this.#targetOf(event.key);
    if (target === null) return this.#source.key?.(this.#current, event);
    event.preventDefault();
    event.stopPropagation();
    if (target < 0 || target >= this.#count) return;
    this.#source.choose(target, event);
    this.#reveal(target);
  }

  #targetOf(key: string): number | null {
    const page = Math.max(1, Math.floor(this.root.clientHeight / this.#source.rowHeight) - 1);
    const last = this.#count - 1;
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: Math.min(last, this.#current + 1),
      ArrowUp: Math.max(0, this.#current - 1),
      PageDown: Math.min(last, this.#current + page),
      PageUp: Math.max(0, this.#current - page),
      Home: 0,
      End: last,
    };
    return moves[key] ?? null;
  }
}
