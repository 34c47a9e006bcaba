import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WorkerError } from '../errors.ts';
import type { Problems } from './problems.ts';

/** The absolute path of an agent file given as a path or as a `file:` URL. */
export function resolveAgentPath(agent: string, cwd: string, problems: Problems): string {
  if (!/^[a-z][a-z\d+.-]+:/i.test(agent)) return resolve(cwd, agent);
  try {
    return fileURLToPath(agent);
  } catch {
    problems.refuse('agent', agent, 'a path, or a file: URL such as import.meta.url');
    return agent;
  }
}

/** @throws WorkerError `GR_AGENT_NOT_FOUND` when there is no file at the path. */
export function requireAgentFile(path: string, agent: string, cwd: string): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isFile() === true) return;
  const what = stats === undefined ? 'does not exist' : 'is not a file';
  throw new WorkerError(
    'GR_AGENT_NOT_FOUND',
    `The agent file ${path} ${what} (given as ${JSON.stringify(agent)}, working directory ${cwd}). ` +
      'Give its path, or import.meta.url from within it.',
    { details: { agent, path, cwd } },
  );
}
