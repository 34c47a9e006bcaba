/** A chart as a picture that stands alone: its style is in it, for light and for dark surroundings. */
import type { Chart } from './chart.ts';
import type { ChartLayout } from './chart-layout.ts';
import { drawChart } from './chart-svg.ts';
import { svg, svgText } from './svg-node.ts';

const style = `
svg { --paper: #ffffff; --ground: #f6f6f3; --line: #c6c6be; --ink: #1d211f; --soft: #5b625e; --accent: #2b9a70;
  font-family: Inter, 'Helvetica Neue', Arial, 'Liberation Sans', sans-serif; background: var(--paper) }
@media (prefers-color-scheme: dark) {
  svg { --paper: #151917; --ground: #1d2320; --line: #47514b; --ink: #e6eae7; --soft: #a5aea9; --accent: #3fae82 }
}
.box { fill: var(--paper); stroke: var(--line) }
.compound > .box, .parallel > .box { fill: var(--ground) }
.parallel > .box { stroke-dasharray: 5 3 }
.ring { fill: none; stroke: var(--line) }
.name { font-size: 13px; font-weight: 600; fill: var(--ink) }
.inner text, .invoke text, .label text { font-size: 11px; fill: var(--soft) }
.words text { paint-order: stroke; stroke: var(--paper); stroke-width: 3px; stroke-linejoin: round }
.words.compound text, .words.parallel text { stroke: var(--ground) }
.inner circle { fill: var(--line) }
.invoke path { fill: var(--accent) }
.line { fill: none; stroke: var(--soft); stroke-width: 1.2 }
.head, .start circle { fill: var(--soft) }
.paper { fill: var(--paper); stroke: var(--line) }
.mark { fill: none }
`;

/** The text of an SVG file. */
export function svgDocument(chart: Chart, layout: ChartLayout): string {
  const { width, height } = layout;
  return `${svgText(
    svg(
      'svg',
      {
        xmlns: 'http://www.w3.org/2000/svg',
        width: Math.ceil(width),
        height: Math.ceil(height),
        viewBox: `0 0 ${Math.ceil(width)} ${Math.ceil(height)}`,
        role: 'img',
        'aria-label': `Statechart of ${chart.id}`,
      },
      [svg('style', {}, [style]), drawChart(chart, layout)],
    ),
  )}\n`;
}
