/** Reads the pages of the documentation, so that tests can hold them to the code. */
import { readFileSync } from 'node:fs';

/** The repository's folder. */
export const root = new URL('../../', import.meta.url);

/** The text of a file, by its path from the repository's folder. */
export function readPage(path: string): string {
  return readFileSync(new URL(path, root), 'utf8');
}

/** The section under a heading of level 2: what stands between it and the next one. */
export function sectionOf(page: string, heading: string): string {
  const [, ...sections] = `\n${page}`.split('\n## ');
  const found = sections.find((section) => section.startsWith(`${heading}\n`));
  if (found === undefined) throw new Error(`The page has no section "${heading}".`);
  return found;
}

/** The rows of all tables, without their headings, as the texts of their cells. */
export function tableRows(text: string): string[][] {
  const lines = text.split('\n');
  const isRule = (line: string | undefined) => /^\|[ :|-]+\|$/.test(line ?? '');
  return lines
    .filter((line, index) => line.startsWith('|') && !isRule(line) && !isRule(lines[index + 1]))
    .map(cellsOf);
}

/** A bar inside of a cell is written as `\|`. */
function cellsOf(row: string): string[] {
  const cells = row.slice(1, row.lastIndexOf('|')).split(/(?<!\\)\|/);
  return cells.map((cell) => cell.trim().replaceAll(String.raw`\|`, '|'));
}

/** The cell as it is without the marks of code. */
export function codeOf(cell: string | undefined): string {
  return /^`([^`]+)`/.exec(cell ?? '')?.[1] ?? '';
}

/** A table as the formatter writes it: every column as wide as its widest cell. */
export function alignedTable(headings: readonly string[], rows: readonly string[][]): string {
  const cells = rows.map((row) => row.map((cell) => cell.replaceAll('|', String.raw`\|`)));
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...cells.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]) =>
    `| ${widths.map((width, column) => (row[column] ?? '').padEnd(width)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [line(headings), rule, ...cells.map(line)].join('\n');
}
