/** Small help with elements. */
import type { SvgNode } from '../../../diagram/svg-node.ts';

/** What an element is made with; `on…` are listeners. */
export type Attributes = Record<string, string | number | boolean | ((event: never) => void)>;

/** Makes an HTML element. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  children: readonly (Node | string)[] = [],
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') made.addEventListener(name.slice(2), value as EventListener);
    else setAttribute(made, name, value);
  }
  made.append(...children);
  return made;
}

/** Sets an attribute, or takes it away for `false`. */
export function setAttribute(
  target: Element,
  name: string,
  value: string | number | boolean,
): void {
  const text = value === true ? '' : String(value);
  if (value === false) target.removeAttribute(name);
  else if (target.getAttribute(name) !== text) target.setAttribute(name, text);
}

/** Sets the text of an element, when it is another one. */
export function setText(target: Element, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

/** Makes an SVG element of a drawing. */
export function svgElement(node: SvgNode): SVGElement {
  const made = document.createElementNS('http://www.w3.org/2000/svg', node.tag);
  for (const [name, value] of Object.entries(node.attributes)) {
    made.setAttribute(name, String(value));
  }
  for (const child of node.children) {
    made.append(typeof child === 'string' ? child : svgElement(child));
  }
  return made;
}

/** The element of the page with that id. */
export function byId<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new TypeError(`The page has no ${kind.name} "${id}".`);
  return found;
}
