/** A picture that can be moved and zoomed, by pointer, wheel and keys. */
import type { Box } from '../../../diagram/chart-layout.ts';
import { element, setAttribute, svgElement } from './dom.ts';
import { svg } from '../../../diagram/svg-node.ts';

/** What is shown. */
export interface Picture {
  content: SVGElement;
  width: number;
  height: number;
}

const minScale = 0.1;
const maxScale = 3;
/** Text is readable from this scale on. */
const readableScale = 0.66;
const followScale = 0.9;
const margin = 16;
/** Legend and buttons stand here. */
const footHeight = 40;

/** The canvas in its frame. */
export class Canvas {
  readonly #frame: HTMLElement;
  readonly #svg = svgElement(svg('svg', { class: 'picture', role: 'img' }));
  #picture: Picture | null = null;
  #scale = 1;
  #x = 0;
  #y = 0;
  /** Shows what is active until the person moves the picture. */
  #isFollowing = true;
  #focus: readonly (readonly Box[])[] = [];

  constructor(frame: HTMLElement) {
    this.#frame = frame;
    frame.append(this.#svg, this.#buttons());
    frame.addEventListener('wheel', (event) => this.#onWheel(event), { passive: false });
    frame.addEventListener('keydown', (event) => this.#onKey(event));
    this.#listenToDrag();
    new ResizeObserver(() => this.#settle()).observe(frame);
  }

  get content(): SVGElement | null {
    return this.#picture?.content ?? null;
  }

  /** Shows another picture. */
  show(picture: Picture | null): void {
    if (picture === null && this.#picture === null) return;
    this.#picture = picture;
    this.#focus = [];
    this.#isFollowing = true;
    this.#svg.replaceChildren(...(picture === null ? [] : [picture.content]));
    this.#frame.classList.toggle('is-empty', picture === null);
    this.#settle();
  }

  /** Says to those who cannot see it what the picture shows. */
  describe(text: string): void {
    setAttribute(this.#svg, 'aria-label', text);
  }

  /** Keeps these boxes, from outside to inside, in sight, unless the person looks elsewhere. */
  follow(levels: readonly (readonly Box[])[]): void {
    this.#focus = levels;
    this.#settle();
  }

  fit(): void {
    this.#isFollowing = false;
    this.#fit();
  }

  followAgain(): void {
    this.#isFollowing = true;
    this.#settle();
  }

  zoom(factor: number, at?: { x: number; y: number }): void {
    const { clientWidth, clientHeight } = this.#frame;
    const center = at ?? { x: clientWidth / 2, y: clientHeight / 2 };
    const scale = Math.min(maxScale, Math.max(minScale, this.#scale * factor));
    const ratio = scale / this.#scale;
    this.#isFollowing = false;
    this.#place(
      scale,
      center.x - (center.x - this.#x) * ratio,
      center.y - (center.y - this.#y) * ratio,
    );
  }

  /** Where the picture is seen whole. */
  get #room(): { clientWidth: number; clientHeight: number } {
    const { clientWidth, clientHeight } = this.#frame;
    return { clientWidth, clientHeight: Math.max(0, clientHeight - footHeight) };
  }

  /** The outermost active state that can be read as a whole, else the innermost ones. */
  #settle(): void {
    if (!this.#isFollowing || this.#picture === null) return;
    const boxes = this.#focus.flatMap((level) => surrounding(level) ?? []);
    const box = boxes.find((one) => this.#roomFor(one) >= readableScale) ?? boxes.at(-1);
    if (this.#fittingScale() >= readableScale || box === undefined) return this.#fit();
    const { clientWidth, clientHeight } = this.#room;
    const { width, height } = this.#picture;
    const scale = Math.max(this.#fittingScale(), Math.min(followScale, this.#roomFor(box)));
    this.#place(
      scale,
      this.#bounded(clientWidth, width * scale, clientWidth / 2 - (box.x + box.width / 2) * scale),
      this.#bounded(
        clientHeight,
        height * scale,
        clientHeight / 2 - (box.y + box.height / 2) * scale,
      ),
    );
  }

  /** The scale at which a box fills the frame. */
  #roomFor({ width, height }: Box): number {
    const { clientWidth, clientHeight } = this.#room;
    return Math.min((clientWidth - 4 * margin) / width, (clientHeight - 4 * margin) / height);
  }

  /** No empty edge where the picture has more to show. */
  #bounded(room: number, size: number, offset: number): number {
    if (size <= room - 2 * margin) return (room - size) / 2;
    return Math.min(margin, Math.max(room - size - margin, offset));
  }

  #fittingScale(): number {
    const { clientWidth, clientHeight } = this.#room;
    const { width, height } = this.#picture ?? { width: 1, height: 1 };
    return Math.min(1.1, (clientWidth - 2 * margin) / width, (clientHeight - 2 * margin) / height);
  }

  #fit(): void {
    if (this.#picture === null) return;
    const { clientWidth, clientHeight } = this.#room;
    const scale = Math.max(minScale, this.#fittingScale());
    const { width, height } = this.#picture;
    this.#place(scale, (clientWidth - width * scale) / 2, (clientHeight - height * scale) / 2);
  }

  #place(scale: number, x: number, y: number): void {
    this.#scale = scale;
    this.#x = x;
    this.#y = y;
    const { content } = this;
    if (content !== null) content.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
    this.#frame.classList.toggle('is-following', this.#isFollowing);
  }

  #onWheel(event: WheelEvent): void {
    event.preventDefault();
    if (event.ctrlKey || event.metaKey) {
      const { left, top } = this.#frame.getBoundingClientRect();
      const at = { x: event.clientX - left, y: event.clientY - top };
      return this.zoom(Math.exp(-event.deltaY / 300), at);
    }
    this.#move(-event.deltaX, -event.deltaY);
  }

  #move(x: number, y: number): void {
    this.#isFollowing = false;
    this.#place(this.#scale, this.#x + x, this.#y + y);
  }

  #onKey(event: KeyboardEvent): void {
    const step = 60;
    const moves: Readonly<Record<string, () => void>> = {
      ArrowLeft: () => this.#move(step, 0),
      ArrowRight: () => this.#move(-step, 0),
      ArrowUp: () => this.#move(0, step),
      ArrowDown: () => this.#move(0, -step),
    };
    const move = moves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    move();
  }

  #listenToDrag(): void {
    let from: { x: number; y: number } | null = null;
    this.#frame.addEventListener('pointerdown', (event) => {
      if (event.target instanceof Element && event.target.closest('button') !== null) return;
      from = { x: event.clientX, y: event.clientY };
      this.#frame.setPointerCapture(event.pointerId);
      this.#frame.classList.add('is-dragged');
    });
    this.#frame.addEventListener('pointermove', (event) => {
      if (from === null) return;
      this.#move(event.clientX - from.x, event.clientY - from.y);
      from = { x: event.clientX, y: event.clientY };
    });
    const end = () => {
      from = null;
      this.#frame.classList.remove('is-dragged');
    };
    this.#frame.addEventListener('pointerup', end);
    this.#frame.addEventListener('pointercancel', end);
  }

  #buttons(): HTMLElement {
    const button = (label: string, text: string, onclick: () => void) =>
      element('button', { type: 'button', title: label, 'aria-label': label, onclick }, [text]);
    return element('div', { class: 'canvas-buttons' }, [
      button('Zoom in (+)', '+', () => this.zoom(1.25)),
      button('Zoom out (−)', '−', () => this.zoom(0.8)),
      button('Fit the whole chart (0)', 'Fit', () => this.fit()),
      button('Follow the active states (F)', 'Follow', () => this.followAgain()),
    ]);
  }
}

function surrounding(boxes: readonly Box[]): Box | null {
  if (boxes.length === 0) return null;
  const x = Math.min(...boxes.map((box) => box.x));
  const y = Math.min(...boxes.map((box) => box.y));
  return {
    x,
    y,
    width: Math.max(...boxes.map((box) => box.x + box.width)) - x,
    height: Math.max(...boxes.map((box) => box.y + box.height)) - y,
  };
}
