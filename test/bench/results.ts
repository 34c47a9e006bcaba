/** What a run has measured, and what it comes to. */
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import type { Figure } from './figure.ts';
import { type FigureName, figures } from './figures.ts';
import { type Sample, summarize, type Summary } from './statistics.ts';
import { type CandidateName, judge, type Judgement, verdict } from './targets.ts';

/** The machine, without anything that names it. */
export interface Machine {
  cores: number;
  cpu: string;
  memoryGiB: number;
  node: string;
  system: string;
}

/** Something that could not be measured. */
export interface Mishap {
  scene: string;
  candidate: CandidateName;
  message: string;
}

/** A run, as it stands in the JSON file. */
export interface BenchResults {
  isShort: boolean;
  machine: Machine;
  /** Names and versions of those who were compared. */
  candidates: Partial<Record<CandidateName, string>>;
  /** Why somebody is missing. */
  missing: Partial<Record<CandidateName, string>>;
  mishaps: Mishap[];
  samples: Partial<Record<FigureName, Partial<Record<CandidateName, Sample[]>>>>;
}

/** A line of the table. */
export interface ResultRow {
  figure: Figure;
  summaries: Partial<Record<CandidateName, Summary>>;
  judgements: Judgement[];
  /** `null`: nothing to judge, or nobody to compare with. */
  met: boolean | null;
  /** The floor misses a bound that we miss: it takes more than that to be able to do anything at all. */
  isBelowFloor: boolean;
}

/** This machine. */
export function describeMachine(): Machine {
  return {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 1024 ** 3),
    node: process.versions.node,
    system: `${process.platform} ${release().split('-', 1)[0]}`,
  };
}

/** A line for each figure that has samples, in the order of the table. A short run judges nothing. */
export function resultRows(results: BenchResults): ResultRow[] {
  const nodeMajor = Number.parseInt(results.machine.node, 10);
  return figures.flatMap((figure) => {
    const samples = results.samples[figure.name as FigureName];
    if (samples === undefined) return [];
    const summaries: ResultRow['summaries'] = {};
    const medians: Partial<Record<CandidateName, number>> = {};
    for (const [name, own] of Object.entries(samples) as [CandidateName, Sample[]][]) {
      const summary = summarize(own);
      if (summary === null) continue;
      summaries[name] = summary;
      medians[name] = summary.median;
    }
    const targets = results.isShort ? [] : figure.targets;
    const judgements = targets.map((target) => judge(target, medians, nodeMajor));
    const isBelowFloor = judgements.some(
      ({ met, bound }) => met === false && bound !== null && (medians.floor ?? bound) > bound,
    );
    return [{ figure, summaries, judgements, met: verdict(judgements), isBelowFloor }];
  });
}
