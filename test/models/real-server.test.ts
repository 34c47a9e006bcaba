/** The paths of registration, worker and job that a real LiveKit server can take them along; the others say why it cannot. */
import { describe, expect, inject, it, vi } from 'vitest';
import { createCoverage } from '../../src/testing/model/index.ts';
import { GatedServer } from './paths/gated-server.ts';
import { onLiveKit, sorted } from './paths/on-livekit.ts';

describe.each(onLiveKit.map((one) => [one.proof.name, one] as const))(
  '%s on a LiveKit server',
  (_name, one) => {
    const { taken, excluded } = sorted(one);

    it.each(taken.map((path) => [path.description, path] as const))('%s', async (_path, path) => {
      // XState warns of what comes for actors that a path has ended.
      vi.spyOn(console, 'warn').mockReturnValue();
      const coverage = createCoverage(one.proof.machine);
      const server = await GatedServer.start(inject('liveKit'));
      await path.test(() => one.start(coverage.inspect, server));
      const { reached } = coverage.report().transitions;
      expect(reached).toEqual(expect.arrayContaining(path.transitions));
    });

    for (const { path, why } of excluded) it.skip(`${path.description} (${why})`);
  },
);
