/** The page of the options has every option with what it may be, its defaults, its flag and its variables. */
import { availableParallelism } from 'node:os';
import { describe, expect, it } from 'vitest';
import { flags } from '../../src/cli/flags.ts';
import { optionAliases, optionRules } from '../../src/options/rules.ts';
import { WorkerPermissions } from '../../src/permissions.ts';
import { checkedOptions } from './checked-options.ts';
import { codeOf, readPage, sectionOf, tableRows } from './pages.ts';

const page = readPage('docs/reference/options.md');
const options = tableRows(page).filter((cells) => cells.length === 6);
const permissionDefaults = Object.fromEntries(Object.entries(new WorkerPermissions()));

/** What an option without a value of its own became, under the name that it is given by. */
function defaultsIn(mode: 'production' | 'development'): Record<string, unknown> {
  const resolved = checkedOptions({}, { mode });
  const [registration] = resolved.registrations;
  return {
    ...resolved,
    agentName: registration?.agentName,
    deployment: registration?.deployment,
    serverType: registration?.jobType,
    production: checkedOptions().production,
  };
}

/** What a cell of the page means. `Infinity` in code is `null` once it is checked. */
function meaningOf(cell: string): unknown {
  const words: Record<string, unknown> = {
    none: null,
    'the cores, 4 at most': Math.min(availableParallelism(), 4),
    'the larger of processor and memory use': null,
    'true when it comes from the environment': false,
    '`Infinity`': null,
    '`JobType.JT_ROOM`': 'room',
    '`new WorkerPermissions()`': permissionDefaults,
  };
  if (cell in words) return words[cell];
  return JSON.parse(codeOf(cell).replaceAll("'", '"')) as unknown;
}

/** What has no default that could be compared: it must be given, is explained, or is a function. */
const others: Record<string, string> = {
  agent: 'needed',
  wsURL: 'needed',
  apiKey: 'needed',
  apiSecret: 'needed',
  registrations: 'one, of those three options',
  requestFunc: 'accepts',
};

describe('docs/reference/options.md', () => {
  it('has each option once', () => {
    const names = options.map(([name]) => codeOf(name));
    expect(names.toSorted()).toEqual(Object.keys(optionRules).toSorted());
    const explained = [...page.matchAll(/^- `(\w+)`: /gm)].map(([, name]) => name);
    expect(explained).toEqual(names);
  });

  it.each(Object.entries(optionRules))('says what %s may be', (name, { allowed }) => {
    expect(rowOf(name)[1]).toBe(allowed);
  });

  it.each(['production', 'development'] as const)('has the defaults in %s', (mode) => {
    const defaults = defaultsIn(mode);
    const column = mode === 'production' ? 2 : 3;
    for (const name of Object.keys(optionRules)) {
      const cell = rowOf(name)[column] ?? '';
      if (name in others) expect(cell, name).toBe(others[name]);
      else expect(meaningOf(cell), name).toEqual(defaults[name]);
    }
  });

  it.each(Object.keys(optionRules))('has the flag and the variables of %s', (name) => {
    const flag = flags.find(({ sets }) => sets?.option === name);
    const [, , , , flagCell, variables] = rowOf(name);
    expect(flagCell).toBe(flag === undefined ? '' : `\`--${flag.name}\``);
    expect(variables).toBe((flag?.env ?? []).map((each) => `\`${each}\``).join(', else '));
  });

  it('has each alias', () => {
    const rows = tableRows(sectionOf(page, 'Aliases')).map((cells) => cells.map(codeOf));
    expect(Object.fromEntries(rows)).toEqual(optionAliases);
  });

  it('has each permission with its default', () => {
    const rows = tableRows(sectionOf(page, 'Permissions'));
    const defaults = rows.map(([name, value]) => [codeOf(name), JSON.parse(codeOf(value))]);
    expect(Object.fromEntries(defaults)).toEqual(permissionDefaults);
  });
});

describe('what the page says of defaults that adapt', () => {
  it('a step that is set makes the whole longer', () => {
    expect(checkedOptions({ sessionEndTimeoutMs: 100_000 }).shutdownTimeoutMs).toBe(115_000);
    expect(checkedOptions({ sessionEndTimeoutMs: 10_000 }).shutdownTimeoutMs).toBe(60_000);
  });

  it('the warning of memory comes before the limit', () => {
    expect(checkedOptions({ jobMemoryLimitMB: 500 }).jobMemoryWarnMB).toBe(400);
    expect(checkedOptions({ jobMemoryLimitMB: 5000 }).jobMemoryWarnMB).toBe(1000);
  });

  it('LIVEKIT_AGENT_NAME_OVERRIDE wins over code', () => {
    const env = { LIVEKIT_AGENT_NAME_OVERRIDE: 'over', LIVEKIT_AGENT_NAME: 'named' };
    expect(checkedOptions({ agentName: 'coded' }, { env }).registrations).toMatchObject([
      { agentName: 'over' },
    ]);
  });
});

function rowOf(name: string): string[] {
  return options.find(([cell]) => codeOf(cell) === name) ?? [];
}
