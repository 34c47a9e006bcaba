/** The benchmark measures what it says: a delay that is put in is seen, and only where it belongs. */
import { describe, expect, inject, test } from 'vitest';
import { BenchServer } from '../bench/bench-server.ts';
import { type Candidate, floor, greenroom } from '../bench/candidates.ts';
import type { FigureName } from '../bench/figures.ts';
import { builtGreenroom } from '../bench/installation.ts';
import { runInspection } from '../bench/scenes/inspection.ts';
import type { RunScene } from '../bench/scenes/scene.ts';
import { runStalledViewer } from '../bench/scenes/stalled-viewer.ts';
import { runWarm } from '../bench/scenes/warm.ts';
import { startLiveKitServer } from '../support/livekit-server.mjs';
import { testGuard } from '../support/worker-program.ts';

const delayMs = 3_000;
/** Whatever else this machine does. */
const slackMs = 2_700;
/** How much the CPU time of two cycles may differ without a reason. */
const cpuSlackMs = 800;

type Values = Partial<Record<FigureName, number[]>>;

/** One short run of a scene. */
async function measure(
  run: RunScene,
  candidate: Candidate,
  env: Record<string, string> = {},
): Promise<Values> {
  const guard = testGuard();
  const server = await startLiveKitServer({ binary: inject('liveKitBinary'), guard });
  const values: Values = {};
  try {
    await run({
      server: new BenchServer(server),
      guard,
      node: process.execPath,
      env,
      candidate,
      isShort: true,
      record: (figure, value) => void (values[figure] ??= []).push(value),
    });
  } finally {
    await server.stop();
  }
  return values;
}

// Each plays a scene with several workers from their start to their end.
describe.skipIf(process.platform !== 'linux')('on Linux', { timeout: 180_000 }, () => {
  test('a known delay is seen in its figure', async () => {
    const values = await measure(runWarm, floor(), { BENCH_CONNECT_DELAY_MS: String(delayMs) });
    // One job whose cycle is measured, and one that is waited for to be seen.
    expect(values['entry-connected']).toHaveLength(2);
    for (const value of values['entry-connected'] ?? []) {
      expect(value).toBeGreaterThanOrEqual(delayMs);
      expect(value).toBeLessThan(delayMs + slackMs);
    }
    for (const value of values['warm-entry'] ?? []) {
      // The server takes 200 ms to choose.
      expect(value).toBeGreaterThanOrEqual(200);
      expect(value).toBeLessThan(delayMs);
    }
    expect(values['connected-seen']).toHaveLength(1);
    expect(values['job-cpu']?.[0]).toBeGreaterThan(20);
    expect(values['deleted-gone']?.[0]).toBeGreaterThan(0);
  });

  test('a known cost of those that are inspected is seen in their figures alone', async () => {
    const busyMs = 1_000;
    const env = { BENCH_INSPECTED_BUSY_MS: String(busyMs) };
    const values = await measure(runInspection, greenroom(builtGreenroom()), env);
    const [off = 0] = values['inspection-off-cpu'] ?? [];
    expect(off).toBeGreaterThan(20);
    for (const name of ['unwatched', 'watched'] as const) {
      const more = (values[`inspection-${name}-cpu`]?.[0] ?? 0) - off;
      expect(more).toBeGreaterThan(busyMs - cpuSlackMs);
      expect(more).toBeLessThan(busyMs + cpuSlackMs);
      // A percentage of a single cycle means nothing: a short run has none.
      expect(values[`inspection-${name}-more`]).toBeUndefined();
    }
  });

  test('what waits for a stalled page is seen', async () => {
    const values = await measure(runStalledViewer, greenroom(builtGreenroom()));
    // One talkative job tells more than that.
    expect(values['stalled-viewer-waiting']?.[0]).toBeGreaterThan(0.3);
    expect(values['stalled-viewer-memory']?.[0]).toBeLessThan(10);
  });
});
