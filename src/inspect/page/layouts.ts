/** Places for charts: those of our own machines were made with the package, others are made by ELK in a web worker. */
import type { ElkNode } from 'elkjs';
import { type Chart, signatureOf } from '../../diagram/chart.ts';
import { type ChartLayout, elkGraphOf, layoutOf } from '../../diagram/chart-layout.ts';

/** ELK needs a second for a hundred states. */
const layoutTimeoutMs = 20_000;

interface ElkAnswer {
  id: number;
  data?: ElkNode;
  error?: { message?: string };
}

/** Every layout, each made once. */
export class Layouts {
  readonly #known = new Map<string, Promise<ChartLayout>>();
  #own: Promise<Record<string, ChartLayout>> | null = null;

  layoutOf(chart: Chart): Promise<ChartLayout> {
    const signature = signatureOf(chart);
    const known = this.#known.get(signature);
    if (known !== undefined) return known;
    const made = this.#make(chart, signature);
    this.#known.set(signature, made);
    return made;
  }

  async #make(chart: Chart, signature: string): Promise<ChartLayout> {
    this.#own ??= fetchOwn();
    const own = (await this.#own)[signature];
    return own ?? layoutOf(chart, await layOut(elkGraphOf(chart)));
  }
}

async function fetchOwn(): Promise<Record<string, ChartLayout>> {
  const answer = await fetch('layouts.json');
  return answer.ok ? ((await answer.json()) as Record<string, ChartLayout>) : {};
}

/** Speaks with ELK's own worker file, which is loaded only when it is needed. */
function layOut(graph: ElkNode): Promise<ElkNode> {
  const worker = new Worker('elk-worker.min.js');
  return new Promise<ElkNode>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`it takes longer than ${layoutTimeoutMs / 1000} s`)),
      layoutTimeoutMs,
    );
    worker.addEventListener('message', ({ data }: MessageEvent<ElkAnswer>) => {
      if (data.id !== 1) return;
      clearTimeout(timer);
      if (data.data === undefined) reject(new Error(data.error?.message ?? 'ELK failed'));
      else resolve(data.data);
    });
    worker.addEventListener('error', ({ message }) => {
      clearTimeout(timer);
      reject(new Error(message));
    });
    const none: Transferable[] = [];
    worker.postMessage({ id: 0, cmd: 'register', algorithms: ['layered'] }, none);
    worker.postMessage({ id: 1, cmd: 'layout', graph, layoutOptions: {}, options: {} }, none);
  }).finally(() => worker.terminate());
}
