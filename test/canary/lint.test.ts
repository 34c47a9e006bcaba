/** The linter's rules are of use only while they match the files they are for. So each is broken here, once. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { allowed, refused } from './lint-fixtures.ts';
import {
  createScratchProject,
  lint,
  removeScratchProject,
  repositoryRoot,
  writeFiles,
  type Finding,
} from './scratch-project.ts';

type Entry = string | Record<string, unknown>;
type RuleOptions = [string, ...(Entry | { patterns: Entry[] })[]];
interface Settings {
  options: Record<string, unknown>;
  overrides: { files: string[]; rules: Record<string, RuleOptions | string> }[];
}

/** The settings with one entry of one direction rule taken out. */
interface Mutation {
  name: string;
  settings: Settings;
}

let folder = '';

beforeAll(() => {
  const files = Object.fromEntries(refused.map(({ path, text }) => [path, text]));
  folder = createScratchProject({ ...files, ...allowed });
});

afterAll(() => removeScratchProject(folder));

describe('the linter', () => {
  let findings: Finding[] = [];

  beforeAll(async () => {
    findings = await lint(folder);
  });

  test.each(refused)('refuses $path by $rule', ({ path, rule }) => {
    const found = findings.filter(({ file }) => file === path).map((finding) => finding.rule);
    expect(found).toEqual([rule]);
  });

  test.each(Object.keys(allowed))('lets %s pass', (path) => {
    expect(findings.filter(({ file }) => file === path)).toEqual([]);
  });
});

describe('each entry of a direction rule is needed:', () => {
  const expected = refused.map(({ path, rule }) => `${path} ${rule}`);

  test.each(mutations(readSettings()))('$name', async ({ settings }) => {
    writeFiles(folder, { 'mutated.json': JSON.stringify(settings) });
    const findings = new Set(
      (await lint(folder, 'mutated.json')).map(({ file, rule }) => `${file} ${rule}`),
    );
    const lost = expected.filter((finding) => isDirection(finding) && !findings.has(finding));
    expect(lost).not.toEqual([]);
  });
});

function readSettings(): Settings {
  const text = readFileSync(join(repositoryRoot, '.oxlintrc.json'), 'utf8');
  const settings = JSON.parse(text.replaceAll(/^\s*\/\/.*$/gm, '')) as Settings;
  // Direction is a matter of names: without types this takes a tenth of the time.
  return { ...settings, options: { typeAware: false } };
}

function isDirection(finding: string): boolean {
  return finding.includes('(no-restricted-');
}

function mutations(settings: Settings): Mutation[] {
  return settings.overrides.flatMap(({ files, rules }, override) =>
    Object.entries(rules)
      .filter(([rule]) => rule.startsWith('no-restricted-'))
      .flatMap(([rule, options]) =>
        entriesOf(options).map((entry, position) => ({
          name: `${files.join(', ')} ${rule} ${JSON.stringify(entry)}`,
          settings: without(settings, override, rule, position),
        })),
      ),
  );
}

/** The things that a rule forbids, one by one. */
function entriesOf(options: RuleOptions | string): Entry[] {
  if (typeof options === 'string') return [];
  const [, ...entries] = options;
  return entries.flatMap((entry) => (hasPatterns(entry) ? entry.patterns : [entry]));
}

function hasPatterns(entry: Entry | { patterns: Entry[] }): entry is { patterns: Entry[] } {
  return typeof entry === 'object' && 'patterns' in entry;
}

function without(settings: Settings, override: number, rule: string, position: number): Settings {
  const copy = structuredClone(settings);
  const rules = copy.overrides[override]!.rules;
  const options = rules[rule] as RuleOptions;
  const first = options[1];
  if (first !== undefined && hasPatterns(first)) first.patterns.splice(position, 1);
  else options.splice(1 + position, 1);
  // A rule without entries is no valid setting.
  if (entriesOf(options).length === 0) rules[rule] = 'off';
  return copy;
}
