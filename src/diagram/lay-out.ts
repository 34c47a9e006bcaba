/** Lays charts out on the command line, with the files that were built for the inspector's page. Never in a worker: it blocks. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compileFunction } from 'node:vm';
import type { ElkNode } from 'elkjs';
import { type Chart, signatureOf } from './chart.ts';
import { type ChartLayout, elkGraphOf, layoutOf } from './chart-layout.ts';

interface ElkAnswer {
  data: { id: number; data?: ElkNode; error?: { message?: string } };
}

/** What ELK's file offers where there are no web workers. */
interface ElkWorker {
  postMessage(message: object): void;
}

/** The layout of a chart: one that was built with the package, or one that is made now. */
export async function layOut(chart: Chart, pageDirectory: string): Promise<ChartLayout> {
  const built = await readLayouts(join(pageDirectory, 'layouts.json'));
  return built[signatureOf(chart)] ?? layoutOf(chart, await runElk(chart, pageDirectory));
}

async function readLayouts(path: string): Promise<Record<string, ChartLayout>> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Record<string, ChartLayout>;
  } catch (error) {
    throw new Error(`There are no layouts at ${path}: npm run build makes them.`, { cause: error });
  }
}

async function runElk(chart: Chart, pageDirectory: string): Promise<ElkNode> {
  const worker = await loadElk(join(pageDirectory, 'elk-worker.min.js'));
  return new Promise((resolve, reject) => {
    const onmessage = ({ data: { id, data, error } }: ElkAnswer): void => {
      if (id !== 1) return;
      if (data === undefined) reject(new Error(error?.message ?? 'ELK gave no layout'));
      else resolve(data);
    };
    Object.assign(worker, { onmessage });
    const post = worker.postMessage.bind(worker);
    const graph = elkGraphOf(chart);
    post({ id: 0, cmd: 'register', algorithms: ['layered'] });
    post({ id: 1, cmd: 'layout', graph, layoutOptions: {}, options: {} });
  });
}

interface CommonJsModule {
  exports: { Worker?: new () => ElkWorker };
}

/** The file is CommonJS, in a folder whose files Node takes for modules. */
async function loadElk(path: string): Promise<ElkWorker> {
  const module: CommonJsModule = { exports: {} };
  const source = await readFile(path, 'utf8');
  const run = compileFunction(source, ['module', 'exports', 'self'], { filename: path }) as (
    module: CommonJsModule,
    exports: CommonJsModule['exports'],
  ) => void;
  run(module, module.exports);
  const { Worker } = module.exports;
  if (Worker === undefined) throw new Error(`${path} is not the file of ELK that is expected.`);
  return new Worker();
}
