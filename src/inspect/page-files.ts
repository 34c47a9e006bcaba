/** The files of the page, as they were built beside the compiled server. */
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the built page is: `index.html` and what it loads. */
export const PAGE_DIRECTORY = fileURLToPath(new URL('./page/', import.meta.url));

/** A file as it is sent. */
export interface PageFile {
  type: string;
  body: Buffer | string;
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
};

/** Names of files and folders, none of which begins with a dot. */
const safePath = /^(?:[\w-][\w.-]*\/)*[\w-][\w.-]*$/;

/** The file at a path of the page; `null` when there is none. */
export async function readPageFile(directory: string, path: string): Promise<PageFile | null> {
  const name = path === '' ? 'index.html' : path;
  const type = types[extname(name)];
  if (type === undefined || !safePath.test(name)) return null;
  try {
    return { type, body: await readFile(`${directory}/${name}`) };
  } catch {
    return null;
  }
}
