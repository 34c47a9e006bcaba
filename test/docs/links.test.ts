/** No page of the repository has a link that leads nowhere. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { root as rootUrl } from './pages.ts';

const root = fileURLToPath(rootUrl);
const skipped = new Set(['node_modules', 'dist', 'coverage', '.git']);

function pagesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (skipped.has(entry.name)) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return pagesBelow(path);
    return entry.name.endsWith('.md') ? [path] : [];
  });
}

/** The text without what is shown as it is: blocks of code, code in a line, comments. */
function proseOf(text: string): string {
  return text
    .replaceAll(/^ *(`{3,}|~{3,})[^]*?^ *\1 *$/gm, '')
    .replaceAll(/<!--[^]*?-->/g, '')
    .replaceAll(/`[^`\n]*`/g, 'code');
}

/** The targets of all links and pictures, and of references such as `[name]: target`. */
function targetsOf(text: string): string[] {
  const prose = proseOf(text);
  const inline = [...prose.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g)];
  const pictures = [...prose.matchAll(/\b(?:src|srcset)="([^"\s]+)"/g)];
  const references = [...prose.matchAll(/^ *\[[^\]]+\]: *<?([^\s>]+)/gm)];
  return [...inline, ...pictures, ...references].map(([, target = '']) => target);
}

/** The anchors of a page as code hosts make them from its headings; the same one again gets a number. */
function anchorsOf(text: string): Set<string> {
  const withoutCode = text.replaceAll(/^ *(`{3,}|~{3,})[^]*?^ *\1 *$/gm, '');
  const anchors = new Set<string>();
  for (const [, heading = ''] of withoutCode.matchAll(/^#{1,6} +(.+?) *#*$/gm)) {
    const base = slugOf(heading);
    let anchor = base;
    for (let count = 1; anchors.has(anchor); count += 1) anchor = `${base}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
}

function slugOf(heading: string): string {
  const words = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
  return words.replaceAll(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-');
}

/** What is wrong with a link; empty when it leads somewhere. */
function problemOf(page: string, target: string): string {
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? page : resolve(dirname(page), decodeURIComponent(path));
  if (relative(root, file).startsWith('..')) return `${target} leads out of the repository`;
  if (!existsSync(file)) return `${target} does not exist`;
  if (anchor === undefined) return '';
  if (statSync(file).isDirectory() || !file.endsWith('.md')) return `${target} has no anchors`;
  return anchorsOf(readFileSync(file, 'utf8')).has(anchor) ? '' : `${target} has no such anchor`;
}

const isRelative = (target: string) => !/^[a-z][a-z\d+.-]*:/i.test(target);

const pages = pagesBelow(root).map((page) => relative(root, page));

it.each(pages)('the links of %s lead somewhere', (name) => {
  const page = join(root, name);
  const targets = targetsOf(readFileSync(page, 'utf8')).filter(isRelative);
  const problems = targets.map((target) => problemOf(page, target));
  expect(problems.filter((problem) => problem !== '')).toEqual([]);
});

it.each(['docs/reference', 'docs/reference/machines'])('%s/README.md has every page', (folder) => {
  const index = readFileSync(join(root, folder, 'README.md'), 'utf8');
  const names = readdirSync(join(root, folder)).filter(
    (name) => name.endsWith('.md') && name !== 'README.md',
  );
  expect(names.filter((name) => !index.includes(`](${name})`))).toEqual([]);
});

describe('the check of links', () => {
  const page = join(root, 'docs/reference/README.md');

  it.each([
    ['nowhere.md', 'nowhere.md does not exist'],
    ['options.md#nowhere', 'options.md#nowhere has no such anchor'],
    ['../../../elsewhere.md', '../../../elsewhere.md leads out of the repository'],
    ['options.md#time-limits', ''],
    ['machines/registration.md#online--registered', ''],
    ['#reference', ''],
  ])('%s', (target, problem) => {
    expect(problemOf(page, target)).toBe(problem);
  });

  it('finds links in tables, and none in code', () => {
    const text =
      '| [a](a.md) | `[b](b.md)` |\n\n```md\n[c](c.md)\n```\n\n![d](d.png "D")\n\n[e]: e.md\n';
    expect(targetsOf(text)).toEqual(['a.md', 'd.png', 'e.md']);
  });
});
