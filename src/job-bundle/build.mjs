/**
 * Builds what a job process runs, in `dist/src/job-bundle`: its main file, our own code in one file, and what the package is
 * in a job process, which is the same code. Packages stay outside: the agent has to meet the same ones. It needs what `tsc`
 * wrote before.
 */
import { cp, mkdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import * as esbuild from 'esbuild';
import { put } from '../bundle/put.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const here = join(root, 'src/job-bundle');
const dist = join(root, 'dist');
const target = join(dist, 'src/job-bundle');

const head = `'use strict';
const { pathToFileURL } = require('node:url');
const importModule = require('./import-module.cjs');
const moduleUrl = pathToFileURL(__filename).href;`;

await mkdir(target, { recursive: true });
await Promise.all([
  bundle('main'),
  bundle('bundle'),
  writeImportModule(),
  writePackageInJob(),
  cp(join(root, 'src/child/hidden-programs'), join(target, 'hidden-programs'), { recursive: true }),
]);

/** @param {string} name */
async function bundle(name) {
  const { outputFiles } = await esbuild.build({
    entryPoints: [join(here, `${name}.ts`)],
    outfile: join(target, `${name}.cjs`),
    bundle: true,
    packages: 'external',
    platform: 'node',
    target: 'node20.19',
    format: 'cjs',
    // Not minified: stack traces are for people.
    sourcemap: 'linked',
    define: { 'import.meta.url': 'moduleUrl' },
    banner: { js: head },
    plugins: [{ name: 'loaded-later', setup: leaveLoadedLater }],
    write: false,
    logLevel: 'warning',
  });
  await Promise.all(outputFiles.map(({ path, text }) => put(path, withImports(path, text))));
}

/**
 * What is loaded later, or never, is loaded from the files that `tsc` wrote.
 * @param {import('esbuild').PluginBuild} build
 */
function leaveLoadedLater(build) {
  build.onResolve({ filter: /^\./ }, ({ kind, path, resolveDir }) => {
    if (kind !== 'dynamic-import') return null;
    const built = join(dist, relative(root, join(resolveDir, path))).replace(/\.ts$/, '.js');
    return { path: relative(target, built), external: true };
  });
}

/**
 * Code from V8's cache does not know how to import.
 * @param {string} path
 * @param {string} text
 */
function withImports(path, text) {
  return path.endsWith('.cjs') ? text.replaceAll(/\bimport\(/g, 'importModule(') : text;
}

function writeImportModule() {
  const text = 'module.exports = (specifier) => import(specifier);\n';
  return put(join(target, 'import-module.cjs'), text);
}

/** The package as agent files import it: the names of the bundle that is loaded already. */
async function writePackageInJob() {
  const api = await import(pathToFileURL(join(dist, 'src/index-in-job.js')).href);
  const names = Object.keys(api).join(', ');
  const text = `import { createRequire } from 'node:module';
export const { ${names} } = createRequire(import.meta.url)('./bundle.cjs');
`;
  await put(join(target, 'index.js'), text);
}
