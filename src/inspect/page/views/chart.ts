/** The statechart of the chosen actor, in the middle. */
import type { Chart } from '../../../diagram/chart.ts';
import type { Box, ChartLayout } from '../../../diagram/chart-layout.ts';
import { drawChart } from '../../../diagram/chart-svg.ts';
import { chartFor, marksOf, type Marks } from '../model/charts.ts';
import type { ActorState } from '../model/stage.ts';
import type { Store } from '../model/store.ts';
import { stateText } from '../model/tree.ts';
import type { Layouts } from '../layouts.ts';
import { Canvas } from './canvas.ts';
import { byId, setText, svgElement } from './dom.ts';

/** Draws the chart, and marks in it what is active, possible and just taken. */
export class ChartView {
  readonly #store: Store;
  readonly #layouts: Layouts;
  readonly #canvas = new Canvas(byId('canvas', HTMLElement));
  readonly #note = byId('chart-note', HTMLElement);
  #drawn: { definition: string; chart: Chart; layout: ChartLayout } | null = null;
  #wanted = '';
  #marked = '';

  constructor(store: Store, layouts: Layouts) {
    this.#store = store;
    this.#layouts = layouts;
  }

  get canvas(): Canvas {
    return this.#canvas;
  }

  update(): void {
    const { chosen, stage } = this.#store;
    const actor = chosen === null ? undefined : stage.actors.get(chosen);
    if (actor === undefined) return this.#say('Choose an actor at the left.');
    if (actor.definition === null) {
      return this.#say(
        `${actor.name} is no machine: ${actorKind(actor)}. The side shows what it holds.`,
      );
    }
    if (this.#drawn?.definition === actor.definition) return this.#mark(actor);
    this.#want(actor.definition);
  }

  #say(text: string): void {
    this.#drawn = null;
    this.#wanted = '';
    this.#canvas.show(null);
    setText(this.#note, text);
    this.#note.hidden = false;
  }

  #want(definition: string): void {
    if (this.#wanted === definition) return;
    const { chart, failure } = chartFor(definition);
    if (chart === null) return this.#say(failure);
    this.#say('The chart is being laid out…');
    this.#wanted = definition;
    this.#layouts.layoutOf(chart).then(
      (layout) => this.#draw(definition, chart, layout),
      (error: unknown) => {
        if (this.#wanted === definition)
          this.#say(`The chart cannot be laid out: ${String(error)}`);
        this.#wanted = definition;
      },
    );
  }

  #draw(definition: string, chart: Chart, layout: ChartLayout): void {
    if (this.#wanted !== definition) return;
    this.#note.hidden = true;
    this.#marked = '';
    this.#drawn = { definition, chart, layout };
    this.#canvas.show({ content: svgElement(drawChart(chart, layout)), ...layout });
    this.#store.changed();
  }

  #mark(actor: ActorState): void {
    if (this.#drawn === null) return;
    const { chart, layout } = this.#drawn;
    const { snapshot, lastEvent, changedAt, id } = actor;
    const state = JSON.stringify([id, snapshot.value, snapshot.status, lastEvent?.type, changedAt]);
    if (state === this.#marked) return;
    this.#marked = state;
    const marks = marksOf(chart, actor);
    const { content } = this.#canvas;
    if (content === null) return;
    markStates(content, marks);
    markTransitions(content, marks);
    markArrows(content, chart, marks);
    this.#canvas.describe(`Statechart of ${chart.id}; active: ${stateText(actor)}`);
    this.#canvas.follow(nestedBoxes(marks.active, layout));
  }
}

function actorKind({ kind, src }: ActorState): string {
  return src === '' ? kind : `${kind} “${src}”`;
}

/** What is active, from outside to inside: the boxes of each level of nesting. */
function nestedBoxes(active: ReadonlySet<string>, layout: ChartLayout): Box[][] {
  const levels = Map.groupBy(active, (id) => (id === '' ? 0 : id.split('.').length));
  return [...levels]
    .toSorted(([left], [right]) => left - right)
    .map(([, ids]) => ids.flatMap((id) => layout.states[id] ?? []));
}

function markStates(content: Element, { active }: Marks): void {
  for (const state of content.querySelectorAll('[data-state], [data-name]')) {
    const id = state.getAttribute('data-state') ?? state.getAttribute('data-name') ?? '';
    const isActive = active.has(id);
    state.classList.toggle('active', isActive);
    if (isActive) state.setAttribute('aria-current', 'true');
    else state.removeAttribute('aria-current');
  }
}

function markTransitions(content: Element, { enabled, taken }: Marks): void {
  for (const transition of content.querySelectorAll('[data-transition]')) {
    const ids = (transition.getAttribute('data-transition') ?? '').split('\n');
    transition.classList.toggle(
      'enabled',
      ids.some((id) => enabled.has(id)),
    );
    transition.classList.toggle(
      'taken',
      ids.some((id) => taken.has(id)),
    );
  }
}

function markArrows(content: Element, chart: Chart, { enabled, taken }: Marks): void {
  const byArrow = new Map(chart.arrows.map((arrow) => [arrow.id, arrow.transitions]));
  for (const arrow of content.querySelectorAll('[data-arrow], [data-label]')) {
    const id = arrow.getAttribute('data-arrow') ?? arrow.getAttribute('data-label') ?? '';
    const transitions = byArrow.get(id) ?? [];
    arrow.classList.toggle(
      'taken',
      transitions.some((one) => taken.has(one.id)),
    );
    arrow.classList.toggle(
      'enabled',
      transitions.some((one) => enabled.has(one.id)),
    );
  }
}
