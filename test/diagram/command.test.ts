/** `greenroom diagram`, as it was built. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createMachine } from 'xstate';
import { afterAll, describe, expect, it } from 'vitest';
import { chartOf, signatureOf } from '../../src/diagram/chart.ts';
import { toMermaid } from '../../src/diagram/mermaid.ts';
import { jobMachine, workerMachine } from '../../machines/index.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const program = join(root, 'dist/src/bundle/main.js');

function diagram(...args: string[]): Promise<{ code: number; out: string; problem: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [program, 'diagram', ...args], (error, out, problem) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, problem }),
    );
  });
}

describe('our machines', () => {
  it('are drawn as Mermaid, the worker when none is named', async () => {
    expect(await diagram()).toEqual({ code: 0, out: toMermaid(workerMachine), problem: '' });
    expect(await diagram('job', '--depth', '1')).toMatchObject({
      code: 0,
      out: toMermaid(jobMachine, { depth: 1 }),
    });
  });

  it('are printed as JSON that makes the same machine', async () => {
    const { out } = await diagram('job', '--format', 'json');
    expect(signatureOf(chartOf(createMachine(JSON.parse(out))))).toBe(
      signatureOf(chartOf(jobMachine)),
    );
  });

  it.each(['worker', 'process-pool', 'sessionClose'])('%s is drawn as SVG', async (name) => {
    const { code, out } = await diagram(name, '--format', 'svg');
    expect(code).toBe(0);
    expect(out).toMatch(
      /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" width="\d{3,4}" height="\d{3,4}"/,
    );
    expect(out).toContain('data-state=""');
    expect(out).toContain('</svg>');
  });
});

describe('a file', () => {
  const machine = (id: string) =>
    `createMachine({ id: '${id}', initial: 'on', states: { on: { on: { toggle: 'off' } }, off: {} } })`;
  const files = {
    'one.mjs': `import { createMachine } from 'xstate'; export const one = ${machine('one')}; export default one;`,
    'two.mjs': `import { createMachine } from 'xstate'; export const one = ${machine('one')}; export const two = ${machine('two')};`,
    'none.mjs': 'export const number = 1;',
    'broken.mjs': 'export const broken = ;',
    'throws.mjs': "throw new Error('not today');",
  };
  const folder = mkdtempSync(join(tmpdir(), 'greenroom-diagram-'));
  const at = (name: string) => join(folder, name);
  mkdirSync(at('node_modules'));
  symlinkSync(join(root, 'node_modules/xstate'), at('node_modules/xstate'));
  for (const [name, content] of Object.entries(files)) writeFileSync(at(name), content);
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is drawn with a layout that is made for it', async () => {
    const { code, out } = await diagram(at('one.mjs'), '--format', 'svg');
    expect(code).toBe(0);
    expect(out).toContain('data-state="off"');
    expect(out).toMatch(/class="arrow" data-arrow="on→off"><path class="line" d="M[\d.]+ [\d.]+L/);
  });

  it('with several machines needs the name of one', async () => {
    expect(await diagram(at('two.mjs'))).toMatchObject({
      code: 1,
      out: '',
      problem: `${at('two.mjs')} exports several machines: one, two. Add --export NAME for one of them.\n`,
    });
    const { out } = await diagram(at('two.mjs'), '--export', 'two');
    expect(out).toContain('on --> off : toggle');
    expect((await diagram(at('two.mjs'), '--export', 'three')).problem).toBe(
      `${at('two.mjs')} exports no machine "three". Its machines: one, two.\n`,
    );
  });

  it.each([
    ['none.mjs', /exports no machine: export what createMachine\(\)/],
    ['broken.mjs', /cannot be loaded: Unexpected token/],
    ['throws.mjs', /cannot be loaded: not today/],
    ['missing.mjs', /^There is no file .*missing\.mjs\.\n$/],
  ])('%s is refused', async (name, problem) => {
    expect(await diagram(at(name))).toMatchObject({
      code: 1,
      out: '',
      problem: expect.stringMatching(problem),
    });
  });
});

describe('a command line', () => {
  it.each([
    [
      ['jobb'],
      /^There is no machine "jobb", and no such file\. Did you mean job\? Machines: .*worker\.\n$/,
    ],
    [['job', 'worker'], /takes one machine or file, received also "worker"/],
    [['--format', 'png'], /^--format png: allowed is mermaid, svg, json\.\n$/],
    [['--depth', '0'], /^--depth 0: allowed is a whole number from 1\.\n$/],
    [
      ['--frmat', 'svg'],
      /^Unknown option '--frmat'\. "greenroom diagram --help" shows what there is\.\n$/,
    ],
  ])('%j is refused', async (args, problem) => {
    expect(await diagram(...args)).toMatchObject({
      code: 1,
      out: '',
      problem: expect.stringMatching(problem),
    });
  });

  it('shows its help', async () => {
    const { code, out } = await diagram('--help');
    expect(code).toBe(0);
    expect(out).toContain('greenroom diagram [MACHINE|FILE] [FLAGS]');
  });
});
