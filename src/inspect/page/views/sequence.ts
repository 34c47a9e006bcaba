/** The messages between actors, as a sequence diagram that grows downwards. */
import type { EventMessage, SnapshotMessage } from '../../messages.ts';
import type { Entry, Log } from '../model/log.ts';
import { Scope } from '../model/scope.ts';
import type { Store } from '../model/store.ts';
import { valueText } from '../model/tree.ts';
import { type Reach, inReach } from '../model/reach.ts';
import { byId, element, setAttribute, setText } from './dom.ts';
import { VirtualList } from './virtual-list.ts';
import { eventText, timeText } from './format.ts';

const rowHeight = 34;
const columnWidth = 148;
const timeWidth = 92;
const selfWidth = 28;

/** What one diagram shows: its rows, and its columns in the order in which the actors appear. */
interface Diagram {
  log: Log;
  key: string;
  scope: Scope;
  columns: Map<string, number>;
}

const outside = 'outside';

/** Draws the diagram. */
export class SequenceView {
  readonly #store: Store;
  readonly #root = byId('sequence', HTMLElement);
  readonly #heads = byId('sequence-heads', HTMLElement);
  readonly #empty = byId('sequence-empty', HTMLElement);
  readonly #reach = byId('reach', HTMLSelectElement);
  readonly #list: VirtualList;
  #diagram: Diagram | null = null;
  #drawnHeads = '';

  constructor(store: Store) {
    this.#store = store;
    this.#list = new VirtualList(byId('sequence-rows', HTMLElement), {
      rowHeight,
      fill: (row, index) => this.#fill(row, index),
      choose: (index) => {
        const entry = this.#diagram?.scope.indices[index];
        if (entry !== undefined) store.travelTo(entry + 1);
      },
    });
    this.#reach.addEventListener('change', () => store.changed());
    this.#list.root.addEventListener(
      'scroll',
      () => {
        this.#heads.style.transform = `translateX(${-this.#list.root.scrollLeft}px)`;
        this.#drawHeads();
      },
      { passive: true },
    );
  }

  update(): void {
    const diagram = this.#current();
    const { indices } = diagram.scope;
    const current = diagram.scope.positionOf(this.#store.end) - 1;
    const width = timeWidth + diagram.columns.size * columnWidth;
    this.#root.style.setProperty('--width', `${width}px`);
    this.#empty.hidden = indices.length > 0;
    this.#list.update(indices.length, current);
    this.#drawHeads();
  }

  #current(): Diagram {
    const { chosen, ingest } = this.#store;
    const reach = this.#reach.value as Reach;
    const key = `${chosen} ${reach}`;
    const { log } = ingest;
    if (this.#diagram?.key === key && this.#diagram.log === log) return this.#diagram;
    const columns = new Map<string, number>();
    const isInReach = inReach(log, chosen, reach);
    const values = new Map<string, string>();
    const scope = new Scope(log, (entry) => {
      if (!isRow(entry, values, isInReach)) return false;
      for (const id of actorsOf(entry)) if (!columns.has(id)) columns.set(id, columns.size);
      return true;
    });
    this.#diagram = { log, key, scope, columns };
    return this.#diagram;
  }

  /** Only the heads that can be seen have elements. */
  #drawHeads(): void {
    if (this.#diagram === null) return;
    const { scrollLeft, clientWidth } = this.#list.root;
    const first = Math.max(0, Math.floor((scrollLeft - timeWidth) / columnWidth) - 1);
    const end = Math.ceil((scrollLeft + clientWidth) / columnWidth) + 1;
    const names = [...this.#diagram.columns.keys()]
      .slice(first, end)
      .map((id) => [id, this.#nameOf(id)]);
    const key = JSON.stringify([first, names, this.#store.chosen]);
    if (key === this.#drawnHeads) return;
    this.#drawnHeads = key;
    this.#heads.replaceChildren(
      ...names.map(([id = '', name = ''], index) => {
        const head = element(
          'button',
          {
            type: 'button',
            class: 'head',
            title: `${name} (${id})`,
            'aria-pressed': String(id === this.#store.chosen),
            onclick: () => this.#store.choose(id),
          },
          [name],
        );
        head.style.left = `${timeWidth + (first + index) * columnWidth}px`;
        return head;
      }),
    );
  }

  #nameOf(id: string): string {
    if (id === outside) return 'outside';
    const { log } = this.#store.ingest;
    return (this.#store.stage.actors.get(id) ?? log.head.actors.get(id))?.name ?? id;
  }

  #fill(row: HTMLElement, index: number): void {
    const entry = this.#entryOf(index);
    if (entry === undefined) return;
    if (row.childElementCount === 0) row.append(...rowParts());
    const [time, line, words] = row.children as unknown as [HTMLElement, HTMLElement, HTMLElement];
    row.classList.toggle('is-future', entry.index >= this.#store.end);
    setText(time, timeText(entry.time));
    const { message } = entry;
    setAttribute(row, 'data-row', message.type === '@xstate.event' ? 'event' : 'state');
    if (message.type === '@xstate.snapshot') this.#fillState(words, message);
    if (message.type === '@xstate.event') this.#fillEvent(line, words, message);
  }

  #entryOf(index: number): Entry | undefined {
    return this.#diagram?.log.at(this.#diagram.scope.indices[index] ?? -1);
  }

  #fillState(words: HTMLElement, { sessionId, snapshot }: SnapshotMessage): void {
    setText(words, valueText(snapshot.value) || snapshot.status);
    place(words, this.#middle(sessionId) - columnWidth / 2 + 8, columnWidth - 16);
  }

  #fillEvent(line: HTMLElement, words: HTMLElement, message: EventMessage): void {
    const { sourceId = outside, sessionId, event } = message;
    const from = this.#middle(sourceId);
    const to = this.#middle(sessionId);
    const left = Math.min(from, to);
    const width = from === to ? selfWidth : Math.abs(to - from);
    setText(words, eventText(event.type, this.#nameOf(sourceId)));
    setAttribute(words, 'title', event.type);
    setAttribute(line, 'data-direction', directionOf(from, to));
    place(line, left, width);
    if (from === to) place(words, left + selfWidth + 6, columnWidth - 44);
    else place(words, left + 6, width - 12);
  }

  #middle(id: string): number {
    const column = this.#diagram?.columns.get(id) ?? 0;
    return timeWidth + column * columnWidth + columnWidth / 2;
  }
}

function rowParts(): HTMLElement[] {
  return ['time', 'line', 'words'].map((name) => element('span', { class: name }));
}

function place(target: HTMLElement, left: number, width: number): void {
  target.style.left = `${left}px`;
  target.style.width = `${width}px`;
}

function directionOf(from: number, to: number): string {
  if (from === to) return 'self';
  return from < to ? 'right' : 'left';
}

function actorsOf({ message }: Entry): string[] {
  if (message.type === '@xstate.event') return [message.sourceId ?? outside, message.sessionId];
  return 'sessionId' in message ? [message.sessionId] : [];
}

/** Events are rows, and so is each new state; `values` remembers the last one of each actor. */
function isRow(
  { message, isState }: Entry,
  values: Map<string, string>,
  isInReach: (id: string) => boolean,
): boolean {
  if (message.type === '@xstate.event') {
    return !isState && (isInReach(message.sessionId) || isInReach(message.sourceId ?? outside));
  }
  if (!('snapshot' in message)) return false;
  const value = valueText(message.snapshot.value) || message.snapshot.status;
  const isNew = values.get(message.sessionId) !== value;
  values.set(message.sessionId, value);
  return isNew && happened(message, isState) && isInReach(message.sessionId);
}

/** What only tells how it was is no row. */
function happened({ type }: Entry['message'], isState: boolean): boolean {
  return type === '@xstate.snapshot' && !isState;
}
