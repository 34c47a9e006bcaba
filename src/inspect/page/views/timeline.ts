/** One bar for each job, coloured by its state. */
import type { Lane, Stretch } from '../model/lanes.ts';
import type { Store } from '../model/store.ts';
import { byId, element, setAttribute, setText } from './dom.ts';
import { durationText, timeText } from './format.ts';
import { VirtualList } from './virtual-list.ts';

const rowHeight = 34;
const tickEvery = 78;
const goodPhases = ['deciding', 'accepted', 'launching', 'running', 'closing'];

/** Times of the left and of the right edge. */
interface Range {
  from: number;
  to: number;
}

/** Draws the bars. */
export class TimelineView {
  readonly #store: Store;
  readonly #list: VirtualList;
  readonly #axis = byId('axis', HTMLElement);
  readonly #playhead = byId('playhead', HTMLElement);
  readonly #window = byId('window', HTMLSelectElement);
  readonly #empty = byId('timeline-empty', HTMLElement);
  #lanes: Lane[] = [];
  #range: Range = { from: 0, to: 1 };
  #width = 1;
  #axisText = '';

  constructor(store: Store) {
    this.#store = store;
    this.#list = new VirtualList(byId('lanes', HTMLElement), {
      rowHeight,
      fill: (row, index) => this.#fill(row, index),
      choose: (index, event) => this.#choose(index, event),
    });
    this.#window.addEventListener('change', () => store.changed());
  }

  /** Whether bars grow with time. */
  get isGrowing(): boolean {
    const { connection } = this.#store.ingest;
    return connection === 'live' && this.#store.moment === null;
  }

  update(): void {
    const { ingest, chosen } = this.#store;
    this.#lanes = ingest.lanes.shown;
    this.#width = Math.max(1, this.#axis.clientWidth);
    this.#range = this.#rangeOf();
    this.#empty.hidden = this.#lanes.length > 0;
    this.#list.update(
      this.#lanes.length,
      this.#lanes.findIndex(({ actorId }) => actorId === chosen),
    );
    this.#drawAxis();
    const at = this.#placeOf(this.#momentTime());
    this.#playhead.hidden = this.#store.moment === null || at < 0 || at > this.#width;
    this.#playhead.style.left = `${at}px`;
  }

  #momentTime(): number {
    const { ingest, end } = this.#store;
    return ingest.log.at(end - 1)?.time ?? this.#range.from;
  }

  #rangeOf(): Range {
    const { log } = this.#store.ingest;
    const last = log.at(log.end - 1)?.time ?? 0;
    const to = this.isGrowing ? Math.max(last, Date.now()) : last;
    const begins = this.#lanes.map(({ stretches }) => stretches[0]?.from ?? to);
    const first = begins.length === 0 ? to : Math.min(...begins);
    const windowMs = Number(this.#window.value);
    if (windowMs === 0) {
      const margin = Math.max(50, (to - first) * 0.02);
      return { from: first - margin, to: to + margin };
    }
    const end = this.#store.moment === null ? to : Math.min(to, this.#momentTime() + windowMs / 2);
    return { from: end - windowMs, to: end };
  }

  #placeOf(time: number): number {
    const { from, to } = this.#range;
    return ((time - from) / Math.max(1, to - from)) * this.#width;
  }

  #choose(index: number, event: Event): void {
    const lane = this.#lanes[index];
    if (lane === undefined) return;
    const track = event.target instanceof Element ? event.target.closest('.track') : null;
    if (track !== null && event instanceof MouseEvent) {
      const { left } = track.getBoundingClientRect();
      const { from, to } = this.#range;
      const time = from + ((event.clientX - left) / this.#width) * (to - from);
      this.#store.travelTo(this.#store.ingest.log.endAt(time));
    }
    this.#store.choose(lane.actorId);
  }

  #drawAxis(): void {
    const { from, to } = this.#range;
    const ticks = ticksOf(from, to, Math.max(2, Math.floor(this.#width / tickEvery)));
    const text = ticks.map(({ at, label }) => `${Math.round(this.#placeOf(at))} ${label}`).join();
    if (text === this.#axisText) return;
    this.#axisText = text;
    this.#axis.replaceChildren(
      ...ticks.map(({ at, label }) => {
        const tick = element('span', { class: 'tick' }, [label]);
        tick.style.left = `${this.#placeOf(at)}px`;
        return tick;
      }),
    );
  }

  #fill(row: HTMLElement, index: number): void {
    const lane = this.#lanes[index];
    if (lane === undefined) return;
    if (row.childElementCount === 0) row.append(...rowParts());
    const [name, track, outcome] = row.children as unknown as HTMLElement[];
    if (name === undefined || track === undefined || outcome === undefined) return;
    setText(name, lane.title);
    setAttribute(name, 'title', `${lane.title}\n${lane.detail}`);
    setText(
      outcome,
      lane.outcome === '' ? '' : [lane.outcome, lane.reason].filter(Boolean).join(' · '),
    );
    setAttribute(outcome, 'title', outcome.textContent ?? '');
    setAttribute(outcome, 'data-tone', isGood(lane) ? 'good' : 'bad');
    this.#fillTrack(track, lane);
  }

  #fillTrack(track: HTMLElement, lane: Lane): void {
    const end = this.isGrowing ? Date.now() : this.#range.to;
    const shown = lane.stretches.filter(
      ({ from, to }) => from < this.#range.to && (to ?? Infinity) > this.#range.from,
    );
    while (track.childElementCount > shown.length) track.lastElementChild?.remove();
    while (track.childElementCount < shown.length) track.append(element('span', { class: 'bar' }));
    shown.forEach((stretch, index) => {
      const bar = track.children[index];
      if (bar instanceof HTMLElement) this.#fillBar(bar, stretch, end, lane.isJob);
    });
  }

  #fillBar(bar: HTMLElement, { phase, from, to }: Stretch, now: number, isJob: boolean): void {
    const left = Math.max(0, this.#placeOf(from));
    const right = Math.min(this.#width, this.#placeOf(to ?? now));
    bar.style.left = `${left}px`;
    bar.style.width = `${Math.max(2, right - left)}px`;
    setAttribute(
      bar,
      'data-phase',
      isJob ? phase : (goodPhases[hashOf(phase) % goodPhases.length] ?? ''),
    );
    setAttribute(bar, 'data-open', to === null);
    setAttribute(bar, 'title', `${phase}: ${durationText((to ?? now) - from)}`);
    setText(bar, right - left > phase.length * 7 + 14 ? phase : '');
  }
}

function rowParts(): HTMLElement[] {
  return [
    element('span', { class: 'lane-name' }),
    element('span', { class: 'track' }),
    element('span', { class: 'lane-outcome' }),
  ];
}

function isGood({ outcome, isJob }: Lane): boolean {
  return outcome === '' || outcome === 'succeeded' || (!isJob && outcome !== 'error');
}

function hashOf(text: string): number {
  let sum = 0;
  for (const character of text) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return sum;
}

const niceSteps = [1, 2, 5, 10, 20, 50, 100, 200, 500].flatMap((step) => [step]);
const longSteps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600, 86_400];

function ticksOf(from: number, to: number, count: number): { at: number; label: string }[] {
  const wanted = (to - from) / count;
  const steps = [...niceSteps, ...longSteps.map((seconds) => seconds * 1000)];
  const step = steps.find((candidate) => candidate >= wanted) ?? 86_400_000;
  const ticks = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) {
    const text = timeText(at);
    ticks.push({ at, label: step >= 1000 ? text.slice(0, 8) : text });
  }
  return ticks;
}
