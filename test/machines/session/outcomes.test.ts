import { describe, expect, it } from 'vitest';
import { OUTCOMES } from '../../../machines/session/outcomes.ts';

describe('the table of outcomes', () => {
  it('gives exit code 0 to what succeeded, and to nothing else', () => {
    for (const verdict of Object.values(OUTCOMES)) {
      expect(verdict).toMatchObject(
        verdict.outcome === 'succeeded'
          ? { jobStatus: 'success', exitCode: 0 }
          : { jobStatus: 'failed', exitCode: 1 },
      );
    }
  });

  it('counts as failed what was cut, broken or lost', () => {
    const failed = Object.entries(OUTCOMES)
      .filter(([, { outcome }]) => outcome === 'failed')
      .map(([reason]) => reason);
    expect(failed).toEqual([
      'duplicate-identity',
      'connection-lost',
      'drain-timeout',
      'worker-closing',
      'entry-failed',
      'memory-limit',
      'unresponsive',
      'orphaned',
      'crashed',
    ]);
  });

  it('explains each reason', () => {
    for (const { description } of Object.values(OUTCOMES)) expect(description).toMatch(/^.+\.$/);
  });
});
