/** The agent of a test: as an object, as a file, or as a module that is loaded while nobody starts a worker. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type AgentDefinition, isAgent, problemOf } from '../child/agent-definition.ts';
import { loadAgent } from '../child/load-agent.ts';
import { awaitOptions } from '../hand-over.ts';
import { describeValue, WorkerError } from '../errors.ts';
import { initOf } from '../server-options.ts';
import type { WorkerOptionsInit } from '../worker-options.ts';

/**
 * An agent: what `defineAgent()` has made; the path or `file:` URL of its file; or a function that imports the file, as in
 * `() => import('./agent.ts')`, which takes over the options that the file gives to `cli.runApp()`.
 */
export type AgentSource<UserData = Record<string, unknown>> =
  | AgentDefinition<UserData>
  | string
  | URL
  | (() => Promise<{ default: AgentDefinition<UserData> }>);

/** An agent that can be run. */
export interface TestAgent {
  /** For job processes of their own; `null` when only an object is known. */
  file: string | null;
  load: () => Promise<AgentDefinition>;
  /** What its file gives to `cli.runApp()`. */
  options: Partial<WorkerOptionsInit>;
}

/** A module is evaluated once, and gives its options only then. */
const optionsOf = new WeakMap<object, Partial<WorkerOptionsInit>>();
/** There is one place for options, so one file is loaded at a time. */
let loading: Promise<unknown> = Promise.resolve();

/** @throws WorkerError `GR_AGENT_INVALID` for what is no agent. */
export async function readAgent(
  source: AgentSource,
  executor: 'inline' | 'process',
): Promise<TestAgent> {
  if (typeof source === 'string' || source instanceof URL)
    return readFile(String(source), executor);
  const options: Partial<WorkerOptionsInit> = {};
  if (isAgent(source)) return { file: null, load: loadOf(source), options };
  if (typeof source === 'function') return importAgent(source);
  throw new WorkerError(
    'GR_AGENT_INVALID',
    `createTestWorker() needs an agent: what defineAgent() has made, the path of its file, or () => import('./agent.js'); received ${describeValue(source)}.`,
  );
}

function loadOf(agent: AgentDefinition): TestAgent['load'] {
  const problem = problemOf(agent);
  if (problem !== null) throw new WorkerError('GR_AGENT_INVALID', `defineAgent() ${problem}.`);
  return async () => agent;
}

/** A job process of its own loads the file itself. */
async function readFile(source: string, executor: 'inline' | 'process'): Promise<TestAgent> {
  const file = source.startsWith('file:') ? fileURLToPath(source) : resolve(source);
  const load = (): Promise<AgentDefinition> => loadAgent(file);
  if (executor === 'process') return { file, load, options: {} };
  return { ...(await importAgent(async () => ({ default: await load() }))), file };
}

async function importAgent(load: () => Promise<{ default: unknown }>): Promise<TestAgent> {
  const loaded = loading.then(() => importWithOptions(load));
  loading = loaded.catch(() => {});
  return loaded;
}

async function importWithOptions(load: () => Promise<{ default: unknown }>): Promise<TestAgent> {
  const takeOptions = awaitOptions();
  try {
    const { default: agent } = await load();
    if (!isAgent(agent)) {
      throw new WorkerError(
        'GR_AGENT_INVALID',
        `The module of the agent must have a default export made by defineAgent(), received ${describeValue(agent)}.`,
      );
    }
    const given = takeOptions();
    if (given !== null) optionsOf.set(agent, initOf(given));
    return { file: null, load: loadOf(agent), options: optionsOf.get(agent) ?? {} };
  } finally {
    takeOptions();
  }
}
