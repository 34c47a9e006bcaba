import { readFile, rename, writeFile } from 'node:fs/promises';

/**
 * Writes a file of a build. Processes that start meanwhile read the old one or the new one.
 * @param {string} path
 * @param {string} text
 */
export async function put(path, text) {
  if ((await readFile(path, 'utf8').catch(() => null)) === text) return;
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, text);
  await rename(draft, path);
}
