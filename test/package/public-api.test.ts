/** What `import … from 'greenroom'` gives, in a program and in a job process, and what that costs. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { JobType as ProtocolJobType } from '@livekit/protocol';
import { describe, expect, it } from 'vitest';
import { JobType, type WorkerOptionsInit } from '../../src/public-api.ts';
import { agentSource, Project, waits } from '../cli/project.ts';

const dist = fileURLToPath(new URL('../../dist/src/', import.meta.url));

/** The sources that stand in a file of a bundle. */
function sourcesIn(path: string): string[] {
  const headings = readFileSync(path, 'utf8').matchAll(/^\/\/ ((?:src|machines)\/\S+\.ts)$/gm);
  return [...new Set([...headings].map(([, source = '']) => source))];
}

/** What a file of the build loads with everything it imports, and that it loads later only (`import()`) not. */
function loadedBy(file: string): { files: string[]; packages: string[] } {
  const files = new Set<string>();
  const packages = new Set<string>();
  const visit = (path: string): void => {
    if (files.has(path)) return;
    files.add(path);
    const source = readFileSync(path, 'utf8');
    const specifiers = [
      ...source.matchAll(/^(?:import|export)\b(?:[^'";]*\bfrom)? *['"]([^'"]+)['"]/gm),
      // Packages in CommonJS, in a bundle.
      ...source.matchAll(/\b__require\("([^"]+)"\)/g),
    ];
    for (const [, specifier = ''] of specifiers) {
      if (specifier.startsWith('.')) visit(resolve(dirname(path), specifier));
      else if (!specifier.startsWith('node:')) packages.add(specifier);
    }
  };
  visit(resolve(dist, file));
  return { files: [...files], packages: [...packages].toSorted() };
}

describe.each(['bundle/index.js', 'bundle/main.js'])('in a program %s', (file) => {
  it('loads what serves the inspector only when there is a page', () => {
    const sources = loadedBy(file).files.flatMap((path) => sourcesIn(path));
    expect(sources).toContain('src/inspect/worker-inspector.ts');
    expect(sources).not.toContain('src/inspect/server.ts');
  });

  it('loads no more packages than a worker needs before it connects', () => {
    expect(loadedBy(file).packages).toEqual(['pino', 'xstate']);
  });

  it('is a few files', () => {
    expect(loadedBy(file).files.length).toBeLessThanOrEqual(8);
  });
});

it('each source is there once', () => {
  const bundle = resolve(dist, 'bundle');
  const files = readdirSync(bundle).filter((name) => name.endsWith('.js'));
  const sources = files.flatMap((name) => sourcesIn(resolve(bundle, name)));
  expect(sources.length).toBeGreaterThan(100);
  expect(sources.filter((source, index) => sources.indexOf(source) !== index)).toEqual([]);
});

it('an error of greenroom/testing is an instance of the class of greenroom', async () => {
  const project = new Project({
    'main.js': `import { WorkerError } from 'greenroom';
import { createTestWorker } from 'greenroom/testing';
try { await createTestWorker({}, { waitTimeoutMs: 0 }); } catch (error) {
  console.log(error instanceof WorkerError, error.code);
}`,
  });
  expect((await project.run(['main.js'])).stdout).toBe('true GR_OPTION_INVALID\n');
});

describe('in a job process the package', () => {
  it('loads the log and nothing else', () => {
    expect(loadedBy('index-in-job.js').packages).toEqual(['pino']);
  });

  it('has the same names', async () => {
    const project = new Project({
      'names.js': `import * as api from 'greenroom'; console.log(Object.keys(api).join());`,
    });
    const program = await project.run(['names.js']);
    const job = await project.run(['--conditions=greenroom-job', 'names.js']);
    expect(program.stdout).toContain('createWorker');
    expect(job).toEqual(program);
  });

  it.each([
    ['createWorker', `createWorker({ agent: import.meta.url });`],
    ['AgentServer', `await new AgentServer({ agent: import.meta.url, ...server }).run();`],
  ])('starts no worker in a worker: %s', async (name, call) => {
    const project = new Project({
      'agent.js': `import { ${name}, defineAgent } from 'greenroom';
const server = { wsURL: 'ws://127.0.0.1:9', apiKey: 'key', apiSecret: 'secret' };
export default defineAgent(${waits});
try { ${call} } catch (error) { console.log(error.code); }`,
      'main.js': `import { fork } from 'node:child_process';
import { once } from 'node:events';
const main = ${JSON.stringify(resolve(dist, 'job-bundle/main.cjs'))};
const child = fork(main, { execArgv: ['--conditions=greenroom-job'] });
child.send({ type: 'initialize', version: 1, agent: process.argv[2], log: { level: 'info', pretty: false }, limits: {} });
const [message] = await once(child, 'message');
console.log(message.type);
child.disconnect();`,
    });
    const { stdout } = await project.run(['main.js', project.path('agent.js')]);
    expect(stdout.trim().split('\n')).toEqual(['GR_IN_JOB_PROCESS', 'warm']);
  });

  it('does nothing at cli.runApp(), and gives agents what they need', async () => {
    const project = new Project({ 'agent.js': agentSource(waits) });
    const script = `process.env.GREENROOM_JOB_PROCESS = String(process.pid);
await import('./agent.js');
console.log('went on');`;
    project.write('main.js', script);
    expect(await project.run(['main.js', 'start'])).toMatchObject({ code: 0, stdout: 'went on\n' });
  });
});

it('is for CommonJS too', async () => {
  const project = new Project({
    'main.cjs': `const { defineAgent, isAgent } = require('greenroom');
console.log(isAgent(defineAgent({ entry: async () => {} })));`,
  });
  expect(await project.run(['main.cjs'])).toMatchObject({ code: 0, stdout: 'true\n', stderr: '' });
});

it('JobType is the enum of LiveKit by its numbers and by its type', () => {
  const numbers = Object.entries(JobType);
  const known = Object.entries(ProtocolJobType).filter(([name]) => name.startsWith('JT_'));
  expect(numbers).toEqual(known);
  const options: Pick<WorkerOptionsInit, 'serverType'>[] = [
    { serverType: JobType.JT_PUBLISHER },
    { serverType: ProtocolJobType.JT_PUBLISHER },
  ];
  const type: JobType = ProtocolJobType.JT_ROOM;
  expect(options.map(({ serverType }) => serverType)).toEqual([1, 1]);
  expect(type === JobType.JT_ROOM).toBe(true);
});
