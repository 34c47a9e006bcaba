/** Loads the agent file of a job process and says precisely what is wrong with one that cannot be used. */
import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { describeValue, WorkerError } from '../errors.ts';
import { isAgent, problemOf, type AgentDefinition } from './agent-definition.ts';

/** How long Node may take to check the syntax of a file. */
const syntaxCheckTimeoutMs = 3_000;

/**
 * Loads an agent file, ESM or CommonJS, or TypeScript where Node can load that.
 * @throws WorkerError `GR_AGENT_NOT_FOUND`, `GR_AGENT_LOAD_FAILED` or `GR_AGENT_INVALID`.
 */
export async function loadAgent(path: string): Promise<AgentDefinition> {
  const exported = await importAgentFile(path);
  const agent = findAgent(exported);
  if (agent === undefined) {
    throw new WorkerError(
      'GR_AGENT_INVALID',
      `The agent file ${path} must have a default export made by defineAgent(): ${describeExports(exported)}.`,
      { details: { agent: path } },
    );
  }
  const problem = problemOf(agent);
  if (problem !== null) {
    throw new WorkerError('GR_AGENT_INVALID', `defineAgent() in ${path} ${problem}.`, {
      details: { agent: path },
    });
  }
  return agent;
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/**
 * Imports an agent file without looking at what it exports.
 * @throws WorkerError `GR_AGENT_NOT_FOUND` or `GR_AGENT_LOAD_FAILED`.
 */
export async function importAgentFile(path: string): Promise<Record<string, unknown>> {
  if (!(await isFile(path))) {
    throw new WorkerError('GR_AGENT_NOT_FOUND', `There is no agent file at ${path}.`, {
      details: { agent: path },
    });
  }
  try {
    return (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  } catch (error) {
    const message = await explain(error, path);
    throw loadFailure(message, error, path);
  }
}

/** An error while the agent file was being loaded; its stack is the stack of the user's error. */
export function loadFailure(message: string, cause: unknown, path: string): WorkerError {
  const failure = new WorkerError(
    'GR_AGENT_LOAD_FAILED',
    `The agent file ${path} could not be loaded: ${message}`,
    { cause, details: { agent: path } },
  );
  if (cause instanceof Error && cause.stack !== undefined) failure.stack = cause.stack;
  return failure;
}

async function explain(error: unknown, path: string): Promise<string> {
  if (!(error instanceof Error)) return `it threw ${describeValue(error)}.`;
  const text = `${error.name}: ${error.message}`;
  if (isUnknownExtension(error)) {
    return `${text}. Start the worker with "node --import tsx", or with a Node that strips types, to load TypeScript.`;
  }
  const place = placeIn(error.stack ?? '', error.message);
  if (place !== null) return `${text} (${place})`;
  if (!(error instanceof SyntaxError)) return text;
  // The error of an ESM file does not say where it is. Node tells it only to those who ask for a check of the syntax.
  const checked = await checkSyntax(path);
  return `${text} (${checked ?? `in a file that ${path} imports`})`;
}

function isUnknownExtension(error: Error): boolean {
  return (error as { code?: unknown }).code === 'ERR_UNKNOWN_FILE_EXTENSION';
}

/** `file:line` from the first line of a decorated stack, or from its first frame outside Node. */
function placeIn(stack: string, message: string): string | null {
  const location = /(?:file:\/\/)?(\/[^\s():]+:\d+)/;
  const [head = ''] = stack.split('\n');
  // Compilers put the place into the message.
  if (location.test(message) && /:\d+:\d+/.test(message)) return null;
  const decorated = /^(?:file:\/\/)?(\/.+:\d+)$/.exec(head);
  if (decorated?.[1] !== undefined) return decorated[1];
  const frame = stack
    .split('\n')
    .find((line) => line.trimStart().startsWith('at ') && /[( ](?:file:\/\/)?\//.test(line));
  if (frame === undefined || frame.includes('node_modules')) return null;
  return location.exec(frame)?.[1] ?? null;
}

async function checkSyntax(path: string): Promise<string | null> {
  try {
    await promisify(execFile)(process.execPath, ['--check', path], {
      timeout: syntaxCheckTimeoutMs,
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    return null;
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    return placeIn(stderr ?? '', '');
  }
}

/** ESM has the definition as `default`; CommonJS that was compiled from ESM has it one or two levels deeper. */
function findAgent(exported: Record<string, unknown>): AgentDefinition | undefined {
  let candidate: unknown = exported['default'];
  for (let depth = 0; depth < 3; depth += 1) {
    if (isAgent(candidate)) return candidate;
    candidate = (candidate as { default?: unknown } | null | undefined)?.default;
  }
  return undefined;
}

function describeExports(exported: Record<string, unknown>): string {
  if (!('default' in exported)) {
    const names = Object.keys(exported);
    return names.length === 0
      ? 'it exports nothing'
      : `it has no default export, only ${names.map((name) => `"${name}"`).join(', ')}`;
  }
  const value = exported['default'];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return `its default export is ${describeValue(value)}`;
  }
  const keys = Object.keys(value).map((key) => `"${key}"`);
  return `its default export is a plain object with ${keys.length === 0 ? 'no fields' : keys.join(', ')}`;
}
