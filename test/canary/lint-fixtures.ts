/** One file for each thing that the linter must refuse, with the rule that does so, and files that it must let pass. */

/** A file with exactly one mistake in it. */
export interface LintFixture {
  path: string;
  text: string;
  rule: string;
}

const imports = 'eslint(no-restricted-imports)';
const globals = 'eslint(no-restricted-globals)';

/** A file of this folder that uses something of another module, in a way that nothing but a direction rule minds. */
const importing = (folder: string, specifier: string): LintFixture => ({
  path: `${folder}/imports-${nameOf(specifier)}.ts`,
  text: `export { thing } from '${specifier}';\n`,
  rule: imports,
});

/** A file of this folder that uses a global. */
const using = (folder: string, name: string): LintFixture => ({
  path: `${folder}/uses-${nameOf(name)}.ts`,
  text: `export const thing: unknown = ${name};\n`,
  rule: globals,
});

function nameOf(text: string): string {
  return text
    .replaceAll(/[^A-Za-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .toLowerCase();
}

const everyFolder = [
  'src',
  'src/actors',
  'src/protocol',
  'src/ipc',
  'src/child',
  'src/http',
  'src/inspect',
];

const machines: LintFixture[] = [
  ...['node:fs', 'ws', '@livekit/protocol', 'xstate/graph', '../src/errors.ts'].map((specifier) =>
    importing('machines', specifier),
  ),
  importing('machines/worker', '../../src/errors.ts'),
  importing('machines', '../test/support/processes.ts'),
  ...[
    'Date',
    'performance',
    'setTimeout',
    'setInterval',
    'setImmediate',
    'queueMicrotask',
    'globalThis',
    'process',
    'crypto',
  ].map((name) => using('machines', name)),
  { ...using('machines', 'console'), text: 'export const thing = [console];\n' },
  {
    path: 'machines/uses-random.ts',
    text: 'export const thing: number = Math.random();\n',
    rule: 'eslint(no-restricted-properties)',
  },
];

const above: LintFixture[] = everyFolder.flatMap((folder) => [
  importing(folder, `${upFrom(folder)}/test/support/processes.ts`),
  importing(folder, `${upFrom(folder)}/src/testing/index.ts`),
  importing(folder, `${upFrom(folder)}/src/cli/main.ts`),
]);

/** The list of what is public may import the command line (`cli.runApp` is public), and nothing else that is above it. */
const publicApi: LintFixture = {
  path: 'src/public-api.ts',
  text: "export { runApp } from './cli/run-app.ts';\nexport { thing } from './testing/index.ts';\n",
  rule: imports,
};

const actors: LintFixture[] = [
  './signal-socket.ts',
  '../actors/signal-socket.ts',
  '../worker.ts',
  '../worker/handle.ts',
  '../index.ts',
  '../public-api.ts',
  '../child/main.ts',
  '../http/server.ts',
  '../inspect/index.ts',
].map((specifier) => importing('src/actors', specifier));

const pure: LintFixture[] = ['src/protocol', 'src/ipc'].flatMap((folder) => [
  ...[
    'node:fs',
    'ws',
    'pino',
    'livekit-server-sdk',
    '@livekit/rtc-node',
    '../worker.ts',
    '../worker/handle.ts',
    '../index.ts',
    '../public-api.ts',
    '../actors/signal-socket.ts',
    '../child/main.ts',
    '../http/server.ts',
    '../inspect/index.ts',
  ].map((specifier) => importing(folder, specifier)),
  ...['process', 'fetch', 'WebSocket', 'setTimeout', 'setInterval', 'setImmediate'].map((name) =>
    using(folder, name),
  ),
]);

const child: LintFixture[] = [
  '@livekit/protocol',
  'livekit-server-sdk',
  '../worker.ts',
  '../worker/handle.ts',
  '../index.ts',
  '../public-api.ts',
  '../actors/fork-process.ts',
  '../protocol/encode.ts',
  '../http/server.ts',
  '../inspect/index.ts',
  '../inspect/hub.ts',
].map((specifier) => importing('src/child', specifier));

const readers: LintFixture[] = ['src/http', 'src/inspect'].flatMap((folder) =>
  [
    '../index.ts',
    '../public-api.ts',
    '../actors/fork-process.ts',
    '../protocol/encode.ts',
    '../ipc/messages.ts',
    '../child/main.ts',
  ].map((specifier) => importing(folder, specifier)),
);

const page: LintFixture[] = [
  'node:fs',
  'ws',
  '../hub.ts',
  '../server.ts',
  '../wire/writer.ts',
  '../../worker.ts',
  '../../actors/signal-socket.ts',
  '../../child/main.ts',
  '../../../machines/index.ts',
].map((specifier) => importing('src/inspect/page', specifier));

const diagrams: LintFixture[] = [
  '../cli/main.ts',
  '../testing/index.ts',
  '../worker.ts',
  '../actors/signal-socket.ts',
  '../inspect/server.ts',
  '../child/main.ts',
].map((specifier) => importing('src/diagram', specifier));

const wire: LintFixture[] = ['ws', '../hub.ts'].map((specifier) =>
  importing('src/inspect/wire', specifier),
);

const embeddedServer: LintFixture[] = [
  'xstate',
  '../../worker.ts',
  '../../actors/signal-socket.ts',
  '../../protocol/job.ts',
  '../../child/main.ts',
  '../../cli/main.ts',
  '../../../machines/messages.ts',
  '../rooms/seats.ts',
].map((specifier) => importing('src/testing/dispatch-server', specifier));

const modelKit: LintFixture[] = ['ws', '../clock.ts', '../../../machines/messages.ts'].map(
  (specifier) => importing('src/testing/model', specifier),
);

const typed: LintFixture[] = [
  {
    path: 'src/floating-promise.ts',
    text: 'const work = async (): Promise<void> => {};\nexport const go = (): void => {\n  work();\n};\n',
    rule: 'typescript(no-floating-promises)',
  },
  {
    path: 'src/misused-promise.ts',
    text: 'export const go = (): number[] => {\n  const work = Promise.resolve(true);\n  return work ? [] : [1];\n};\n',
    rule: 'typescript(no-misused-promises)',
  },
  {
    path: 'src/awaited-value.ts',
    text: 'export const go = async (value: number): Promise<number> => await value;\n',
    rule: 'typescript(await-thenable)',
  },
  {
    path: 'src/missing-case.ts',
    text: "export function go(value: 'one' | 'two'): number {\n  switch (value) {\n    case 'one':\n      return 1;\n  }\n  return 2;\n}\n",
    rule: 'typescript(switch-exhaustiveness-check)',
  },
];

const limits: LintFixture[] = [
  {
    path: 'src/long-file.ts',
    text: Array.from({ length: 301 }, (_, line) => `export const line${line} = ${line};\n`).join(
      '',
    ),
    rule: 'eslint(max-lines)',
  },
  {
    path: 'machines/long.machine.ts',
    text: Array.from({ length: 751 }, (_, line) => `export const line${line} = ${line};\n`).join(
      '',
    ),
    rule: 'eslint(max-lines)',
  },
  {
    path: 'src/long-function.ts',
    text: `export function go(): void {\n${'  go();\n'.repeat(50)}}\n`,
    rule: 'eslint(max-lines-per-function)',
  },
  {
    path: 'src/many-branches.ts',
    text: `export function go(value: number): number {\n${Array.from({ length: 10 }, (_, line) => `  if (value === ${line}) return ${line + 1};\n`).join('')}  return value;\n}\n`,
    rule: 'eslint(complexity)',
  },
  {
    path: 'src/any-type.ts',
    text: 'export type Thing = any;\n',
    rule: 'typescript(no-explicit-any)',
  },
  {
    path: 'src/prints.ts',
    text: "export const go = (): void => console.log('here');\n",
    rule: 'eslint(no-console)',
  },
  {
    path: 'src/Capital.ts',
    text: 'export const thing = 1;\n',
    rule: 'unicorn(filename-case)',
  },
  {
    path: 'src/cycle-one.ts',
    text: "export { two } from './cycle-two.ts';\nexport const one = 1;\n",
    rule: 'import(no-cycle)',
  },
  {
    path: 'src/cycle-two.ts',
    text: "export { one } from './cycle-one.ts';\nexport const two = 2;\n",
    rule: 'import(no-cycle)',
  },
];

/** What the linter must refuse. */
export const refused: LintFixture[] = [
  ...machines,
  ...above,
  publicApi,
  ...actors,
  ...pure,
  ...child,
  ...page,
  ...diagrams,
  ...wire,
  ...readers,
  ...embeddedServer,
  ...modelKit,
  ...typed,
  ...limits,
];

/** What the linter must let pass: path to text. */
export const allowed: Record<string, string> = {
  'machines/worker/allowed.ts':
    "export { assign } from 'xstate';\nexport { thing } from '../messages.ts';\nexport { other } from './rules.ts';\n",
  'src/actors/allowed.ts':
    "export { decode } from '../protocol/decode.ts';\nexport { errorCodes } from '../errors.ts';\nexport type { Thing } from '../../machines/worker/worker.types.ts';\nexport { options } from '../worker-options.ts';\n",
  'src/child/allowed.ts':
    "export { link } from '../ipc/messages.ts';\nexport { machine } from '../../machines/session/session.machine.ts';\nexport { writer } from '../inspect/wire/writer.ts';\nexport type { Job } from '@livekit/protocol';\nexport const client = (): Promise<unknown> => import('livekit-server-sdk');\n",
  'src/protocol/allowed.ts':
    "export { ServerMessage } from '@livekit/protocol';\nexport type { Job } from '../../machines/messages.ts';\nexport { errorCodes } from '../errors.ts';\n",
  'src/cli/allowed.ts': "export const go = (): void => console.log('here');\n",
};

function upFrom(folder: string): string {
  return folder
    .split('/')
    .map(() => '..')
    .join('/');
}
