/** Who is compared: how each is installed and started. */
import {
  builtGreenroom,
  type Installation,
  installAgentsJs,
  installAgentsPy,
  installGreenroom,
  pythonVersion,
  rivalVersions,
} from './installation.ts';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CandidateName } from './targets.ts';

/** How a worker is started in a scene. */
export interface WorkerSettings {
  numIdleProcesses: number;
  /** `none`: it takes its load for 0, and refuses no job because of it. */
  loadLimit: 'none' | 'default';
  /** @defaultValue `bench` */
  agentName?: string;
}

/** One of those who are compared, ready to be started. */
export interface Candidate {
  name: CandidateName;
  label: string;
  installation: Installation;
  /** Program and arguments; `node` is the Node program to use. */
  command: (node: string) => [string, ...string[]];
  env: Record<string, string>;
  /** What its library takes for "none", where 0 is not heeded. */
  noIdleProcesses: number;
  /** Answers `GET /worker`. */
  hasHttp: boolean;
  /** Tells the server first that it is full, and later that it is available. */
  startsFull: boolean;
}

/** Everybody, with why someone is missing. */
export interface Field {
  candidates: Candidate[];
  missing: Partial<Record<CandidateName, string>>;
}

const floorWorker = fileURLToPath(new URL('agents/floor-worker.mjs', import.meta.url));

/** Brings the candidates in. A short run is of ours, as it was built, and of the floor: it installs nothing. Nor does one of
 * what is ours alone. */
export async function gatherCandidates({
  isShort,
  isOursOnly = false,
  report,
}: {
  isShort: boolean;
  isOursOnly?: boolean;
  report: (line: string) => void;
}): Promise<Field> {
  if (isShort) {
    const why = 'a short run is of ours and of the floor';
    const missing = { 'agents-js': why, 'agents-py': why };
    return { candidates: [greenroom(builtGreenroom()), floor()], missing };
  }
  if (isOursOnly) return { candidates: [greenroom(builtGreenroom())], missing: {} };
  const field: Field = { candidates: [], missing: {} };
  const add = async (name: CandidateName, make: () => Promise<Candidate>): Promise<void> => {
    try {
      report(`installing ${name}, unless it is there already`);
      field.candidates.push(await make());
    } catch (error) {
      field.missing[name] = firstLine(error);
      report(`${name} is left out: ${firstLine(error)}`);
    }
  };
  await add('agents-js', async () => agentsJs(await installAgentsJs()));
  field.candidates.push(greenroom(await installGreenroom()));
  await add('agents-py', async () => {
    const installation = await installAgentsPy();
    return agentsPy(installation, await pythonVersion(installation));
  });
  field.candidates.push(floor());
  return field;
}

/** Ours. */
export function greenroom(installation: Installation): Candidate {
  return {
    name: 'greenroom',
    label: 'Greenroom',
    installation,
    command: (node) => [
      node,
      join(installation.folder, 'agent.mjs'),
      'start',
      '--log-level',
      'error',
    ],
    env: { BENCH_LIBRARY: 'greenroom' },
    noIdleProcesses: 0,
    hasHttp: true,
    startsFull: true,
  };
}

/** What is possible without being a product. */
export function floor(): Candidate {
  return {
    name: 'floor',
    label: 'floor',
    installation: builtGreenroom(),
    command: (node) => [node, floorWorker],
    env: {},
    noIdleProcesses: 0,
    hasHttp: false,
    startsFull: false,
  };
}

function agentsJs(installation: Installation): Candidate {
  return {
    ...greenroom(installation),
    name: 'agents-js',
    label: `@livekit/agents ${rivalVersions['agents-js']['@livekit/agents']}`,
    env: { BENCH_LIBRARY: '@livekit/agents' },
    // 0 is taken for its default.
    noIdleProcesses: -1,
    startsFull: false,
  };
}

function agentsPy(installation: Installation, python: string): Candidate {
  const { folder } = installation;
  return {
    name: 'agents-py',
    label: `livekit-agents ${rivalVersions['agents-py']['livekit-agents']} (${python})`,
    installation,
    command: () => [
      join(folder, 'bin', 'python'),
      join(folder, 'agent.py'),
      'start',
      '--log-level',
      'ERROR',
    ],
    env: {},
    noIdleProcesses: 0,
    hasHttp: true,
    startsFull: false,
  };
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n', 1)[0] ?? text;
}
