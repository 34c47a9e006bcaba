import { describe, expect, it } from 'vitest';
import { createMachine } from 'xstate';
import * as machines from '../../machines/index.ts';
import { activeStates, chartOf, lineOf, signatureOf } from '../../src/diagram/chart.ts';
import { elkGraphOf } from '../../src/diagram/chart-layout.ts';
import { drawChart } from '../../src/diagram/chart-svg.ts';
import { svgText } from '../../src/diagram/svg-node.ts';
import { fitText, textWidth } from '../../src/diagram/text-width.ts';
import { machineJson } from '../../src/diagram/machine-json.ts';
import { ownMachines } from '../../src/diagram/find-machine.ts';
import { lights } from './machines.ts';

const chart = chartOf(lights);

describe('a chart', () => {
  it('has every state with its kind', () => {
    expect(chart.states.map(({ id, kind, isInitial }) => [id, kind, isInitial])).toEqual([
      ['', 'compound', false],
      ['green', 'atomic', true],
      ['yellow', 'atomic', false],
      ['red', 'parallel', false],
      ['red.cars', 'compound', false],
      ['red.cars.stop', 'atomic', true],
      ['red.cars.gone', 'final', false],
      ['red.people', 'compound', false],
      ['red.people.walk', 'atomic', true],
      ['red.people.wait', 'final', false],
      ['red.people.before', 'history', false],
    ]);
  });

  it('has an arrow for each pair of states, with the texts of its transitions', () => {
    expect(chart.arrows.map(({ id, transitions }) => [id, transitions.map(lineOf)])).toEqual([
      ['→red.people.before', ['power']],
      ['green→yellow', ['done countCars', 'error countCars [isDay]']],
      ['yellow→red', ['after 500 ms']],
      ['red→green', ['done']],
      ['red.cars.stop→red.cars.gone', ['go']],
      ['red.people.walk→red.people.wait', ['always [isNight]']],
    ]);
  });

  it('keeps what changes no state with its state', () => {
    const green = chart.states.find(({ id }) => id === 'green');
    expect(green?.inner.map(lineOf)).toEqual(['car.came']);
    expect(green?.invokes).toEqual(['countCars']);
    expect(green?.description).toBe('Cars go.');
  });

  it('knows what a value makes active', () => {
    const value = { red: { cars: 'stop', people: 'wait' } };
    expect([...activeStates(value)]).toEqual([
      '',
      'red',
      'red.cars',
      'red.cars.stop',
      'red.people',
      'red.people.wait',
    ]);
    expect([...activeStates('green')]).toEqual(['', 'green']);
    expect([...activeStates(null)]).toEqual(['']);
  });

  it.each([...ownMachines])(
    'of %s is the same when it comes from the JSON of its config',
    (_, machine) => {
      const again = chartOf(createMachine(JSON.parse(machineJson(machine))));
      expect(signatureOf(again)).toBe(signatureOf(chartOf(machine)));
    },
  );

  it('has another signature for another shape', () => {
    const less = { ...chart, arrows: chart.arrows.slice(1) };
    expect(signatureOf(less)).not.toBe(signatureOf(chart));
  });
});

describe('the picture', () => {
  const place = { x: 1, y: 2, width: 30, height: 40 };
  const text = svgText(
    drawChart(chart, {
      width: 1,
      height: 1,
      states: Object.fromEntries(chart.states.map(({ id }) => [id, place])),
      arrows: Object.fromEntries(
        chart.arrows.map(({ id }) => [
          id,
          {
            points: [
              { x: 0, y: 0 },
              { x: 0, y: 9 },
              { x: 9, y: 9 },
            ],
            label: place,
          },
        ]),
      ),
      starts: {},
    }),
  );

  it('marks states, arrows and transitions, so that they can be lit', () => {
    for (const { id } of chart.states) expect(text).toContain(`data-state="${id}"`);
    for (const { id } of chart.arrows) expect(text).toContain(`data-arrow="${id}"`);
    expect(text).toContain('data-transition="lights.green car.came 0"');
  });

  it('shows descriptions as tooltips, and no text as markup', () => {
    expect(text).toContain('<title>Cars go.</title>');
    const odd = createMachine({ initial: '<b>', states: { '<b>': {} } });
    const drawn = svgText(
      drawChart(chartOf(odd), { width: 1, height: 1, states: {}, arrows: {}, starts: {} }),
    );
    expect(drawn).toContain('&lt;b&gt;');
    expect(drawn).not.toContain('<b>');
  });
});

describe('the graph for ELK', () => {
  it('nests states and leaves no edge without ends', () => {
    for (const machine of Object.values(machines).filter((value) => 'root' in value)) {
      const graph = elkGraphOf(chartOf(machine as never));
      const ids = new Set<string>();
      const visit = (node: typeof graph): void => {
        ids.add(node.id);
        for (const child of node.children ?? []) visit(child);
      };
      visit(graph);
      for (const edge of graph.edges ?? []) {
        expect(ids).toContain(edge.sources[0]);
        expect(ids).toContain(edge.targets[0]);
      }
    }
  });
});

it('text is measured and cut', () => {
  expect(textWidth('', 11)).toBe(0);
  expect(textWidth('WWW', 10)).toBeGreaterThan(textWidth('iii', 10));
  expect(fitText('short', 11, 200)).toBe('short');
  const cut = fitText('a.very.long.event.type.that.does.not.fit', 11, 100);
  expect(cut).toMatch(/^a\.very.*…$/);
  expect(textWidth(cut, 11)).toBeLessThanOrEqual(100);
});
