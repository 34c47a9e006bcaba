/** Two workers do the same: the page of one reads, that of the other has stalled. */
import { type Held, InspectedWorker } from '../inspected-worker.ts';
import { type RunScene, sample, type Scene } from './scene.ts';

/** More than what the system buffers and what may wait in the worker together. */
const jobs = { full: 40, short: 1 };
const bytesPerMB = 1e6;

/** What both held after a job. */
export interface HeldPair {
  reader: Held;
  stalled: Held;
}

/** Many jobs one after the other, until the stalled page has lost messages. */
export const runStalledViewer: RunScene = async (scene) => {
  const starting = (['reader', 'stalled'] as const).map((watching) =>
    InspectedWorker.start(scene, watching, 'talkative-agent.mjs'),
  );
  const started = await Promise.allSettled(starting);
  const workers = started.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
  try {
    const [reader, stalled] = await Promise.all(starting);
    if (reader !== undefined && stalled !== undefined) await compare(scene, reader, stalled);
  } finally {
    await Promise.all(workers.map((worker) => worker.stop()));
  }
};

/** The greatest difference of what is held, and the last one of what is resident. */
export function stalledFigures(pairs: readonly HeldPair[]) {
  const last = pairs.at(-1);
  const more = pairs.map(({ reader, stalled }) => stalled.held - reader.held);
  return {
    'stalled-viewer-memory': Math.max(...more) / bytesPerMB,
    'stalled-viewer-rss': ((last?.stalled.rss ?? 0) - (last?.reader.rss ?? 0)) / bytesPerMB,
  };
}

function compare(scene: Scene, reader: InspectedWorker, stalled: InspectedWorker): Promise<void> {
  return sample(scene, async () => {
    const pairs: HeldPair[] = [];
    const count = scene.isShort ? jobs.short : jobs.full;
    for (let job = 0; job < count; job += 1) {
      await Promise.all([reader.runJob(), stalled.runJob()]);
      const [ofReader, ofStalled] = await Promise.all([reader.held(), stalled.held()]);
      pairs.push({ reader: ofReader, stalled: ofStalled });
    }
    const waiting = stalled.viewer.waitingBytes;
    // Without it there would have been room for more.
    if (!scene.isShort) await stalled.viewer.lost();
    return { ...stalledFigures(pairs), 'stalled-viewer-waiting': waiting / bytesPerMB };
  });
}
