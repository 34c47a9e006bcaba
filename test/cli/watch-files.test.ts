import { mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { watchFiles } from '../../src/cli/watch-files.ts';
import { Recorder } from '../support/recorder.mjs';

let root: string;
let changes: Recorder<string[]>;
let errors: string[];
let stop: () => void;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'greenroom-watch-'));
  changes = new Recorder((items) => JSON.stringify(items));
  errors = [];
  for (const directory of ['sub/deep', 'node_modules/one', '.git', 'dist'])
    mkdirSync(join(root, directory), { recursive: true });
  for (const name of ['agent.js', 'sub/deep/tool.ts', 'node_modules/one/index.js', '.git/x.js'])
    write(name, 'before');
});

afterEach(() => {
  stop();
  rmSync(root, { recursive: true, force: true });
});

function write(name: string, content: string): void {
  writeFileSync(join(root, name), content);
}

function watch(directories = [root]): void {
  stop = watchFiles({
    directories,
    debounceMs: 50,
    onChange: (files) => changes.add(files.map((file) => file.slice(root.length + 1)).toSorted()),
    onError: ({ message }) => errors.push(message),
  });
}

const change = (count: number) =>
  changes
    .waitFor(`Change ${count}`, () => changes.items.length >= count)
    .then(() => changes.items[count - 1]);

describe('a change', () => {
  it.each([
    'agent.js',
    'sub/deep/tool.ts',
    'new.mjs',
    'sub/new.cts',
    'data.json',
    '.env',
    '.env.local',
  ])('of %s is told', async (name) => {
    watch();
    write(name, 'after');
    expect(await change(1)).toEqual([name]);
    expect(errors).toEqual([]);
  });

  it('by an editor that writes another file and renames it is told', async () => {
    watch();
    write('agent.js.tmp', 'after');
    renameSync(join(root, 'agent.js.tmp'), join(root, 'agent.js'));
    expect(await change(1)).toEqual(['agent.js']);
  });

  it('is a deletion too', async () => {
    watch();
    rmSync(join(root, 'agent.js'));
    expect(await change(1)).toEqual(['agent.js']);
  });

  it('in a directory that came later is told, also when it is gone and comes again', async () => {
    watch();
    mkdirSync(join(root, 'later/inner'), { recursive: true });
    write('later/inner/a.js', 'one');
    expect(await change(1)).toEqual(['later/inner/a.js']);
    rmSync(join(root, 'later'), { recursive: true });
    expect(await change(2)).toEqual(['later/inner/a.js']);
    mkdirSync(join(root, 'later/inner'), { recursive: true });
    write('later/inner/a.js', 'two');
    expect(await change(3)).toEqual(['later/inner/a.js']);
  });

  it('of many files at once is told once', async () => {
    watch();
    for (let index = 0; index < 20; index += 1) write(`file-${index}.js`, 'new');
    expect(await change(1)).toHaveLength(20);
  });
});

describe('no change', () => {
  /** The marker is told of: so whatever came before it and was not told of never will be. */
  async function expectNothingBut(marker: string): Promise<void> {
    write(marker, 'marker');
    await change(1);
    expect(changes.items).toEqual([[marker]]);
  }

  it('is what happens in node_modules, dist and hidden directories', async () => {
    watch();
    write('node_modules/one/index.js', 'after');
    write('.git/x.js', 'after');
    write('dist/agent.js', 'after');
    await expectNothingBut('marker.js');
  });

  it('are files of other kinds', async () => {
    watch();
    write('notes.md', 'after');
    write('agent.js.swp', 'after');
    write('recording.wav', 'after');
    await expectNothingBut('marker.js');
  });

  it('is a file that only was opened, or whose time was set to what it was', async () => {
    utimesSync(join(root, 'agent.js'), 1000, 1000);
    watch();
    utimesSync(join(root, 'agent.js'), 2000, 1000);
    await expectNothingBut('marker.js');
  });

  it('is what was there before', async () => {
    watch();
    await expectNothingBut('marker.js');
  });
});

it('watches dist when it was asked to', async () => {
  watch([join(root, 'dist')]);
  write('dist/agent.js', 'after');
  expect(await change(1)).toEqual(['dist/agent.js']);
});

it('tells of a directory that is not there', () => {
  watch([join(root, 'nowhere')]);
  expect(errors).toEqual([expect.stringContaining('ENOENT')]);
});
