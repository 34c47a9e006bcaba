/** Modules that are known are found beside the one that asks, and are those that Node would find. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import nodeModule, { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { findBeside } from '../../src/job-bundle/kept-paths.ts';

let folder: string;
const resolveByNode = vi.fn();

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'greenroom-paths-')));
  const loader = nodeModule as unknown as { _resolveFilename: (...args: unknown[]) => string };
  const original = loader._resolveFilename;
  vi.spyOn(loader, '_resolveFilename').mockImplementation(function resolve(this: unknown, ...args) {
    resolveByNode();
    return original.apply(this, args);
  });
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function write(...names: string[]): void {
  for (const name of names) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), '');
  }
}

/** What a module in `lib` gets for a request when `known` were loaded before, and whether Node was asked. */
function find(request: string, ...known: string[]): { found: string; by: 'Node' | 'name' } {
  const stop = findBeside(new Set(known.map((name) => join(folder, name))));
  resolveByNode.mockClear();
  try {
    const path = createRequire(join(folder, 'lib/main.js')).resolve(request);
    const by = resolveByNode.mock.calls.length === 0 ? 'name' : 'Node';
    return { found: path.replace(`${folder}/`, ''), by };
  } finally {
    stop();
  }
}

it.each([
  ['./beside', 'lib/beside.js'],
  ['./beside.js', 'lib/beside.js'],
  ['../other.cjs', 'other.cjs'],
  ['./a.b', 'lib/a.b.js'],
])('%s is found by its name', (request, file) => {
  write(file);
  expect(find(request)).toEqual({ found: file, by: 'Node' });
  expect(find(request, file)).toEqual({ found: file, by: 'name' });
});

it('one that is gone is for Node to find', () => {
  write('lib/part/index.js');
  expect(find('./part', 'lib/part.js')).toEqual({ found: 'lib/part/index.js', by: 'Node' });
});

it('one that is a link by now is found where it leads', () => {
  write('elsewhere.js', 'lib/main.js');
  symlinkSync(join(folder, 'elsewhere.js'), join(folder, 'lib/linked.js'));
  expect(find('./linked', 'lib/linked.js')).toEqual({ found: 'elsewhere.js', by: 'Node' });
});

it.each(['./part/', './part/.', './part/sub/..'])(
  'the folder %s is for Node to find',
  (request) => {
    write('lib/part.js', 'lib/part/index.js', 'lib/part/sub/index.js');
    expect(find(request, 'lib/part.js')).toEqual({ found: 'lib/part/index.js', by: 'Node' });
  },
);

it('a package is for Node to find', () => {
  write('lib/node_modules/beside/index.js', 'lib/beside.js');
  const found = 'lib/node_modules/beside/index.js';
  expect(find('beside', 'lib/beside.js')).toEqual({ found, by: 'Node' });
});
