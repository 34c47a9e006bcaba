/** The page of the fault cases names the cases that are declared, and no others. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type FaultRow, faultPage, pageMistakes, terminalTable } from '../support/fault-table.mjs';
import { runVariable } from '../support/processes.ts';

const pageFile = fileURLToPath(new URL('../../docs/reference/faults.md', import.meta.url));
const tool = fileURLToPath(new URL('../tools/faults.mjs', import.meta.url));

it('docs/reference/faults.md has every case with its bound, and no other', async () => {
  // A test runner inside of a test: it is not to take the one around it for what its own tests left behind.
  const { [runVariable]: _mark, ...env } = process.env;
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [tool, '--check'], {
    env,
  }).catch((error: { stdout: string; stderr: string }) => error);
  expect(stderr).toBe('');
  expect(stdout).toMatch(/^\d+ cases compared/m);
  // It loads every file of cases.
}, 120_000);

it('each of the rules R1 to R18 has a case', () => {
  const rules = [...readFileSync(pageFile, 'utf8').matchAll(/^\| (R\d+) /gm)].map(
    ([, rule]) => rule,
  );
  const all = Array.from({ length: 18 }, (_, index) => `R${index + 1}`);
  expect(new Set(rules)).toEqual(new Set(all));
});

describe('the table', () => {
  const row: FaultRow = {
    section: 'Signals',
    name: 'Ctrl-C | twice',
    withinMs: 2_500,
    outcome: 'closed',
    tookMs: 1_234,
    passed: true,
  };
  const quick = { ...row, section: 'Capacity' as const, name: 'quick', tookMs: 3 };

  it('is grouped by headings in their order', () => {
    expect(faultPage([row, quick])).toContain(
      [
        '## Capacity',
        '',
        '| case | what happens | time | bound |',
        '| --- | --- | --- | --- |',
        '| quick | closed | < 1 s | 2.5 s |',
        '',
        '## Signals',
        '',
        '| case | what happens | time | bound |',
        '| --- | --- | --- | --- |',
        String.raw`| Ctrl-C \| twice | closed | 1 s | 2.5 s |`,
      ].join('\n'),
    );
  });

  it('shows in a terminal what failed', () => {
    const broken = { ...quick, outcome: 'no answer', tookMs: null, passed: false };
    expect(terminalTable([row, broken])).toBe(
      [
        '',
        'Capacity',
        '  ✗  quick           no answer         –  of 2.5 s',
        '',
        'Signals',
        '  ✓  Ctrl-C | twice  closed       1.23 s  of 2.5 s',
        '',
        'cases: 1 passed, 1 failed',
      ].join('\n'),
    );
  });

  it('is compared with the declarations in both directions', () => {
    const page = faultPage([row, quick]);
    expect(pageMistakes(page, [row, quick])).toEqual([]);
    const other = { ...row, name: 'other' };
    expect(pageMistakes(page, [{ ...row, withinMs: 2_000 }, other, other])).toEqual([
      String.raw`not on the page: Signals: Ctrl-C \| twice (within 2 s)`,
      'not on the page: Signals: other (within 2.5 s)',
      'not on the page: Signals: other (within 2.5 s)',
      'on the page only: Capacity: quick (within 2.5 s)',
      String.raw`on the page only: Signals: Ctrl-C \| twice (within 2.5 s)`,
      'declared twice: Signals: other (within 2.5 s)',
    ]);
  });
});
