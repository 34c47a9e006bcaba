/** The code that the pages show is compiled: what it calls exists, and takes what it is given. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readPage, root as rootUrl } from './pages.ts';

const root = fileURLToPath(rootUrl);
const folders = ['docs/tutorial', 'docs/how-to', 'docs/reference', 'docs/explanation'];
const pages = [
  'README.md',
  ...folders.flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `${folder}/${name}`),
  ),
];

/** What a reader knows from the text around a block, or has in a program of their own. */
const known = `
import type * as greenroom from 'greenroom';
import type * as machines from 'greenroom/machines';
import type { CallbackActorLogic, fromCallback as callback, PromiseActorLogic } from 'xstate';
import type { serviceMachine as service } from '${root}docs/examples/embedding/service.ts';
declare global {
  const cli: typeof greenroom.cli;
  const defineAgent: typeof greenroom.defineAgent;
  const worker: greenroom.WorkerHandle;
  const ctx: greenroom.JobContext;
  const url: string;
  const apiKey: string;
  const apiSecret: string;
  const metrics: { count(name: string): void };
  const show: (value: unknown) => void;
  const mine: (event: unknown) => void;
  const sessionInput: machines.SessionInput;
  const sayGoodbye: () => void;
  const saveTranscript: (jobId: string, reason: greenroom.CloseReason, detail: string) => Promise<void>;
  const serviceMachine: typeof service;
  const workerMachine: typeof machines.workerMachine;
  const registrationMachine: typeof machines.registrationMachine;
  const processPoolMachine: typeof machines.processPoolMachine;
  const jobProcessMachine: typeof machines.jobProcessMachine;
  const jobMachine: typeof machines.jobMachine;
  const fromCallback: typeof callback;
  const fakeSocket: CallbackActorLogic<machines.SocketCommand>;
  const fakeProcess: machines.ChildProcessLogic;
  const decideRequest: PromiseActorLogic<machines.Decision, { job: machines.Job }>;
  const removeParticipant: PromiseActorLogic<void, { room: string; identity: string }>;
  const deleteRoom: PromiseActorLogic<void, { room: string }>;
}
`;

/** The agent that the pages speak of. */
const agent = `
import { defineAgent } from 'greenroom';
export default defineAgent<{ greeting: string }>({ entry: (ctx) => ctx.connect() });
`;

/** The machine that the page on machines speaks of, and what it stands for. */
const kettle = `
import { setup } from 'xstate';
export const kettleMachine = setup({ types: { context: {} as { cups: number } } }).createMachine({
  id: 'kettle',
  context: { cups: 0 },
  initial: 'off',
  states: { off: {}, heating: {}, hot: {} },
});
`;
const realKettle = `
export declare function startKettle(): {
  heater: { done(): void };
  press(): void;
  state(): string;
  unplug(): void;
};
`;

/** The blocks of JavaScript and TypeScript, each as a module of its own. */
function blocksOf(page: string): { file: string; code: string }[] {
  const blocks = [...readPage(page).matchAll(/^```([jt]s)\n([^]*?)^```$/gm)];
  return blocks.map(([, language = '', code = ''], index) => ({
    file: `${page.replaceAll(/\W/g, '-')}-${index + 1}.${language}`,
    code: `${code}\nexport {};\n`,
  }));
}

let directory = '';
const blocks = pages.flatMap(blocksOf);

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'greenroom-docs-'));
  mkdirSync(join(directory, 'node_modules'));
  symlinkSync(root, join(directory, 'node_modules/greenroom'));
  for (const name of ['xstate', '@livekit', 'livekit-server-sdk', '@types', 'pino', 'vitest'])
    symlinkSync(join(root, 'node_modules', name), join(directory, 'node_modules', name));
  const compilerOptions = {
    target: 'ES2023',
    lib: ['ES2023'],
    module: 'NodeNext',
    types: ['node'],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noEmit: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    allowJs: true,
    checkJs: true,
  };
  const files = {
    'package.json': '{ "type": "module" }',
    'tsconfig.json': JSON.stringify({ compilerOptions, include: ['*.ts', '*.js'] }),
    'known.d.ts': known,
    'agent.ts': agent,
    'kettle.ts': kettle,
    'real-kettle.ts': realKettle,
    ...Object.fromEntries(blocks.map(({ file, code }) => [file, code])),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

it('has blocks to compile', () => {
  expect(blocks.length).toBeGreaterThan(15);
});

it('compiles', { timeout: 60_000 }, async () => {
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const output = await new Promise<string>((resolve) => {
    execFile(
      process.execPath,
      [compiler, '-p', '.'],
      { cwd: directory },
      (_error, stdout, stderr) => resolve(stdout + stderr),
    );
  });
  expect(output).toBe('');
});
