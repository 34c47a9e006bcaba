/** The tests of machines as one piece of code, which makes its machines anew each time it runs. */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { compileFunction } from 'node:vm';
import { build, type Plugin } from 'esbuild';
import type { Mutation } from './mutations.ts';

/** A test of a bundle. */
export interface BundledTest {
  name: string;
  body: () => unknown;
}

/** Runs the bundle and gives its tests, of a mutant or of the machines as they are. */
export type Bundle = (mutant: { machine: string; mutation: Mutation } | null) => BundledTest[];

const fileOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));

type Run = (
  require: NodeJS.Require,
  module: object,
  exports: object,
  mutant: Parameters<Bundle>[0],
) => void;

/** Bundles test files, given by their paths from this folder. */
export async function bundleTests(files: readonly string[]): Promise<Bundle> {
  const { outputFiles } = await build({
    stdin: {
      contents: [
        ...files.map((file) => `import ${JSON.stringify(file)};`),
        `export { tests } from './mini-vitest.ts';`,
      ].join('\n'),
      resolveDir: fileOf('.'),
      loader: 'ts',
    },
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    external: ['xstate', '@vitest/expect', 'fast-check'],
    plugins: [standIns],
  });
  const code = outputFiles[0]!.text;
  // A function and not a module: a module could not be forgotten again.
  const run = compileFunction(code, ['require', 'module', 'exports', 'mutant']) as Run;
  return (mutant) => {
    const module: { exports: { tests?: BundledTest[] } } = { exports: {} };
    run(createRequire(import.meta.url), module, module.exports, mutant);
    return module.exports.tests ?? [];
  };
}

const standIns: Plugin = {
  name: 'stand-ins',
  setup: (plugin) => {
    plugin.onResolve({ filter: /^vitest$/ }, () => ({ path: fileOf('mini-vitest.ts') }));
    plugin.onResolve({ filter: /^xstate$/ }, ({ importer }) =>
      /\/machines\/[\w-]+\/[\w-]+\.machine\.ts$/.test(importer)
        ? { path: fileOf('mutating-xstate.ts') }
        : { path: 'xstate', external: true },
    );
  },
};
