/** The compiler keeps the machines away from Node: `types: []` in machines/tsconfig.json is what does it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  compile,
  createScratchProject,
  removeScratchProject,
  type ToolResult,
} from './scratch-project.ts';

const refused: Record<string, string> = {
  'uses-process.ts': 'export const thing: unknown = process;\n',
  'uses-set-timeout.ts': 'export const thing: unknown = setTimeout;\n',
  'uses-set-interval.ts': 'export const thing: unknown = setInterval;\n',
  'uses-console.ts': 'export const thing: unknown = console;\n',
  'uses-buffer.ts': 'export const thing: unknown = Buffer;\n',
  'uses-url.ts': 'export const thing: unknown = URL;\n',
  'uses-abort-controller.ts': 'export const thing: unknown = AbortController;\n',
  'imports-node.ts': "export { readFileSync } from 'node:fs';\n",
  'imports-src.ts': "export { thing } from '../src/thing.ts';\n",
};

let folder = '';
let result: ToolResult;

beforeAll(async () => {
  const files = Object.entries(refused).map(([name, text]) => [`machines/${name}`, text]);
  folder = createScratchProject({
    ...Object.fromEntries(files),
    'machines/allowed.ts':
      "import { createMachine } from 'xstate';\nexport const machine = createMachine({ id: 'thing' });\n",
    'src/thing.ts': 'export const thing = 1;\n',
  });
  result = await compile(folder, 'machines');
});

afterAll(() => removeScratchProject(folder));

describe('the compiler, in machines/,', () => {
  test.each(Object.keys(refused))('refuses what %s does', (name) => {
    expect(result.exitCode).not.toBe(0);
    expect(result.output).toContain(`machines/${name}(`);
  });

  test('lets XState pass', () => {
    expect(result.output).not.toContain('machines/allowed.ts(');
  });
});
