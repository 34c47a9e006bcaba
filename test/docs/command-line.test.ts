import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { commands, flags } from '../../src/cli/flags.ts';

const page = readFileSync(new URL('../../docs/reference/command-line.md', import.meta.url), 'utf8');
const rows = page.split('\n').filter((line) => line.startsWith('|'));

it.each(flags)('the page has --$name with its environment variables', ({ name, env }) => {
  const row = rows.find((line) => line.includes(`\`--${name}`));
  expect(row).toBeDefined();
  for (const variable of env ?? []) expect(row).toContain(`\`${variable}\``);
});

it('the page has no flag that does not exist', () => {
  const named = rows
    .filter((row) => row.startsWith('| `--'))
    .flatMap((row) => [...row.matchAll(/`--([a-z-]+)/g)]);
  const known = flags.map(({ name }) => name);
  expect(named.map(([, name]) => name).filter((name) => !known.includes(name!))).toEqual([]);
  expect(named.length).toBeGreaterThanOrEqual(known.length);
});

it.each(commands)('the page has the command $name', ({ name }) => {
  expect(rows.some((row) => row.startsWith(`| \`${name}`))).toBe(true);
});
