/** Draws a chart in its layout. What is active, possible or just taken are classes: the style decides how that looks. */
import {
  type Chart,
  type ChartArrow,
  type ChartState,
  type ChartTransition,
  lineOf,
} from './chart.ts';
import {
  type Box,
  type ChartLayout,
  type Point,
  innerLines,
  measures,
  shorten,
} from './chart-layout.ts';
import { type SvgNode, svg } from './svg-node.ts';

const cornerRadius = 7;

/** The picture, without its outer element: boxes from outside to inside, then arrows, then all texts. */
export function drawChart(chart: Chart, layout: ChartLayout): SvgNode {
  return svg('g', { class: 'chart' }, [
    ...chart.states.map((state) => drawState(state, boxIn(layout, state.id))),
    ...chart.states.filter(({ isInitial }) => isInitial).map((state) => drawStart(state, layout)),
    ...chart.arrows.map((arrow) => drawArrow(arrow, layout)),
    ...chart.states.map((state) => drawWords(state, boxIn(layout, state.id))),
    ...chart.arrows.map((arrow) => drawLabel(arrow, layout)),
  ]);
}

function boxIn(layout: ChartLayout, id: string): Box {
  return layout.states[id] ?? { x: 0, y: 0, width: 0, height: 0 };
}

function drawState(state: ChartState, box: Box): SvgNode {
  const attributes = {
    class: `state ${state.kind}`,
    'data-state': state.id,
    transform: `translate(${box.x} ${box.y})`,
  };
  const tooltip = state.description === '' ? [] : [svg('title', {}, [state.description])];
  if (state.kind === 'history') return svg('g', attributes, [...tooltip, ...historyMark(box)]);
  return svg('g', attributes, [
    ...tooltip,
    rectangle('box', box, 0),
    ...(state.kind === 'final' ? [rectangle('ring', box, 3)] : []),
  ]);
}

/** Above the arrows that cross a state's head. */
function drawWords(state: ChartState, box: Box): SvgNode {
  const attributes = {
    class: `words ${state.kind}`,
    'data-name': state.id,
    transform: `translate(${box.x} ${box.y})`,
  };
  if (state.kind === 'history') return svg('g', attributes);
  return svg('g', attributes, [
    svg('text', { class: 'name', x: measures.padding, y: 19 }, [state.key]),
    ...stateLines(state),
  ]);
}

function rectangle(className: string, { width, height }: Box, inset: number): SvgNode {
  return svg('rect', {
    class: className,
    x: inset,
    y: inset,
    width: Math.max(0, width - 2 * inset),
    height: Math.max(0, height - 2 * inset),
    rx: Math.max(1, cornerRadius - inset),
  });
}

function historyMark({ width }: Box): SvgNode[] {
  const radius = width / 2;
  return [
    svg('circle', { class: 'box', cx: radius, cy: radius, r: radius }),
    svg('text', { class: 'name', x: radius, y: radius + 4.5, 'text-anchor': 'middle' }, ['H']),
  ];
}

function stateLines(state: ChartState): SvgNode[] {
  const { padding, titleHeight, lineHeight } = measures;
  const baseline = (index: number) => titleHeight + 10 + index * lineHeight;
  const invokes = state.invokes.map((name, index) =>
    svg('g', { class: 'invoke' }, [
      svg('path', { d: playMark(padding, baseline(index) - 8) }),
      svg('text', { x: padding + 14, y: baseline(index) }, [shorten(name)]),
    ]),
  );
  const inner = innerLines(state).map((line, index) =>
    svg(
      'g',
      {
        class: 'inner',
        'data-transition': idsOf(state.inner.filter((one) => lineOf(one) === line)),
      },
      [
        ...tooltipOf(state.inner.filter((one) => lineOf(one) === line)),
        svg('circle', {
          cx: padding + 4,
          cy: baseline(index + state.invokes.length) - 4,
          r: 2.2,
        }),
        svg('text', { x: padding + 14, y: baseline(index + state.invokes.length) }, [
          shorten(line),
        ]),
      ],
    ),
  );
  return [...invokes, ...inner];
}

function playMark(x: number, y: number): string {
  return `M${x + 1} ${y}l7 4l-7 4z`;
}

function idsOf(transitions: readonly ChartTransition[]): string {
  return transitions.map(({ id }) => id).join('\n');
}

function tooltipOf(transitions: readonly ChartTransition[]): SvgNode[] {
  const lines = transitions.flatMap(({ description, actions }) => [
    ...(description === '' ? [] : [description]),
    ...(actions.length === 0 ? [] : [`does: ${actions.join(', ')}`]),
  ]);
  return lines.length === 0 ? [] : [svg('title', {}, [lines.join('\n')])];
}

function drawStart(state: ChartState, layout: ChartLayout): SvgNode {
  const points = layout.starts[state.id] ?? [];
  const [first] = points;
  const radius = measures.startSize / 2;
  return svg('g', { class: 'start' }, [
    ...(first === undefined
      ? []
      : [svg('circle', { cx: first.x, cy: first.y - radius, r: radius })]),
    svg('path', { class: 'line', d: roundedPath(points) }),
    arrowHead(points),
  ]);
}

function drawArrow(arrow: ChartArrow, layout: ChartLayout): SvgNode {
  const points = layout.arrows[arrow.id]?.points ?? [];
  return svg('g', { class: 'arrow', 'data-arrow': arrow.id }, [
    svg('path', { class: 'line', d: roundedPath(points) }),
    arrowHead(points),
  ]);
}

function drawLabel(arrow: ChartArrow, layout: ChartLayout): SvgNode {
  const box = layout.arrows[arrow.id]?.label ?? { x: 0, y: 0, width: 0, height: 0 };
  const { lineHeight } = measures;
  return svg(
    'g',
    {
      class: 'label',
      'data-label': arrow.id,
      transform: `translate(${box.x} ${box.y})`,
    },
    [
      svg('rect', { class: 'paper', width: box.width, height: box.height, rx: 5 }),
      ...arrow.transitions.map((transition, index) =>
        svg('g', { class: `transition ${transition.kind}`, 'data-transition': transition.id }, [
          ...tooltipOf([transition]),
          svg('rect', {
            class: 'mark',
            x: 1,
            y: index * lineHeight + 2,
            width: Math.max(0, box.width - 2),
            height: lineHeight,
            rx: 4,
          }),
          svg('text', { x: box.width / 2, y: index * lineHeight + 14, 'text-anchor': 'middle' }, [
            shorten(lineOf(transition)),
          ]),
        ]),
      ),
    ],
  );
}

/** The line through the points, with its corners rounded. */
function roundedPath(points: readonly Point[]): string {
  const [first, ...rest] = points;
  if (first === undefined) return '';
  const parts = [`M${first.x} ${first.y}`];
  rest.forEach((point, index) => {
    const before = points[index] ?? point;
    const after = points[index + 2];
    if (after === undefined) parts.push(`L${point.x} ${point.y}`);
    else {
      const from = towards(point, before);
      const to = towards(point, after);
      parts.push(`L${from.x} ${from.y}Q${point.x} ${point.y} ${to.x} ${to.y}`);
    }
  });
  return parts.join('');
}

/** The point a corner's radius away from `corner`, or half way when that is nearer. */
function towards(corner: Point, other: Point): Point {
  const distance = Math.hypot(other.x - corner.x, other.y - corner.y);
  if (distance === 0) return corner;
  const part = Math.min(6, distance / 2) / distance;
  return {
    x: Math.round((corner.x + (other.x - corner.x) * part) * 10) / 10,
    y: Math.round((corner.y + (other.y - corner.y) * part) * 10) / 10,
  };
}

function arrowHead(points: readonly Point[]): SvgNode {
  const end = points.at(-1) ?? { x: 0, y: 0 };
  const before = points.at(-2) ?? end;
  const angle = (Math.atan2(end.y - before.y, end.x - before.x) * 180) / Math.PI;
  return svg('path', {
    class: 'head',
    d: 'M0 0L-7.5 -3.6L-7.5 3.6Z',
    transform: `translate(${end.x} ${end.y}) rotate(${Math.round(angle)})`,
  });
}
