/** The table of a run: for a terminal, and as a page of the documentation. */
import { alignedTable } from '../docs/pages.ts';
import { type Figure, moreIsBetter, type Unit } from './figure.ts';
import { figures } from './figures.ts';
import { type BenchResults, type Machine, resultRows, type ResultRow } from './results.ts';
import type { Summary } from './statistics.ts';
import { type CandidateName, describeTarget } from './targets.ts';

const columns: readonly CandidateName[] = ['greenroom', 'agents-js', 'agents-py', 'floor'];
const none = '–';

const headings = [
  'figure',
  ...columns.map((name) => `${name}, median / p95`),
  'to agents-js',
  'to agents-py',
  'to reach',
  'met',
];

const mainNode = '20';

/** The table as text. */
export function terminalTable(results: BenchResults): string {
  const rows = resultRows(results);
  const cells = [headings, ...rows.map((row) => rowCells(row, results))];
  const widths = headings.map((_, column) =>
    Math.max(...cells.map((line) => line[column]?.length ?? 0)),
  );
  const lines = cells.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return [describe(results.machine), '', ...lines, '', ...footnotes(results)].join('\n');
}

/** Where the page of a run belongs: the oldest Node that is supported has the main one. */
export function performancePageName({ node }: Pick<Machine, 'node'>): string {
  return isMainNode(node) ? 'performance.md' : `performance-on-node-${majorOf(node)}.md`;
}

/** The page of the documentation; `null`: no run has been written to it yet. */
export function performancePage(results: BenchResults | null): string {
  const node = results?.machine.node ?? mainNode;
  return [
    isMainNode(node) ? '# Performance' : `# Performance on Node ${majorOf(node)}`,
    '',
    '<!-- Written by `npm run bench -- --write`: edit `test/bench`, not this page. -->',
    '',
    'Greenroom side by side with its rivals and with the floor, in one run on one machine, in turns. Where the milliseconds go:',
    '[a dispatch in milliseconds](../explanation/a-dispatch-in-milliseconds.md).',
    '',
    ...(results === null ? [noRunYet] : runSection(results)),
    '',
    '## What the figures are',
    '',
    'Bounds are for the median. A factor is of the median of the other in the same run. "nor does the floor": what can do nothing else misses it, too.',
    '',
    alignedTable(
      ['figure', 'definition', 'to reach'],
      figures.map((figure) => [figure.title, figure.definition, targetsOf(figure)]),
    ),
    '',
  ].join('\n');
}

const noRunYet = 'No run has been written here yet: `npm run bench -- --write` does it.';

function runSection(results: BenchResults): string[] {
  return [
    `${describe(results.machine)} A real LiveKit server and a real observer, on loopback. The same minimal agent for all: it`,
    'connects and stays.',
    '',
    alignedTable(
      headings,
      resultRows(results).map((row) => rowCells(row, results)),
    ),
    '',
    ...footnotes(results).flatMap((line) => [line, '']),
    '## Who is compared',
    '',
    ...columns.map((name) => `- **${name}**: ${whoIs(name, results)}`),
  ];
}

/** What a page should say of the figures, and does not. */
export function pageMistakes(page: string): string[] {
  const squeezed = page.replaceAll(/\s+/g, ' ');
  return figures.flatMap((figure) => {
    const row = `| ${figure.title} | ${figure.definition} | ${targetsOf(figure)} |`;
    return squeezed.includes(row) ? [] : [`The page does not define: ${figure.title}`];
  });
}

function rowCells(row: ResultRow, results: BenchResults) {
  const { figure, summaries, judgements } = row;
  const own = summaries.greenroom?.median;
  const ratio = (other: Summary | undefined): string =>
    own === undefined || other === undefined || other.median === 0
      ? none
      : `${round(own / other.median, 2)}×`;
  return [
    figure.title,
    ...columns.map((name) => summaryCell(summaries[name], figure.unit)),
    ratio(summaries['agents-js']),
    ratio(summaries['agents-py']),
    judgements.length === 0 && !results.isShort ? targetsOf(figure) : boundsOf(judgements, figure),
    metCell(row),
  ];
}

function metCell({ met, isBelowFloor }: ResultRow): string {
  if (met === null) return none;
  if (met) return 'yes';
  return isBelowFloor ? '**no**, nor does the floor' : '**no**';
}

function summaryCell(summary: Summary | undefined, unit: Unit): string {
  if (summary === undefined) return none;
  const { median, p95, min, isNoisy } = summary;
  const worst = moreIsBetter.has(unit) ? min : p95;
  const text = summary.count === 1 ? format(median) : `${format(median)} / ${format(worst)}`;
  return `${text} ${unit}${isNoisy ? ' ~' : ''}`;
}

function boundsOf(judgements: ResultRow['judgements'], figure: Figure): string {
  if (judgements.length === 0) return targetsOf(figure);
  return judgements
    .map(({ target, bound }) => {
      const words = describeTarget(target, figure.unit);
      return bound === null || 'atMost' in target ? words : `${words} = ${format(bound)}`;
    })
    .join(', ');
}

function targetsOf({ targets, unit }: Figure): string {
  if (targets.length === 0) return none;
  return targets.map((target) => describeTarget(target, unit)).join(', ');
}

function majorOf(node: string): string {
  return node.split('.')[0] ?? '';
}

function isMainNode(node: string): boolean {
  return majorOf(node) === mainNode;
}

function describe({ cores, cpu, memoryGiB, node, system }: Machine): string {
  return `${cores} cores (${cpu}), ${memoryGiB} GiB, ${system}, Node ${node}.`;
}

function footnotes(results: BenchResults): string[] {
  const samples = Object.values(results.samples).flatMap((all) => Object.values(all).flat());
  const noisy = samples.filter(({ noise }) => noise !== null).length;
  return [
    `${samples.length} samples, ${noisy} of them noisy: others used the machine meanwhile. They are left out, but where that would leave fewer than half: ~ marks those. With fewer than 20 samples p95 is the maximum; of events per second it is the minimum.`,
    ...resultRows(results).flatMap(({ figure: { title, floorTakes }, isBelowFloor }) =>
      isBelowFloor && floorTakes !== undefined ? [`${title}: ${floorTakes}`] : [],
    ),
    ...(results.isShort
      ? ['A short run: it shows that everything works, and judges nothing.']
      : []),
    ...results.mishaps.map(
      ({ scene, candidate, message }) => `${candidate} failed in the scene ${scene}: ${message}`,
    ),
    ...Object.entries(results.missing).map(([name, why]) => `${name} was not measured: ${why}.`),
  ];
}

function whoIs(name: CandidateName, { candidates, missing }: BenchResults): string {
  const why = missing[name];
  if (why !== undefined) return `not measured: ${why}.`;
  if (name === 'floor') {
    return 'what is possible without being a product: a worker that only answers, and bare processes with the native library that are handed url and token. No supervision, no limits.';
  }
  return `${candidates[name] ?? name}, in its production mode, log level error.`;
}

function format(value: number): string {
  if (Math.abs(value) >= 1_000) return Math.round(value).toLocaleString('en-US');
  return String(round(value, Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0));
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
