/** What the person at the page has chosen. */
import type { Ingest } from './ingest.ts';
import type { Stage } from './stage.ts';

/** The views in the middle. */
export type MainTab = 'chart' | 'sequence' | 'timeline';

/** The views at the side. */
export type SideTab = 'actor' | 'events';

/** The page's state; whoever changes it says so, and the views follow in the next frame. */
export class Store {
  readonly ingest: Ingest;
  mainTab: MainTab = 'chart';
  sideTab: SideTab = 'actor';
  /** The actor that chart, sequence and side show. */
  chosen: string | null = null;
  /** How many entries of the log have happened in what is shown; `null` follows the stream. */
  moment: number | null = null;
  isPlaying = false;
  #isDue = false;
  #render: () => void = () => {};

  constructor(ingest: Ingest) {
    this.ingest = ingest;
    ingest.onReset = () => {
      this.chosen = null;
      this.moment = null;
      this.isPlaying = false;
    };
  }

  /** What draws the page, once in a frame at most. */
  set render(render: () => void) {
    this.#render = render;
  }

  /** How many entries have happened in what is shown. */
  get end(): number {
    const { first, end } = this.ingest.log;
    return this.moment === null ? end : Math.min(Math.max(this.moment, first), end);
  }

  /** How everything is in what is shown. */
  get stage(): Stage {
    return this.ingest.log.stageAt(this.end);
  }

  /** Something has changed. */
  changed(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    // A hidden tab draws no frames, and must not collect them.
    requestAnimationFrame(() => {
      this.#isDue = false;
      this.#render();
    });
  }

  choose(actorId: string): void {
    this.chosen = actorId;
    this.changed();
  }

  /** Shows how it was when `end` entries had happened. */
  travelTo(end: number): void {
    const { log } = this.ingest;
    this.moment = Math.min(Math.max(end, log.first), log.end);
    this.changed();
  }

  /** One message back or forth; what only tells how it was is stepped over. */
  step(direction: 1 | -1): void {
    const { log } = this.ingest;
    let end = this.end + direction;
    while (end > log.first && end < log.end && log.at(end - 1)?.isState === true) end += direction;
    this.travelTo(end);
  }

  /** Follows the stream again. */
  goLive(): void {
    this.moment = null;
    this.isPlaying = false;
    this.changed();
  }
}
