/** A row of tabs and their panels. */
import { byId, setAttribute } from './dom.ts';

/** The tabs in an element: its buttons have `data-tab`, and name their panels with `aria-controls`. */
export class Tabs<Name extends string> {
  readonly #buttons: HTMLButtonElement[];

  constructor(id: string, choose: (name: Name) => void) {
    const root = byId(id, HTMLElement);
    this.#buttons = [...root.querySelectorAll('button')];
    for (const button of this.#buttons) {
      button.addEventListener('click', () => choose(button.dataset['tab'] as Name));
    }
    root.addEventListener('keydown', (event) => {
      const direction = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (direction === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      this.#next(direction)?.click();
    });
  }

  show(name: Name): void {
    for (const button of this.#buttons) {
      const isShown = button.dataset['tab'] === name;
      setAttribute(button, 'aria-selected', String(isShown));
      button.tabIndex = isShown ? 0 : -1;
      const panel = document.getElementById(button.getAttribute('aria-controls') ?? '');
      if (panel !== null) panel.hidden = !isShown;
    }
  }

  #next(direction: number): HTMLButtonElement | undefined {
    const at = this.#buttons.findIndex((button) => button === document.activeElement);
    const next = this.#buttons.at((at + direction) % this.#buttons.length);
    next?.focus();
    return next;
  }
}
