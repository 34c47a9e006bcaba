/** The page of the benchmark defines the figures as the benchmark does. */
import { expect, test } from 'vitest';
import { figures } from '../bench/figures.ts';
import { pageMistakes } from '../bench/table.ts';
import { readPage } from './pages.ts';

test('every figure is defined as it is measured; `npm run bench -- --write` writes the page anew', () => {
  expect(pageMistakes(readPage('docs/reference/performance.md'))).toEqual([]);
});

test('the explanation speaks of figures that there are', () => {
  const page = readPage('docs/explanation/a-dispatch-in-milliseconds.md');
  const names = figures.map(({ name }) => name);
  const named = [...page.matchAll(/`([a-z]+(?:-[a-z0-9]+)+)`/g)].map(([, name = '']) => name);
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((name) => !names.includes(name))).toEqual([]);
});
