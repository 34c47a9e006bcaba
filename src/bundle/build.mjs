/**
 * Builds the package as programs load it, in `dist/src/bundle`: our own code in a few files instead of two hundred, which take
 * longer to find, read and compile than to run. `tsc` writes the types, and what stays as files: `greenroom/machines`. What
 * job processes run is built by `src/job-bundle`.
 */
import { chmod, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';
import { put } from './put.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const target = join(root, 'dist/src/bundle');

const entryPoints = {
  index: 'src/index.ts',
  testing: 'src/testing/index.ts',
  inspect: 'src/inspect/index.ts',
  main: 'src/cli/main.ts',
};

const head = `import { createRequire as requireFrom } from 'node:module';
const bundleUrl = import.meta.url;
const require = requireFrom(bundleUrl);`;

/** What every worker of a program with a command line runs. */
const core = ['src/index.ts', 'src/cli/program.ts', 'src/cli/start.ts'];
const coreName = 'greenroom-core';

/** Parts of the inspector are for any app: they need no worker. */
const needsNoCore = /^src\/inspect\//;

/**
 * Imported, each file of a package in CommonJS is searched for the names that it exports first, which takes as long as to run it.
 * Required, it is the same module.
 */
const required = /^(?:xstate|pino)$/;

/**
 * The classes of the messages that a worker and the server exchange are a third of those in LiveKit's package, and what is
 * beneath them is sixty files. Nobody else meets these: the classes that user code gets come from the package itself.
 */
const codec = /\/src\/protocol\/(?:en|de)code-\w+-message\.ts$/;
const insideCodec = /^@livekit\/protocol$|^@bufbuild\/protobuf$/;

const { metafile } = await bundle([]);
const loadedByThemselves = Object.values(metafile.outputs).flatMap(({ entryPoint }) =>
  entryPoint === undefined || needsNoCore.test(entryPoint) ? [] : [join(root, entryPoint)],
);
const { outputFiles } = await bundle(loadedByThemselves);

await mkdir(target, { recursive: true });
await Promise.all(
  outputFiles.map(({ path, text }) =>
    put(path, path.endsWith('.map') ? withoutSources(text) : text),
  ),
);
await removeOthers(outputFiles.map(({ path }) => basename(path)));
await chmod(join(target, 'main.js'), 0o755);

/**
 * Code that is reached from the same starting points comes to stand in one file. So each of them begins with the core: all of
 * them reach all of it then.
 * @param {readonly string[]} startingPoints
 */
function bundle(startingPoints) {
  return esbuild.build({
    absWorkingDir: root,
    entryPoints,
    outdir: target,
    bundle: true,
    splitting: true,
    platform: 'node',
    target: 'node20.19',
    format: 'esm',
    // Not minified: stack traces are for people.
    sourcemap: 'linked',
    legalComments: 'eof',
    define: { 'import.meta.url': 'moduleUrl' },
    banner: { js: head },
    plugins: [
      { name: 'packages', setup: resolvePackages },
      { name: 'sources', setup: (build) => readSources(build, startingPoints) },
    ],
    metafile: true,
    write: false,
    logLevel: 'warning',
  });
}

/** @param {import('esbuild').PluginBuild} build */
function resolvePackages(build) {
  build.onResolve({ filter: /^[^./]/ }, ({ path, importer, kind, namespace }) => {
    if (kind === 'entry-point') return null;
    if (path === coreName) return { path, namespace: 'core' };
    if (namespace === 'file' && required.test(path)) return { path, namespace: 'required' };
    const isInside = insideCodec.test(path) && (codec.test(importer) || isPackage(importer));
    return isInside ? null : { path, external: true };
  });
  build.onLoad({ filter: /./, namespace: 'required' }, ({ path }) => ({
    contents: `module.exports = require(${JSON.stringify(path)});`,
  }));
  build.onLoad({ filter: /./, namespace: 'core' }, () => ({
    contents: core.map((file) => `import './${file}';`).join('\n'),
    resolveDir: root,
  }));
}

/**
 * @param {import('esbuild').PluginBuild} build
 * @param {readonly string[]} startingPoints
 */
function readSources(build, startingPoints) {
  build.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
    const text = withOwnUrl(path, await readFile(path, 'utf8'));
    const contents = startingPoints.includes(path) ? `${text}\nimport '${coreName}';\n` : text;
    return { contents, loader: 'ts' };
  });
  build.onLoad({ filter: /\.m?js$/ }, async ({ path }) => ({
    contents: withNotice(await readFile(path, 'utf8')),
  }));
}

/**
 * What stands beside a source stands beside what `tsc` made of it.
 * @param {string} path
 * @param {string} text
 */
function withOwnUrl(path, text) {
  if (!text.includes('import.meta.url')) return text;
  const compiled = join(root, 'dist', relative(root, path)).replace(/\.ts$/, '.js');
  return `const moduleUrl = new URL('${relative(target, compiled)}', bundleUrl).href; ${text}`;
}

/**
 * Who wrote it stays with it: only comments that are marked are kept.
 * @param {string} text
 */
function withNotice(text) {
  const [comment = ''] = /^(?:\/\/.*\n)+/.exec(text) ?? [];
  if (!comment.includes('Copyright')) return text;
  const notice = comment.replaceAll(/^\/\/ ?/gm, '');
  return `/*!\n${notice}*/\n${text.slice(comment.length)}`;
}

/**
 * The sources of ours are in the package; what else there is has to be in the map, or tools complain.
 * @param {string} text
 */
function withoutSources(text) {
  const map = JSON.parse(text);
  /** @type {string[]} */
  const sources = map.sources;
  map.sourcesContent = map.sourcesContent.map(
    (/** @type {string} */ content, /** @type {number} */ index) =>
      sources[index]?.endsWith('.ts') ? null : content,
  );
  return JSON.stringify(map);
}

/** @param {string} path */
function isPackage(path) {
  return path.includes('/node_modules/');
}

/**
 * Of earlier builds.
 * @param {readonly string[]} names
 */
async function removeOthers(names) {
  const others = (await readdir(target)).filter((name) => !names.includes(name));
  await Promise.all(others.map((name) => rm(join(target, name), { force: true })));
}
