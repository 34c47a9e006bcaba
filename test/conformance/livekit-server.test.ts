/** The conformance cases on real servers: those that wait do so side by side. */
import { afterAll, beforeAll, describe, inject, it } from 'vitest';
import { startGuard } from '../support/guard.mjs';
import { conformanceCases } from './cases/index.ts';
import type { ConformanceCase } from './case.ts';
import { startLiveKitStage } from './livekit-stage.ts';
import { type PreparedCase, prepare, runPrepared, warmUp } from './run-case.ts';
import type { ServerKind, Stage } from './stage.ts';

/**
 * So many cases share a server. A real one has 50 threads for its dispatches, and two or more of them wait for each: with
 * more cases at once they wait for each other.
 */
const casesPerServer = 6;

/** Cases that share a server. */
interface Troupe {
  readonly kind: ServerKind;
  readonly isWarm: boolean;
  readonly cases: ConformanceCase[];
}

const guard = startGuard();
const cases = conformanceCases.filter((one) => one.not?.['livekit-server'] === undefined);
const skipped = conformanceCases.filter((one) => !cases.includes(one));
const stages: Stage[] = [];

function troupesOf(all: readonly ConformanceCase[]): Troupe[] {
  const troupes: Troupe[] = [];
  for (const one of all) {
    const kind = one.server ?? 'usual';
    const isWarm = one.isWarm === true;
    const isFree = (troupe: Troupe) =>
      troupe.kind === kind &&
      troupe.isWarm === isWarm &&
      troupe.cases.length < casesPerServer &&
      troupe.cases.every(({ isAlone }) => isAlone !== true);
    const found = one.isAlone === true ? undefined : troupes.find(isFree);
    if (found === undefined) troupes.push({ kind, isWarm, cases: [one] });
    else found.cases.push(one);
  }
  return troupes;
}

/** Starts the server of a troupe and registers the workers that must be there first: any that comes later makes it cold. */
async function prepareTroupe({ kind, isWarm, cases: all }: Troupe) {
  const stage = await startLiveKitStage(inject('liveKitBinary'), guard, kind);
  stages.push(stage);
  const prepared = new Map<ConformanceCase, PreparedCase>();
  for (const one of all) prepared.set(one, await prepare(stage, one));
  if (isWarm) await warmUp(stage);
  return prepared;
}

const preparing = new Map<ConformanceCase, Promise<Map<ConformanceCase, PreparedCase>>>();

beforeAll(() => {
  for (const troupe of troupesOf(cases)) {
    const prepared = prepareTroupe(troupe);
    prepared.catch(() => {});
    for (const one of troupe.cases) preparing.set(one, prepared);
  }
});

afterAll(async () => {
  await Promise.allSettled(preparing.values());
  await Promise.all(stages.map((stage) => stage.close()));
  await guard.close();
});

describe.concurrent('on the real server', () => {
  for (const one of cases) {
    it(`${one.id} ${one.title}`, async () => {
      const prepared = await preparing.get(one)!;
      await runPrepared(one, prepared.get(one)!);
    });
  }
  for (const one of skipped) it.skip(`${one.id} ${one.title}`);
});
