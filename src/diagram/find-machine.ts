/** The machine that someone names: one of ours, or one that a file exports. */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AnyStateMachine } from 'xstate';
import * as ours from '../../machines/index.ts';
import { nearestName } from '../options/nearest-name.ts';

/** There is no such machine, or more than one; the message is for whoever named it. */
export class NoMachineError extends Error {
  override readonly name = 'NoMachineError';
}

/** Our machines by their ids, such as `jobProcess`. */
export const ownMachines: ReadonlyMap<string, AnyStateMachine> = new Map(
  Object.values(ours)
    .filter(isMachine)
    .map((machine) => [machine.id, machine]),
);

/**
 * The machine with that name, or that of the file with that path; `exportName` tells which one of several.
 * @throws NoMachineError
 */
export async function findMachine(
  name: string,
  exportName: string | null,
): Promise<AnyStateMachine> {
  const own = ownMachines.get(toCamelCase(name));
  if (own !== undefined && exportName === null) return own;
  const path = resolve(name);
  if (!(await isFile(path))) throw new NoMachineError(notFound(name, path));
  return pick(path, machinesIn(await importFile(path)), exportName);
}

function pick(
  path: string,
  found: ReadonlyMap<string, AnyStateMachine>,
  exportName: string | null,
): AnyStateMachine {
  const names = [...found.keys()].join(', ');
  if (found.size === 0) {
    throw new NoMachineError(
      `${path} exports no machine: export what createMachine() or setup().createMachine() returned.`,
    );
  }
  if (exportName !== null) {
    const chosen = found.get(exportName);
    if (chosen !== undefined) return chosen;
    throw new NoMachineError(`${path} exports no machine "${exportName}". Its machines: ${names}.`);
  }
  const [only] = found.values();
  if (only === undefined || found.size > 1) {
    throw new NoMachineError(
      `${path} exports several machines: ${names}. Add --export NAME for one of them.`,
    );
  }
  return only;
}

/** One machine under several names counts once, under the first. */
function machinesIn(exports: Readonly<Record<string, unknown>>): Map<string, AnyStateMachine> {
  const found = new Map<string, AnyStateMachine>();
  for (const [name, value] of Object.entries(exports)) {
    if (isMachine(value) && ![...found.values()].includes(value)) found.set(name, value);
  }
  return found;
}

/** The file may have an XState of its own. */
function isMachine(value: unknown): value is AnyStateMachine {
  return (
    typeof value === 'object' &&
    value !== null &&
    'root' in value &&
    'config' in value &&
    'provide' in value &&
    typeof value.provide === 'function'
  );
}

async function importFile(path: string): Promise<Record<string, unknown>> {
  try {
    return (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const isTypeScript = /\.[cm]?tsx?$/.test(path);
    const hint = isTypeScript ? ' TypeScript needs a loader: node --import tsx.' : '';
    throw new NoMachineError(`${path} cannot be loaded: ${reason}${hint}`, { cause: error });
  }
}

function notFound(name: string, path: string): string {
  if (/[./\\]/.test(name)) return `There is no file ${path}.`;
  const names = [...ownMachines.keys()];
  const nearest = nearestName(toCamelCase(name), names);
  const hint = nearest === undefined ? '' : ` Did you mean ${nearest}?`;
  return `There is no machine "${name}", and no such file.${hint} Machines: ${names.join(', ')}.`;
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

function toCamelCase(name: string): string {
  return name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}
