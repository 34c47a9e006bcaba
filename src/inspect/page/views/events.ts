/** The list of events at the side, with the payload of one. */
import type { EventMessage, Json } from '../../messages.ts';
import type { Log } from '../model/log.ts';
import { type Reach, inReach } from '../model/reach.ts';
import { Scope } from '../model/scope.ts';
import type { Store } from '../model/store.ts';
import { byId, element, setAttribute, setText } from './dom.ts';
import { eventText, timeText } from './format.ts';
import { JsonView } from './json.ts';
import { VirtualList } from './virtual-list.ts';

const rowHeight = 40;

/** Draws the list. */
export class EventsView {
  readonly #store: Store;
  readonly #list: VirtualList;
  readonly #search = byId('event-search', HTMLInputElement);
  readonly #reach = byId('event-reach', HTMLSelectElement);
  readonly #count = byId('event-count', HTMLElement);
  readonly #payload = new JsonView(byId('payload', HTMLElement));
  #shown: { log: Log; key: string; scope: Scope } | null = null;

  constructor(store: Store) {
    this.#store = store;
    this.#list = new VirtualList(byId('events', HTMLElement), {
      rowHeight,
      fill: (row, index) => this.#fill(row, index),
      choose: (index) => {
        const entry = this.#shown?.scope.indices[index];
        if (entry !== undefined) store.travelTo(entry + 1);
      },
    });
    this.#search.addEventListener('input', () => store.changed());
    this.#reach.addEventListener('change', () => store.changed());
  }

  update(): void {
    const { scope, log } = this.#current();
    const { indices } = scope;
    const current = scope.positionOf(this.#store.end) - 1;
    this.#list.update(indices.length, current);
    setText(this.#count, `${indices.length.toLocaleString('en')} events`);
    const message = log.at(indices[current] ?? -1)?.message;
    this.#payload.show(message?.type === '@xstate.event' ? payloadOf(message) : undefined);
  }

  #current(): { log: Log; scope: Scope } {
    const { chosen, ingest } = this.#store;
    const { log } = ingest;
    const search = this.#search.value.trim().toLowerCase();
    const reach = this.#reach.value as Reach;
    const key = JSON.stringify([search, reach, reach === 'all' ? null : chosen]);
    if (this.#shown?.key === key && this.#shown.log === log) return this.#shown;
    const isInReach = inReach(log, chosen, reach);
    const scope = new Scope(log, ({ message, isState }) => {
      if (message.type === 'gap') return true;
      if (message.type !== '@xstate.event' || isState) return false;
      if (!isInReach(message.sessionId) && !isInReach(message.sourceId ?? '')) return false;
      return search === '' || message.event.type.toLowerCase().includes(search);
    });
    this.#shown = { log, key, scope };
    return this.#shown;
  }

  #fill(row: HTMLElement, index: number): void {
    const entry = this.#shown?.log.at(this.#shown.scope.indices[index] ?? -1);
    if (entry === undefined) return;
    if (row.childElementCount === 0) row.append(...rowParts());
    const [type, time, way] = row.children as unknown as HTMLElement[];
    if (type === undefined || time === undefined || way === undefined) return;
    row.classList.toggle('is-future', entry.index >= this.#store.end);
    setText(time, timeText(entry.time));
    const { message } = entry;
    setAttribute(row, 'data-gap', message.type === 'gap');
    if (message.type === 'gap') {
      setText(type, `${message.count.toLocaleString('en')} messages are missing`);
      setText(way, 'This page was too slow for them.');
    } else if (message.type === '@xstate.event') {
      setText(type, eventText(message.event.type, this.#nameOf(message.sourceId)));
      setText(way, `${this.#nameOf(message.sourceId)} → ${this.#nameOf(message.sessionId)}`);
    }
  }

  #nameOf(id: string | undefined): string {
    if (id === undefined) return 'outside';
    return this.#store.ingest.log.head.actors.get(id)?.name ?? id;
  }
}

const payloads = new WeakMap<EventMessage, Json>();

/** The event with its type first; the same value for the same message. */
function payloadOf(message: EventMessage): Json {
  const known = payloads.get(message);
  if (known !== undefined) return known;
  const { type, ...rest } = message.event;
  const payload = { type, ...rest };
  payloads.set(message, payload);
  return payload;
}

function rowParts(): HTMLElement[] {
  return ['type', 'time', 'way'].map((name) => element('span', { class: name }));
}
