/** The benchmark measures what it says: a delay that is put in is seen, and only where it belongs. */
import { expect, inject, test } from 'vitest';
import { BenchServer } from '../bench/bench-server.ts';
import { floor } from '../bench/candidates.ts';
import type { FigureName } from '../bench/figures.ts';
import { runWarm } from '../bench/scenes/warm.ts';
import { startLiveKitServer } from '../support/livekit-server.mjs';
import { testGuard } from '../support/worker-program.ts';

const delayMs = 2_000;
/** Whatever else this machine does. */
const slackMs = 1_800;

test.skipIf(process.platform !== 'linux')('a known delay is seen in its figure', async () => {
  const guard = testGuard();
  const server = await startLiveKitServer({ binary: inject('liveKitBinary'), guard });
  const values: Partial<Record<FigureName, number[]>> = {};
  try {
    await runWarm({
      server: new BenchServer(server),
      guard,
      node: process.execPath,
      env: { BENCH_CONNECT_DELAY_MS: String(delayMs) },
      candidate: floor(),
      isShort: true,
      record: (figure, value) => void (values[figure] ??= []).push(value),
    });
  } finally {
    await server.stop();
  }
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
