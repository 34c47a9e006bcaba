/** The conformance cases on the embedded server: each on one of its own, with a clock that is turned by the case. */
import { describe, it } from 'vitest';
import { conformanceCases } from './cases/index.ts';
import { startEmbeddedStage } from './embedded-stage.ts';
import { prepare, runPrepared, warmUp } from './run-case.ts';

describe.concurrent('on the embedded server', () => {
  for (const one of conformanceCases) {
    it.skipIf(one.not?.embedded !== undefined)(`${one.id} ${one.title}`, async () => {
      const stage = await startEmbeddedStage(one.server ?? 'usual');
      try {
        const prepared = await prepare(stage, one);
        if (one.isWarm === true) await warmUp(stage);
        await runPrepared(one, prepared);
      } finally {
        await stage.close();
      }
    });
  }
});
