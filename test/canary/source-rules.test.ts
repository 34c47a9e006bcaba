/** Rules of the source that no tool has: no lint rule is switched off in place, and every export says what it is. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { describe, expect, test } from 'vitest';
import { repositoryRoot } from './scratch-project.ts';

const directive = /(?:ox|es)lint-disable/;
const declaration =
  /^export (?:default |declare |abstract |async )*(?:function\*?|class|interface|type|const) (?<name>\w+)/;

/** The exports in a text that have no doc comment above them. */
function undocumentedExports(text: string): string[] {
  const lines = text.split('\n');
  const overloads = new Set<string>();
  return lines.flatMap((line, position) => {
    const name = declaration.exec(line)?.groups?.['name'];
    if (name === undefined || overloads.has(name)) return [];
    // The further overloads of a function, and a type beside a value of its name, share one comment.
    overloads.add(name);
    return lines[position - 1]?.trimEnd().endsWith('*/') === true ? [] : [name];
  });
}

function sourceFiles(...folders: string[]): string[] {
  return folders.flatMap((folder) =>
    readdirSync(join(repositoryRoot, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(?:ts|mts|js|mjs)$/.test(file))
      .filter((file) => !file.split(sep).includes('node_modules'))
      .map((file) => join(folder, file)),
  );
}

function read(file: string): string {
  return readFileSync(join(repositoryRoot, file), 'utf8');
}

describe('in the source,', () => {
  test('no lint rule is switched off in place', () => {
    const files = sourceFiles('machines', 'src', 'test', 'docs');
    expect(files.filter((file) => directive.test(read(file)))).toEqual([]);
  });

  test('every export has a doc comment', () => {
    const missing = sourceFiles('machines', 'src').flatMap((file) =>
      undocumentedExports(read(file)).map((name) => `${file}: ${name}`),
    );
    expect(missing).toEqual([]);
  });

  test('an export without a doc comment would be found', () => {
    const text = '/** One. */\nexport const one = 1;\n\nexport function two(): void {}\n';
    expect(undocumentedExports(text)).toEqual(['two']);
  });
});
