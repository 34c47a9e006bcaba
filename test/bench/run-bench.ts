/** A run: every planned scene, round by round, everybody in turn. */
import type { BenchArguments } from './arguments.ts';
import type { BenchSurroundings } from './bench-worker.ts';
import type { Candidate, Field } from './candidates.ts';
import type { FigureName } from './figures.ts';
import { lineUp, planScenes, type PlannedScene } from './plan.ts';
import { type BenchResults, describeMachine } from './results.ts';

/** Runs it and answers what was measured. Who fails in a scene is told, and the run goes on. */
export async function runBench(
  { isShort, only, samples }: Pick<BenchArguments, 'isShort' | 'only' | 'samples'>,
  { candidates, missing }: Field,
  surroundings: BenchSurroundings,
  report: (line: string) => void,
): Promise<BenchResults> {
  const results: BenchResults = {
    isShort,
    machine: describeMachine(),
    candidates: Object.fromEntries(candidates.map(({ name, label }) => [name, label])),
    missing,
    mishaps: [],
    samples: {},
  };
  const runOne = async (scene: PlannedScene, candidate: Candidate): Promise<void> => {
    const record = (figure: FigureName, value: number, noise: string | null): void => {
      const all = (results.samples[figure] ??= {});
      (all[candidate.name] ??= []).push({ value, noise });
    };
    try {
      await scene.run({ ...surroundings, candidate, isShort, record });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      report(`${candidate.name} failed in the scene ${scene.name}: ${message}`);
      results.mishaps.push({
        scene: scene.name,
        candidate: candidate.name,
        message: brief(message),
      });
    }
  };
  for (const scene of planScenes(only)) {
    const rounds = scene.rounds(samples);
    for (let round = 0; round < rounds; round += 1) {
      for (const candidate of lineUp(scene, candidates, round)) {
        report(`${scene.name}, round ${round + 1} of ${rounds}: ${candidate.name}`);
        await runOne(scene, candidate);
      }
    }
  }
  if (only.length > 0) keepOnly(results, only);
  return results;
}

/** Without what a program has printed: the results name no paths of this machine. */
function brief(message: string): string {
  const [line = ''] = message.split('\n', 1);
  const [sentence = ''] = line.split('. ', 1);
  return sentence;
}

/** What was measured along with it was not asked for. */
function keepOnly(results: BenchResults, only: readonly FigureName[]): void {
  for (const figure of Object.keys(results.samples) as FigureName[]) {
    if (!only.includes(figure)) delete results.samples[figure];
  }
}
