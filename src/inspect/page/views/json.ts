/** A value as coloured JSON. */
import type { Json } from '../../messages.ts';
import { element } from './dom.ts';
import { jsonParts } from './format.ts';

const maxLength = 40_000;

/** Shows one value, drawn anew only when it is another one. */
export class JsonView {
  readonly #root: HTMLElement;
  #shown: Json | undefined = undefined;

  constructor(root: HTMLElement) {
    this.#root = root;
  }

  show(value: Json | undefined): void {
    if (value === this.#shown) return;
    this.#shown = value;
    if (value === undefined) return this.#root.replaceChildren();
    const parts = jsonParts(value);
    let length = 0;
    const nodes: Node[] = [];
    for (const { text, kind } of parts) {
      length += text.length;
      if (length > maxLength) {
        nodes.push(element('span', { class: 'more' }, ['\n… the rest is too long to show']));
        break;
      }
      nodes.push(
        kind === 'plain' ? document.createTextNode(text) : element('span', { class: kind }, [text]),
      );
    }
    this.#root.replaceChildren(element('pre', {}, nodes));
  }
}
