/** The bar at the bottom: which moment is shown. */
import type { Log } from '../model/log.ts';
import type { Store } from '../model/store.ts';
import { byId, setAttribute, setText } from './dom.ts';
import { durationText, timeText } from './format.ts';

const maxWaitMs = 600;
const columnWidth = 3;

/** Draws the bar, and plays what has happened. */
export class TimeBar {
  readonly #store: Store;
  readonly #slider = byId('moment', HTMLInputElement);
  readonly #density = byId('density', HTMLCanvasElement);
  readonly #text = byId('moment-text', HTMLElement);
  readonly #play = byId('play', HTMLButtonElement);
  readonly #live = byId('go-live', HTMLButtonElement);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #drawn = '';

  constructor(store: Store) {
    this.#store = store;
    this.#slider.addEventListener('input', () => {
      this.#stop();
      store.travelTo(Number(this.#slider.value));
    });
    byId('step-back', HTMLButtonElement).addEventListener('click', () => this.step(-1));
    byId('step-on', HTMLButtonElement).addEventListener('click', () => this.step(1));
    this.#play.addEventListener('click', () => this.toggle());
    this.#live.addEventListener('click', () => store.goLive());
  }

  step(direction: 1 | -1): void {
    this.#stop();
    this.#store.step(direction);
  }

  /** Stops what plays; at the end of the past, the stream is what plays. */
  toggle(): void {
    const { moment, isPlaying, ingest } = this.#store;
    if (moment === null) return this.#store.travelTo(ingest.log.end);
    if (isPlaying) return this.#stop();
    if (moment >= ingest.log.end) this.#store.travelTo(ingest.log.first);
    this.#store.isPlaying = true;
    this.#store.changed();
    this.#playOn();
  }

  update(): void {
    const { moment, end, isPlaying, ingest } = this.#store;
    const { log } = ingest;
    setAttribute(this.#slider, 'min', log.first);
    setAttribute(this.#slider, 'max', log.end);
    this.#slider.value = String(end);
    const isPaused = moment !== null && !isPlaying;
    setAttribute(this.#play, 'aria-label', isPaused ? 'Play' : 'Pause');
    setAttribute(this.#play, 'data-icon', isPaused ? 'play' : 'pause');
    setAttribute(this.#live, 'aria-pressed', String(moment === null));
    setText(this.#live, ingest.connection === 'live' ? 'Live' : 'End');
    const text = this.#momentText();
    setText(this.#text, text);
    setAttribute(this.#slider, 'aria-valuetext', text);
    this.#drawDensity();
  }

  #momentText(): string {
    const { end, moment, ingest } = this.#store;
    const { log } = ingest;
    const time = log.at(end - 1)?.time ?? log.at(log.first)?.time;
    if (time === undefined) return 'nothing has happened yet';
    const last = log.at(log.end - 1)?.time ?? time;
    const position = `${(end - log.first).toLocaleString('en')} of ${(log.end - log.first).toLocaleString('en')}`;
    const before =
      moment === null || last - time < 1 ? '' : ` · ${durationText(last - time)} before the end`;
    return `${timeText(time)} · ${position}${before}`;
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#store.isPlaying = false;
    this.#store.changed();
  }

  #playOn(): void {
    const { log } = this.#store.ingest;
    const { end } = this.#store;
    const [now, next] = [log.at(end - 1), log.at(end)];
    if (next === undefined) return this.#stop();
    const waitMs = Math.min(maxWaitMs, next.time - (now?.time ?? next.time));
    this.#timer = setTimeout(() => {
      if (!this.#store.isPlaying) return;
      this.#store.step(1);
      this.#playOn();
    }, waitMs);
  }

  /** How much happened when: a column for every few pixels, from the indices alone. */
  #drawDensity(): void {
    const { log } = this.#store.ingest;
    const { clientWidth: width, clientHeight: height } = this.#density;
    const colour = getComputedStyle(this.#density).color;
    const key = `${log.first} ${log.end} ${width} ${colour}`;
    if (key === this.#drawn || width === 0) return;
    this.#drawn = key;
    this.#density.width = width;
    this.#density.height = height;
    const context = this.#density.getContext('2d');
    if (context === null || log.end === log.first) return;
    context.fillStyle = colour;
    for (const [column, tall] of paces(log, Math.floor(width / columnWidth)).entries()) {
      const size = Math.max(1, tall * height);
      context.fillRect(column * columnWidth, height - size, columnWidth - 1, size);
    }
  }
}

/** How much happened in how little time, column by column: from 0 to 1. */
function paces(log: Log, columns: number): number[] {
  const count = log.end - log.first;
  const timeAt = (index: number): number => log.at(Math.max(log.first, index))?.time ?? 0;
  return Array.from({ length: columns }, (_, column) => {
    const from = log.first + Math.floor((column * count) / columns);
    const to = log.first + Math.floor(((column + 1) * count) / columns);
    const spentMs = Math.max(1, timeAt(to - 1) - timeAt(from - 1));
    return Math.min(1, Math.max(0, (Math.log10(Math.max(1, to - from) / spentMs) + 4) / 5));
  });
}
