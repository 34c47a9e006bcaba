/** What the how-to pages say in code, in names and in numbers. */
import { readdirSync } from 'node:fs';
import { transform } from 'esbuild';
import { describe, expect, it } from 'vitest';
import * as machines from '../../machines/index.ts';
import { OUTCOMES } from '../../machines/session/outcomes.ts';
import { reportedStatus } from '../../machines/worker/worker.rules.ts';
import type { WorkerContext } from '../../machines/worker/worker.types.ts';
import * as api from '../../src/index.ts';
import * as inspect from '../../src/inspect/index.ts';
import * as testing from '../../src/testing/index.ts';
import { resolveOptions } from '../../src/resolve-options.ts';
import { readPage, root, sectionOf, tableRows } from './pages.ts';

const folder = 'docs/how-to/';
const pages = readdirSync(new URL(folder, root)).map((name) => folder + name);
const exported: Record<string, object> = {
  greenroom: api,
  'greenroom/machines': machines,
  'greenroom/inspect': inspect,
  'greenroom/testing': testing,
};

/** The blocks of code of a page in that language. */
function blocksOf(page: string, language: RegExp): string[] {
  const blocks = [...readPage(page).matchAll(/^```(\w+)\n([^]*?)^```$/gm)];
  return blocks.filter(([, found = '']) => language.test(found)).map(([, , code = '']) => code);
}

/** The values that a block imports from Greenroom, each with where from. */
function importsOf(code: string): [from: string, name: string][] {
  const statements = [...code.matchAll(/^import \{([^}]+)\} from '(greenroom[^']*)';$/gm)];
  return statements.flatMap(([, names = '', from = '']) =>
    names
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '' && !name.startsWith('type '))
      .map((name): [string, string] => [from, name]),
  );
}

describe.each(pages)('%s', (page) => {
  it('has code that can be read', async () => {
    for (const code of blocksOf(page, /^[jt]s$/)) await transform(code, { loader: 'ts' });
    for (const code of blocksOf(page, /^json$/)) expect(JSON.parse(code)).toBeTypeOf('object');
  });

  it('imports what there is', () => {
    const imported = blocksOf(page, /^[jt]s$/).flatMap(importsOf);
    const missing = imported.filter(([from, name]) => !(name in (exported[from] ?? {})));
    expect(missing).toEqual([]);
  });
});

describe('cap-jobs.md', () => {
  const section = sectionOf(readPage('docs/how-to/cap-jobs.md'), 'What the server is told');
  const told = (context: object) =>
    reportedStatus(
      { slots: {}, load: 0, loadThreshold: null, maxJobs: null, ...context } as WorkerContext,
      true,
    ).load.toFixed(2);
  const slots = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`job.${index + 1}`, {}]));

  it('reckons as the worker does', () => {
    const text = section.replaceAll(/\s+/g, ' ');
    const byLoad = told({ load: 0.8, loadThreshold: 0.9 });
    expect(text).toContain(`\`loadThreshold: 0.9\` and a load of 0.8 reports ${byLoad},`);
    expect(text).toContain(`9 of 10 jobs reports ${told({ slots: slots(9), maxJobs: 10 })},`);
    expect(text).toContain(`2 of 10 reports ${told({ slots: slots(2), maxJobs: 10 })}:`);
  });
});

describe('drain-on-deploy.md', () => {
  const page = readPage('docs/how-to/drain-on-deploy.md');

  it('names the defaults', () => {
    const { drainTimeoutMs, shutdownTimeoutMs } = resolveOptions({
      agent: import.meta.url,
      wsURL: 'ws://localhost',
      apiKey: 'key',
      apiSecret: 'secret',
    });
    expect(page).toContain(`\`drainTimeoutMs\` (${(drainTimeoutMs ?? 0) / 3_600_000} h)`);
    expect(page).toContain(`\`shutdownTimeoutMs\` (${shutdownTimeoutMs / 1000} s)`);
  });

  it('adds up', () => {
    const sums = [...page.matchAll(/(\d+) ([+−]) (\d+) ([+−]) (\d+) = (\d+) s/g)];
    expect(sums).toHaveLength(2);
    for (const [, first, plus, second, , third, sum] of sums) {
      const sign = plus === '+' ? 1 : -1;
      expect(Number(first) + sign * (Number(second) + Number(third))).toBe(Number(sum));
    }
  });
});

it('end-a-session.md knows the reasons', () => {
  const rows = tableRows(sectionOf(readPage('docs/how-to/end-a-session.md'), 'From outside'));
  const reasons = rows.map(([, reason = '']) => reason.replaceAll('`', ''));
  expect(reasons.length).toBeGreaterThan(5);
  expect(reasons.filter((reason) => !(reason in OUTCOMES))).toEqual([]);
});

it('check-health.md has every answer', () => {
  const rows = tableRows(sectionOf(readPage('docs/how-to/check-health.md'), 'GET /'));
  const answers = rows.map(([answer = '']) => /`([^`]+)`/.exec(answer)?.[1]);
  const source = readPage('src/worker-health.ts');
  const reasons = [...source.matchAll(/reason: '([^']+)'/g)].map(([, reason]) => reason);
  expect(new Set(answers)).toEqual(new Set(['OK', ...reasons]));
});
