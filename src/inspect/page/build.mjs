/**
 * Builds the page beside the compiled server, in `dist/src/inspect/page`: one script, one style, the font, the layouts of
 * our own machines, and ELK as its makers ship it. It needs what `tsc` wrote before.
 */
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import ELK from 'elkjs';

const require = createRequire(import.meta.url);
const here = fileURLToPath(new URL('.', import.meta.url));
const dist = fileURLToPath(new URL('../../../dist/', import.meta.url));
const target = join(dist, 'src/inspect/page');

/** @param {string} path */
const fromDist = (path) => import(pathToFileURL(join(dist, path)).href);

await rm(target, { recursive: true, force: true });
await mkdir(target, { recursive: true });
await Promise.all([bundle(), copyFiles(), writeLayouts()]);

async function bundle() {
  await build({
    entryPoints: { page: join(here, 'main.ts') },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2023',
    // The page has no use for XState's warnings to developers.
    conditions: ['production'],
    legalComments: 'inline',
    outdir: target,
    logLevel: 'warning',
  });
  await build({
    entryPoints: { page: join(here, 'styles/page.css') },
    bundle: true,
    minify: true,
    external: ['*.woff2'],
    outdir: target,
    logLevel: 'warning',
  });
}

async function copyFiles() {
  const elk = dirname(require.resolve('elkjs/package.json'));
  const inter = dirname(require.resolve('@fontsource-variable/inter/package.json'));
  const files = {
    'index.html': join(here, 'index.html'),
    'icon.svg': join(here, 'icon.svg'),
    'inter.woff2': join(inter, 'files/inter-latin-wght-normal.woff2'),
    'inter-licence.txt': join(inter, 'LICENSE'),
    'elk-worker.min.js': join(elk, 'lib/elk-worker.min.js'),
    'elk-licence.txt': join(elk, 'LICENSE.md'),
  };
  await Promise.all(
    Object.entries(files).map(([name, path]) => copyFile(path, join(target, name))),
  );
}

/** Our machines need no layout at run time. */
async function writeLayouts() {
  const [machines, { chartOf, signatureOf }, { elkGraphOf, layoutOf }] = await Promise.all([
    fromDist('machines/index.js'),
    fromDist('src/diagram/chart.js'),
    fromDist('src/diagram/chart-layout.js'),
  ]);
  const elk = new ELK();
  /** @type {Record<string, unknown>} */
  const layouts = {};
  for (const [name, machine] of Object.entries(machines)) {
    if (!name.endsWith('Machine')) continue;
    const chart = chartOf(machine);
    layouts[signatureOf(chart)] = layoutOf(chart, await elk.layout(elkGraphOf(chart)));
  }
  await writeFile(join(target, 'layouts.json'), JSON.stringify(layouts));
}
