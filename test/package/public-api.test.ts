/** What `import … from 'greenroom'` gives, in a program and in a job process, and what that costs. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { JobType as ProtocolJobType } from '@livekit/protocol';
import { describe, expect, it } from 'vitest';
import { JobType, type WorkerOptionsInit } from '../../src/public-api.ts';
import { agentSource, Project, waits } from '../cli/project.ts';

const dist = fileURLToPath(new URL('../../dist/src/', import.meta.url));

/** The packages that a file of the build loads with everything it imports, and that it loads later only (`import()`) not. */
function packagesOf(file: string, seen = new Set<string>()): string[] {
  if (seen.has(file)) return [];
  seen.add(file);
  const source = readFileSync(file, 'utf8');
  const specifiers = [
    ...source.matchAll(/^(?:import|export)\b(?:[^'";]*\bfrom)? *['"]([^'"]+)['"]/gm),
  ];
  return specifiers.flatMap(([, specifier = '']) =>
    specifier.startsWith('.') ? packagesOf(resolve(dirname(file), specifier), seen) : [specifier],
  );
}

const loadedBy = (file: string) =>
  [...new Set(packagesOf(resolve(dist, file)))]
    .filter((name) => !name.startsWith('node:'))
    .toSorted();

it('in a program the package loads what serves the inspector only when there is a page', () => {
  const files = new Set<string>();
  packagesOf(resolve(dist, 'index.js'), files);
  expect(files).toContain(resolve(dist, 'inspect/worker-inspector.js'));
  expect(files).not.toContain(resolve(dist, 'inspect/server.js'));
});

it('in a program the package loads no more than a worker needs before it connects', () => {
  const files = ['index.js', 'cli/main.js', 'cli/program.js', 'cli/start.js'];
  const packages = new Set(files.flatMap((file) => loadedBy(file)));
  expect([...packages].toSorted()).toEqual(['pino', 'xstate']);
});

describe('in a job process the package', () => {
  it('loads the log and nothing else', () => {
    expect(loadedBy('index-in-job.js')).toEqual(['pino']);
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
