/** Finds modules that were loaded before, without asking the file system for everything that a request might mean. */
import { lstatSync } from 'node:fs';
import nodeModule from 'node:module';
import { dirname, join } from 'node:path';

/** Which file a module asks for. Left out of Node's types. */
type Resolve = (
  this: unknown,
  request: string,
  parent: NodeJS.Module | undefined,
  ...rest: unknown[]
) => string;

const loader = nodeModule as unknown as { _resolveFilename: Resolve };

/**
 * A request that begins with a dot means that very file, or that with `.js`, if there is one: nothing else can come before it.
 * Everything else is Node's to find. Ends with what it returns.
 */
export function findBeside(known: { has: (file: string) => boolean }): () => void {
  const resolveByNode = loader._resolveFilename;
  const resolve: Resolve = function resolveFilename(request, parent, ...rest) {
    const file = rest[1] === undefined ? besideOf(parent, request, known) : null;
    return file ?? resolveByNode.call(this, request, parent, ...rest);
  };
  loader._resolveFilename = resolve;
  return () => {
    // Another hook may stand on this one.
    if (loader._resolveFilename === resolve) loader._resolveFilename = resolveByNode;
  };
}

function besideOf(
  parent: NodeJS.Module | undefined,
  request: string,
  known: { has: (file: string) => boolean },
): string | null {
  if (!request.startsWith('.') || !/[^./]$/.test(request)) return null;
  // Without a file when it was made by `createRequire()` of a folder, or by a REPL.
  const from = parent?.filename ?? null;
  if (from === null) return null;
  const path = join(dirname(from), request);
  const file = known.has(path) ? path : `${path}.js`;
  return known.has(file) && isFile(file) ? file : null;
}

function isFile(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
