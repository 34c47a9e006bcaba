/** The tutorial shows the files that a test runs (`test/e2e/first-agent.test.ts`), and lines that the worker writes. */
import { expect, it } from 'vitest';
import { codeOf, readPage, sectionOf, tableRows } from './pages.ts';

const page = readPage('docs/tutorial/first-agent.md');

it.each([
  ['4. Write the agent', 'agent.js'],
  ['6. Call it', 'call.js'],
])('%s shows %s', (section, file) => {
  const [, code] = /```js\n([^]*?)```/.exec(sectionOf(page, section)) ?? [];
  expect(code).toBe(readPage(`docs/examples/first-agent/${file}`));
});

it('the package is the one that npm pack makes', () => {
  const { name, version } = JSON.parse(readPage('package.json')) as Record<string, string>;
  expect(page).toContain(`${name}-${version}.tgz`);
});

it('the lines of the log are those of the events', () => {
  const lines = tableRows(sectionOf(page, '6. Call it')).map(([line]) => codeOf(line));
  expect(lines.length).toBe(7);
  const events = readPage('docs/reference/events.md');
  expect(lines.filter((line) => !events.includes(line.split(/[:(]/)[0]!))).toEqual([]);
});
