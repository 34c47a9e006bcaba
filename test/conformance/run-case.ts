/** Runs a case on a server. */
import type { ConformanceCase } from './case.ts';
import type { RawWorker } from './raw-worker.ts';
import { Scene } from './scene.ts';
import type { Stage } from './stage.ts';

/** How long the server collects names. */
const coldWindowMs = 5_000;

/** The workers of a case, registered. */
export interface PreparedCase {
  scene: Scene;
  workers: Record<string, RawWorker>;
}

/** Registers what a case needs before it starts. */
export async function prepare(
  stage: Stage,
  { id, workers = {} }: ConformanceCase,
): Promise<PreparedCase> {
  const scene = new Scene(stage, id);
  const registered: [string, RawWorker][] = [];
  for (const [key, spec] of Object.entries(workers)) {
    registered.push([key, await scene.worker(spec, key)]);
  }
  return { scene, workers: Object.fromEntries(registered) };
}

/** Lets the server collect the names of all workers: what is dispatched afterwards is listed at once. */
export async function warmUp(stage: Stage): Promise<void> {
  const scene = new Scene(stage, 'warm-up');
  await scene.dispatch({ agentName: 'nobody' });
  await stage.elapse(coldWindowMs + 300);
}

/** Runs a case that was prepared, and ends what it has left. */
export async function runPrepared(
  one: ConformanceCase,
  { scene, workers }: PreparedCase,
): Promise<void> {
  try {
    await one.run(scene, workers);
  } finally {
    await scene.close();
  }
}
