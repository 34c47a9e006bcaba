/** From a chart to the graph that ELK lays out, and from ELK's answer to places. */
import type { ElkExtendedEdge, ElkNode } from 'elkjs';
import { type Chart, type ChartArrow, type ChartState, lineOf } from './chart.ts';
import { fitText, textWidth } from './text-width.ts';

/** A rectangle of the picture. */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** A point of the picture. */
export interface Point {
  x: number;
  y: number;
}

/** Where an arrow goes, and where its text stands. */
export interface ArrowPlace {
  points: Point[];
  label: Box | null;
}

/** Where everything of a chart is. */
export interface ChartLayout {
  width: number;
  height: number;
  states: Record<string, Box>;
  arrows: Record<string, ArrowPlace>;
  /** The arrow to the first state, by the id of the state it leads to. */
  starts: Record<string, Point[]>;
}

/** Sizes that layout and picture share. */
export const measures = {
  titleSize: 13,
  titleHeight: 28,
  lineSize: 11,
  lineHeight: 17,
  padding: 12,
  startSize: 9,
  maxLine: 260,
} as const;

/** The lines of text below a state's name. */
function linesOf(state: ChartState): string[] {
  return [...state.invokes, ...innerLines(state)].map(shorten);
}

/** The texts of the transitions that change no state, each once. */
export function innerLines(state: ChartState): string[] {
  return [...new Set(state.inner.map(lineOf))];
}

/** A line, cut where it is too long for the picture. */
export function shorten(line: string): string {
  return fitText(line, measures.lineSize, measures.maxLine);
}

/** The graph to be laid out. */
export function elkGraphOf(chart: Chart): ElkNode {
  const root = chart.states.find(({ parent }) => parent === null);
  return {
    id: 'chart',
    layoutOptions: {
      'elk.algorithm': 'layered',
      'elk.direction': 'DOWN',
      'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
      'elk.edgeRouting': 'ORTHOGONAL',
      'elk.json.shapeCoords': 'ROOT',
      'elk.json.edgeCoords': 'ROOT',
      'elk.padding': '[top=8,left=8,bottom=8,right=8]',
    },
    children: root === undefined ? [] : [nodeOf(chart, root)],
    edges: [...chart.arrows.map(edgeOf), ...chart.states.filter(isStart).map(startEdge)],
  };
}

/** Reads the places from the graph that ELK has laid out. */
export function layoutOf(chart: Chart, graph: ElkNode): ChartLayout {
  const boxes = new Map(shapesOf(graph).map((node) => [node.id, node]));
  const edges = new Map((graph.edges ?? []).map((edge) => [edge.id, edge]));
  const starts = chart.states.filter(isStart);
  return {
    width: round(graph.width ?? 0),
    height: round(graph.height ?? 0),
    states: Object.fromEntries(chart.states.map(({ id }) => [id, boxOf(boxes.get(nodeId(id)))])),
    arrows: Object.fromEntries(chart.arrows.map(({ id }) => [id, placeOf(edges.get(id))])),
    starts: Object.fromEntries(starts.map(({ id }) => [id, pointsOf(edges.get(startId(id)))])),
  };
}

const isStart = ({ isInitial }: ChartState): boolean => isInitial;
const nodeId = (id: string): string => `state:${id}`;
const startId = (id: string): string => `start:${id}`;

function nodeOf(chart: Chart, state: ChartState): ElkNode {
  const children = chart.states.filter(({ parent }) => parent === state.id);
  const { width, height } = sizeOf(state);
  if (children.length === 0) return { id: nodeId(state.id), width, height };
  const start = children.find(isStart);
  const { startSize, padding } = measures;
  return {
    id: nodeId(state.id),
    layoutOptions: {
      'elk.padding': `[top=${height + padding},left=18,bottom=18,right=18]`,
      'elk.nodeSize.constraints': 'MINIMUM_SIZE',
      'elk.nodeSize.minimum': `(${width},${height})`,
      'elk.spacing.nodeNode': '26',
      'elk.spacing.edgeNode': '14',
      'elk.spacing.edgeEdge': '10',
      'elk.spacing.edgeLabel': '4',
      'elk.layered.spacing.nodeNodeBetweenLayers': '22',
      'elk.layered.spacing.edgeNodeBetweenLayers': '12',
      'elk.layered.spacing.edgeEdgeBetweenLayers': '10',
    },
    children: [
      ...(start === undefined
        ? []
        : [{ id: `dot:${start.id}`, width: startSize, height: startSize }]),
      ...children.map((child) => nodeOf(chart, child)),
    ],
  };
}

/** Of a state without those inside it. */
function sizeOf(state: ChartState): { width: number; height: number } {
  const { titleSize, titleHeight, lineSize, lineHeight, padding } = measures;
  if (state.kind === 'history') return { width: 26, height: 26 };
  const lines = linesOf(state);
  const widest = Math.max(
    textWidth(state.key, titleSize),
    ...lines.map((line) => textWidth(line, lineSize) + 16),
  );
  return {
    width: Math.ceil(widest + 2 * padding),
    height: titleHeight + (lines.length === 0 ? 0 : lines.length * lineHeight + 6),
  };
}

function edgeOf(arrow: ChartArrow): ElkExtendedEdge {
  const { lineSize, lineHeight } = measures;
  const lines = arrow.transitions.map((transition) => shorten(lineOf(transition)));
  const width = Math.ceil(Math.max(...lines.map((line) => textWidth(line, lineSize))) + 16);
  return {
    id: arrow.id,
    sources: [nodeId(arrow.source)],
    targets: [nodeId(arrow.target)],
    labels: [
      {
        text: arrow.id,
        width,
        height: lines.length * lineHeight + 4,
        layoutOptions: { 'elk.edgeLabels.inline': 'true', 'elk.edgeLabels.placement': 'CENTER' },
      },
    ],
  };
}

function startEdge({ id }: ChartState): ElkExtendedEdge {
  return { id: startId(id), sources: [`dot:${id}`], targets: [nodeId(id)] };
}

function shapesOf(node: ElkNode): ElkNode[] {
  return (node.children ?? []).flatMap((child) => [child, ...shapesOf(child)]);
}

function boxOf(shape: Partial<Box> | undefined): Box {
  const { x = 0, y = 0, width = 0, height = 0 } = shape ?? {};
  return { x: round(x), y: round(y), width: round(width), height: round(height) };
}

function placeOf(edge: ElkExtendedEdge | undefined): ArrowPlace {
  const label = edge?.labels?.[0];
  return { points: pointsOf(edge), label: label === undefined ? null : boxOf(label) };
}

function pointsOf(edge: ElkExtendedEdge | undefined): Point[] {
  return (edge?.sections ?? [])
    .flatMap(({ startPoint, bendPoints, endPoint }) => [
      startPoint,
      ...(bendPoints ?? []),
      endPoint,
    ])
    .map(({ x, y }) => ({ x: round(x), y: round(y) }));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
