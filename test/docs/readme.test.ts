/** What README.md shows is what there is. That its agent works is shown in `test/e2e/greeter.test.ts`. */
import { expect, it } from 'vitest';
import { workerMachine } from '../../machines/worker/worker.machine.ts';
import { toMermaid } from '../../src/diagram/mermaid.ts';
import { codeOf, readPage, sectionOf, tableRows } from './pages.ts';

interface Manifest {
  version: string;
  license: string;
  engines: { node: string };
  os: string[];
  scripts: Record<string, string>;
  peerDependencies: Record<string, string>;
  exports: Record<string, unknown>;
}

const readme = readPage('README.md');
const manifest = JSON.parse(readPage('package.json')) as Manifest;

/** The text with the block of code after `start` made anew. */
function withBlock(text: string, start: RegExp, language: string, code: string): string {
  const block = new RegExp(`(${start.source}\n+\`\`\`${language}\n)[^]*?(?=\`\`\`\n)`);
  expect(text).toMatch(block);
  return text.replace(block, (_all, head: string) => `${head}${code}`);
}

it('the agent is the file that the tests run, and the picture is drawn from the machine', async () => {
  const agent = readPage('docs/examples/greeter/agent.ts');
  const withAgent = withBlock(readme, /## An agent/, 'ts', agent);
  const picture = toMermaid(workerMachine, { depth: 2 });
  const whole = withBlock(withAgent, /<!-- worker-machine:[^\n]*-->/, 'mermaid', picture);
  await expect(whole).toMatchFileSnapshot('../../README.md');
  expect(agent.trimEnd().split('\n').length).toBeLessThanOrEqual(20);
});

it('the peers are those of the package', () => {
  const rows = tableRows(sectionOf(readme, 'Install'));
  expect(Object.fromEntries(rows.map(([peer, range]) => [codeOf(peer), codeOf(range)]))).toEqual(
    manifest.peerDependencies,
  );
});

it('the commands of npm exist', () => {
  const commands = [...readme.matchAll(/npm (?:run )?([a-z:]+)/g)].map(([, name]) => name ?? '');
  const own = ['ci', 'pack'];
  expect(commands.filter((name) => !own.includes(name) && !(name in manifest.scripts))).toEqual([]);
  expect(commands).toEqual(expect.arrayContaining(['start', 'test', 'build']));
});

it('versions, systems and licence are those of the package', () => {
  expect(manifest.engines.node).toBe('>=20.19');
  expect(readme).toContain('Node 20.19 or newer');
  expect(manifest.os).toEqual(['linux', 'darwin']);
  expect(readme).toContain('Linux or macOS');
  expect(readme).toContain(`Version ${manifest.version} is`);
  expect(sectionOf(readme, 'Licence')).toContain(manifest.license);
});
